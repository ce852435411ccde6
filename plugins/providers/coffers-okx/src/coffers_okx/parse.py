"""What the answer means: the trading account, the funding account, or a refusal (`refusals`).

A text is empty where a figure does not apply to the account's mode: then it is not known, and never 0.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final, cast

import attrs

from coffers.plugin import (
    Amount,
    BadResponseError,
    Balance,
    Query,
    Response,
    Snapshot,
    Valuation,
    amount_to_text,
    hookimpl,
    members,
    parse_json,
    structure,
)

from .refusals import refused
from .request import FUNDING, Settings

#: The end of this century, milliseconds since 1970-01-01 UTC.
_LATEST_MS: Final = 4_102_444_800_000


@attrs.frozen
class TradingRow:
    """A currency in the trading account; the first three are there in every mode of it."""

    ccy: str
    eq: Amount | None
    availBal: Amount | None  # noqa: N815  the provider's name
    frozenBal: Amount | None  # noqa: N815  the provider's name
    eqUsd: Amount | None = None  # noqa: N815  the provider's name
    cashBal: Amount | None = None  # noqa: N815  the provider's name
    availEq: Amount | None = None  # noqa: N815  the provider's name
    upl: Amount | None = None
    stgyEq: Amount | None = None  # noqa: N815  the provider's name
    liab: Amount | None = None
    interest: Amount | None = None


@attrs.frozen
class TradingAccount:
    """The trading account; its sums in dollars are not read."""

    details: list[TradingRow]
    uTime: Any = None  # noqa: N815  the provider's name


@attrs.frozen
class FundingRow:
    """A currency in the funding account."""

    ccy: str
    bal: Amount | None
    availBal: Amount | None  # noqa: N815  the provider's name
    frozenBal: Amount | None  # noqa: N815  the provider's name


@attrs.frozen
class Trading:
    """A success of the first call."""

    data: list[TradingAccount]


@attrs.frozen
class Funding:
    """A success of the second call."""

    data: list[FundingRow]


@hookimpl
def coffers_parse(response: Response, query: Query[Settings]) -> Snapshot:
    """A balance for each currency and account, debts below 0. Success is code ``"0"`` with HTTP 200."""
    answer = parse_json(response.body)
    told = members(answer)
    code = str(told["code"]) if type(told.get("code")) is int else told.get("code")
    if response.status != 200 or code != "0":
        raise refused(response, code, told.get("msg"))
    known = _without_empty_texts(answer)
    if query.step == FUNDING:
        return Snapshot([_funding(row) for row in structure(known, Funding).data])
    accounts = structure(known, Trading).data
    if len(accounts) != 1:
        raise BadResponseError("$.data: must hold one account", field="$.data")
    rows = [_trading(row) for row in accounts[0].details]
    return Snapshot(rows, _time(accounts[0].uTime), next=[query.then(FUNDING)] if query.settings.funding else ())


def _trading(row: TradingRow) -> Balance:
    figures = {
        "cash_balance": row.cashBal,
        "available_equity": row.availEq,
        "unrealised_profit": row.upl,
        "strategy_equity": row.stgyEq,
        "liabilities": row.liab,
        "accrued_interest": row.interest,
    }
    return Balance(
        row.ccy,
        total=row.eq,
        available=row.availBal,
        reserved=row.frozenBal,
        unit="asset",
        wallet="trading",
        valuation=None if row.eqUsd is None else Valuation("USD", total=row.eqUsd),
        details={name: amount_to_text(figure) for name, figure in figures.items() if figure is not None},
    )


def _funding(row: FundingRow) -> Balance:
    return Balance(
        row.ccy, total=row.bal, available=row.availBal, reserved=row.frozenBal, unit="asset", wallet="funding"
    )


def _without_empty_texts(value: object) -> Any:
    if isinstance(value, dict):
        return {name: _without_empty_texts(part) for name, part in cast("dict[str, object]", value).items()}
    if isinstance(value, list):
        return [_without_empty_texts(part) for part in cast("list[object]", value)]
    return None if value == "" else value


def _time(value: Any) -> datetime | None:
    """The answer's own time; None for what is no number of milliseconds of our age."""
    if not isinstance(value, str) or not (value.isascii() and value.isdigit()) or int(value) >= _LATEST_MS:
        return None
    seconds, ms = divmod(int(value), 1000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=ms * 1000)
