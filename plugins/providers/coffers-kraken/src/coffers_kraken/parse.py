"""What the answer means: balances by asset code, or a list of errors with HTTP 200 (`refusals`)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import attrs

from coffers.plugin import (
    Amount,
    Balance,
    NoSettings,
    Query,
    Response,
    Snapshot,
    amount_to_text,
    hookimpl,
    parse_json,
    status_error,
    structure,
)

from .assets import asset_of
from .refusals import refused


@attrs.frozen
class Envelope:
    """What every answer has; of the errors, those that begin with W are warnings beside a result."""

    error: list[str]
    result: Any = None


@attrs.frozen
class Row:
    """``{"balance": "25435.21", "hold_trade": "8249.76"}``; the credit line only where the account has one."""

    balance: Amount
    hold_trade: Amount | None = None
    credit: Amount | None = None
    credit_used: Amount | None = None


@attrs.frozen
class Answer:
    """A success."""

    result: dict[str, Row]


@hookimpl
def coffers_parse(response: Response, query: Query[NoSettings]) -> Snapshot:
    """A balance a code, so an asset in two places is two balances. ``{}`` is an account that never held anything."""
    answer = parse_json(response.body)
    errors = [error for error in structure(answer, Envelope).error if not error.startswith("W")]
    if errors:
        raise refused(response, errors)
    if response.status != 200:
        raise status_error(response)
    return Snapshot([_balance(code, row) for code, row in structure(answer, Answer).result.items()])


def _balance(code: str, row: Row) -> Balance:
    asset = asset_of(code)
    available = None if asset.wallet else _available(row)
    credit = {"credit": row.credit, "credit_used": row.credit_used}
    return Balance(
        asset.currency,
        total=row.balance,
        available=available,
        reserved=row.hold_trade,
        unit=asset.unit,
        wallet=asset.wallet,
        derived=() if available is None else ("available",),
        details={"asset": code, **{name: amount_to_text(told) for name, told in credit.items() if told is not None}},
    )


def _available(row: Row) -> Decimal | None:
    """By Kraken's formula; unknown where a part of it is."""
    if row.hold_trade is None or (row.credit is None) != (row.credit_used is None):
        return None
    if row.credit is None or row.credit_used is None:  # no credit line
        return row.balance - row.hold_trade
    return row.balance + row.credit - row.credit_used - row.hold_trade
