"""What the answer means: one balance, or a refusal (`refusals`).

The specification lets every member be null, as a sub-account has no balance: such an account has none to tell, never 0.
"""

from __future__ import annotations

import attrs

from coffers.plugin import (
    Amount,
    BadResponseError,
    Balance,
    Query,
    Response,
    Snapshot,
    UnsupportedError,
    hookimpl,
    read_json,
)

from .refusals import refused
from .request import Settings


@attrs.frozen
class Answer:
    """``{"account_sid": "AC...", "balance": "0.05", "currency": "USD"}``."""

    balance: Amount | None
    currency: str | None


@hookimpl
def coffers_parse(response: Response, query: Query[Settings]) -> Snapshot:
    """One balance, in units of its currency."""
    if response.status >= 400:
        raise refused(response)
    answer = read_json(response, Answer)
    if answer.balance is None:
        raise UnsupportedError("Twilio tells no balance for this account; a sub-account has none of its own")
    if answer.currency is None:
        raise BadResponseError("$.currency: is null beside a balance", field="$.currency")
    return Snapshot([Balance(answer.currency, total=answer.balance)])
