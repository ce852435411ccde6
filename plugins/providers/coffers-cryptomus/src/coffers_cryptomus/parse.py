"""What the answer means: two lists of wallets, or a refusal (`refusals`)."""

from __future__ import annotations

from typing import Any

import attrs

from coffers.plugin import (
    Amount,
    BadResponseError,
    Balance,
    NoSettings,
    Query,
    Response,
    Snapshot,
    Valuation,
    hookimpl,
    parse_json,
    structure,
)

from .refusals import refused


@attrs.frozen
class Envelope:
    """What tells a success from a refusal; a refused signature has been seen without `state`."""

    state: Any = None
    message: Any = None
    errors: Any = None


@attrs.frozen
class Wallet:
    """``{"uuid": "...", "balance": "0.57000000", "currency_code": "BTC"}``; the dollars are on no page."""

    balance: Amount
    currency_code: str
    uuid: Any = None
    balance_usd: Amount | None = None


@attrs.frozen
class Wallets:
    """Business and personal."""

    merchant: list[Wallet]
    user: list[Wallet]


@attrs.frozen
class Item:
    """The only item of the list."""

    balance: Wallets


@attrs.frozen
class Answer:
    """A success."""

    result: list[Item]


@hookimpl
def coffers_parse(response: Response, query: Query[NoSettings]) -> Snapshot:
    """A balance a wallet, zeros included; those of the merchant and of the user are never added up."""
    answer = parse_json(response.body)
    envelope = structure(answer, Envelope)
    if response.status != 200 or type(envelope.state) is not int or envelope.state != 0:
        raise refused(response, envelope.state, envelope.message, envelope.errors)
    items = structure(answer, Answer).result
    if not items:
        raise BadResponseError("$.result: tells no wallets", field="$.result")
    held = [item.balance for item in items]
    return Snapshot(
        _balance(name, wallet)
        for wallets in held
        for name, rows in (("merchant", wallets.merchant), ("user", wallets.user))
        for wallet in rows
    )


def _balance(name: str, wallet: Wallet) -> Balance:
    uuid = wallet.uuid if isinstance(wallet.uuid, str) else ""
    return Balance(
        wallet.currency_code,
        total=wallet.balance,
        unit="asset",
        wallet=name,
        valuation=None if wallet.balance_usd is None else Valuation("USD", total=wallet.balance_usd),
        details={"asset": wallet.currency_code, **({"uuid": uuid} if uuid else {})},
    )
