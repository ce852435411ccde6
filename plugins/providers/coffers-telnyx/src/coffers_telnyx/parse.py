"""What the answer means: one balance with a credit line, or a refusal (`refusals`).

``available_credit`` is documented as ``balance + credit_limit``: an account below 0 may well go on. Telnyx tells all
figures itself, so nothing is computed here.
"""

from __future__ import annotations

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
    read_json,
)

from .refusals import refused


@attrs.frozen
class Data:
    """The member ``data``. No page says which way `pending` goes: it is handed on as told, added to nothing."""

    currency: str
    balance: Amount
    available_credit: Amount | None = None
    credit_limit: Amount | None = None
    pending: Amount | None = None


@attrs.frozen
class Answer:
    """A success."""

    data: Data


@hookimpl
def coffers_parse(response: Response, query: Query[NoSettings]) -> Snapshot:
    """One balance: `total` is what is held or owed, `available` what can be spent with the credit line."""
    if response.status >= 400:
        raise refused(response)
    data = read_json(response, Answer).data
    details = {} if data.credit_limit is None else {"credit_limit": amount_to_text(data.credit_limit)}
    row = Balance(
        data.currency,
        total=data.balance,
        available=data.available_credit,
        pending=data.pending,
        details=details,
    )
    return Snapshot([row])
