"""What the answer means. HTTP says 200 even to a wrong key: the verdict is in the body, twice.

The page types the outer ``success`` as an integer and shows a boolean; both are taken, and the texts of both.
"""

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
    hookimpl,
    parse_json,
    structure,
)
from coffers_alphasms.refusals import refused


@attrs.frozen
class Verdict:
    """The members that the whole answer and each item share."""

    success: Any
    error: Any = None  # absent, null or "" on success


@attrs.frozen
class Verdicts:
    """The answer of which only the items' verdicts matter; a refused item may hold any `data`."""

    data: list[Verdict]


@attrs.frozen
class Money:
    """``{"amount": 31.1683, "currency": "UAH"}``; an account in debt may be below 0."""

    amount: Amount
    currency: str


@attrs.frozen
class Item:
    """The answer to one item of the request."""

    data: Money


@attrs.frozen
class Answer:
    """A whole success."""

    data: list[Item]


@hookimpl
def coffers_parse(response: Response, query: Query[NoSettings]) -> Snapshot:
    """One balance. A missing currency is never guessed."""
    body = parse_json(response.body)
    _demand_success(response, structure(body, Verdict), "$.success")
    items = structure(body, Verdicts).data
    if len(items) != 1:
        raise BadResponseError(f"$.data: {len(items)} items answer our one", field="$.data")
    _demand_success(response, items[0], "$.data[0].success")
    money = structure(body, Answer).data[0].data
    return Snapshot([Balance(money.currency, total=money.amount)])


def _demand_success(response: Response, verdict: Verdict, field: str) -> None:
    value: Any = verdict.success
    # Only bool, int and str: Python takes the number 1.0 for 1 and for True.
    if not isinstance(value, bool | int | str) or value not in (True, False, "true", "false", "1", "0"):
        raise BadResponseError(f"{field}: must be true, false, 1 or 0", field=field)
    if value in (False, "false", "0"):
        raise refused(response, verdict.error if isinstance(verdict.error, str) else "")
