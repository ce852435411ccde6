"""What the answer means. Never 0 for a missing amount, never an empty list for anything but ``"result": []``.

No page says which members may be missing or null. The amount, the code and the short code must be there; the other
figures may not be known; what only describes a coin (icons, order, ids) is not read, for it changed between revisions.
"""

from __future__ import annotations

from typing import Any

import attrs

from coffers.plugin import (
    Amount,
    Balance,
    NoSettings,
    Query,
    Response,
    Snapshot,
    Valuation,
    hookimpl,
    members,
    parse_json,
    structure,
)

from .refusals import refused


@attrs.frozen
class Network:
    """``obj_network``: the chain."""

    code: str
    fullname: Any = None


@attrs.frozen
class Currency:
    """``currency``: a coin on one chain. `short_code` is shared by several, `code` is unique."""

    code: str
    short_code: str
    obj_network: Network | None = None
    name: Any = None
    stablecoin: Any = None


@attrs.frozen
class Row:
    """One member of ``result``."""

    currency: Currency
    balance_crypto: Amount
    available_balance: Amount | None = None
    balance_usd: Amount | None = None
    available_balance_usd: Amount | None = None


@attrs.frozen
class Success:
    """The whole answer, where ``status`` is ``success``."""

    result: list[Row]


@hookimpl
def coffers_parse(response: Response, query: Query[NoSettings]) -> Snapshot:
    """One balance for each row; a refusal in any of its published forms is an error."""
    answer = parse_json(response.body)
    if members(answer).get("status") != "success" or response.status >= 400:
        raise refused(response, members(answer))
    return Snapshot([_balance(row) for row in structure(answer, Success).result])


def _balance(row: Row) -> Balance:
    network = row.currency.obj_network
    return Balance(
        row.currency.short_code,
        total=row.balance_crypto,
        available=row.available_balance,
        unit="asset",
        network=network.code if network else None,
        valuation=_valuation(row),
        details=_details(row.currency),
    )


def _valuation(row: Row) -> Valuation | None:
    if row.balance_usd is None and row.available_balance_usd is None:
        return None
    return Valuation("USD", total=row.balance_usd, available=row.available_balance_usd)


def _details(currency: Currency) -> dict[str, str]:
    """The allow-list: texts that describe the coin and nobody's account; what is not such a text is left out."""
    texts = {
        "asset": currency.code,
        "name": currency.name,
        "network_name": currency.obj_network.fullname if currency.obj_network else None,
        "stablecoin": str(currency.stablecoin).lower() if isinstance(currency.stablecoin, bool) else None,
    }
    return {name: text for name, text in texts.items() if isinstance(text, str) and text}
