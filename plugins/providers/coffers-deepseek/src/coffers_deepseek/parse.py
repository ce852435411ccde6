"""What the answer means: one balance for each currency, and the provider's ways to say no.

    {"error": {"message": "...", "type": "authentication_error", "param": null, "code": "invalid_request_error"}}

Of a refusal the `type` is told as code: `code` was the same in every one that was seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import attrs

from coffers.plugin import (
    Amount,
    AuthError,
    Balance,
    CoffersError,
    NoSettings,
    Query,
    Response,
    Snapshot,
    amount_to_text,
    hookimpl,
    members,
    parse_json,
    refusal,
    structure,
)

#: What counts whatever the HTTP status is.
_TYPES: Final[Mapping[str | int, type[CoffersError]]] = {"authentication_error": AuthError}


@attrs.frozen
class Row:
    """One member of ``balance_infos``. Amounts are texts; an older page has numbers."""

    currency: str
    total_balance: Amount
    granted_balance: Amount | None = None
    topped_up_balance: Amount | None = None


@attrs.frozen
class Answer:
    """The whole answer. `is_available` is false where calls of models are refused for want of money."""

    balance_infos: list[Row]
    is_available: Any = None


@hookimpl
def coffers_parse(response: Response, query: Query[NoSettings]) -> Snapshot:
    """One balance for each row, in whatever order they come."""
    answer = parse_json(response.body)
    error = members(answer).get("error")
    if response.status >= 400 or error is not None:
        raise _refused(response, members(error))
    whole = structure(answer, Answer)
    return Snapshot([_balance(row, is_available=whole.is_available) for row in whole.balance_infos])


def _balance(row: Row, *, is_available: Any) -> Balance:
    figures = {"granted_balance": row.granted_balance, "topped_up_balance": row.topped_up_balance}
    details = {name: amount_to_text(amount) for name, amount in figures.items() if amount is not None}
    if isinstance(is_available, bool):
        details["is_available"] = "true" if is_available else "false"
    return Balance(row.currency, total=row.total_balance, details=details)


def _refused(response: Response, error: dict[str, Any]) -> CoffersError:
    return refusal(response, error.get("message"), error.get("type"), _TYPES)
