"""What the answer means. HTTP says 200 even to a wrong key: the verdict is ``result``.

The page calls ``data`` an array of objects keyed by symbol; clients read an object keyed by symbol. Both are taken, and
a list of ``{currency|symbol, amount|balance}``. Nothing else is: an amount is never guessed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs

from coffers.plugin import (
    Amount,
    BadResponseError,
    Balance,
    Query,
    Response,
    Snapshot,
    hookimpl,
    parse_json,
    refusal,
    structure,
)
from coffers_oxapay.currencies import Settings, balance, chosen

from .results import RESULTS, SUCCESS


@attrs.frozen
class Verdict:
    """The members of every answer."""

    result: int
    message: Any = None


@attrs.frozen
class Success:
    """A success has `data`. Symbols beside ``result`` instead, as one public comment shows them, are not understood."""

    data: Any


@attrs.frozen
class BySymbol:
    """``{"USDT": "10.5"}``: texts as documented, or numbers."""

    data: dict[str, Amount]


@attrs.frozen
class Listed:
    """``[{"USDT": "10.5"}]`` or ``[{"currency": "USDT", "amount": "10.5"}]``."""

    data: list[dict[str, Any]]


@attrs.frozen
class Row:
    """A list's row, in words."""

    symbol: str
    amount: Amount


@attrs.frozen
class Rows:
    """A list in words: what either kind of `Listed` row says."""

    data: list[Row]


@hookimpl
def coffers_parse(response: Response, query: Query[Settings]) -> Snapshot:
    """One balance for each symbol; null, ``{}`` and ``[]`` are "no balances", in a success only."""
    answer = parse_json(response.body)
    verdict = structure(answer, Verdict)
    if verdict.result != SUCCESS:
        words = verdict.message if isinstance(verdict.message, str) else None
        raise refusal(response, words, verdict.result, RESULTS)
    data = structure(answer, Success).data
    if data is None:
        return Snapshot()
    return chosen(_listed(answer) if isinstance(data, list) else _by_symbol(answer), query.settings)


def _by_symbol(answer: Any) -> Iterator[Balance]:
    for symbol, amount in structure(answer, BySymbol).data.items():
        yield balance(symbol, total=amount)


def _listed(answer: Any) -> Iterator[Balance]:
    rows = [_in_words(row) for row in structure(answer, Listed).data]
    for row in structure({"data": rows}, Rows).data:
        yield balance(row.symbol, total=row.amount)


def _in_words(row: dict[str, Any]) -> dict[str, Any]:
    if len(row) == 1:
        ((symbol, amount),) = row.items()
        return {"symbol": symbol, "amount": amount}
    return {"symbol": _either(row, "currency", "symbol"), "amount": _either(row, "amount", "balance")}


def _either(row: dict[str, Any], first: str, second: str) -> Any:
    if (first in row) == (second in row):
        field = "$.data[*]"
        raise BadResponseError(f"{field}: exactly one of {first!r} and {second!r} is due", field=field)
    return row[first] if first in row else row[second]
