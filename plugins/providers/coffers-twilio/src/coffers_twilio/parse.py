"""What the answer means: one balance, or a refusal (`refusals`).

The specification lets every member be null, as a sub-account has no balance: that is no answer here, and never 0.
"""

from __future__ import annotations

import attrs

from coffers.plugin import Amount, Balance, Query, Response, Snapshot, hookimpl, read_json

from .refusals import refused
from .request import Settings


@attrs.frozen
class Answer:
    """``{"account_sid": "AC...", "balance": "0.05", "currency": "USD"}``."""

    balance: Amount
    currency: str


@hookimpl
def coffers_parse(response: Response, query: Query[Settings]) -> Snapshot:
    """One balance, in units of its currency."""
    if response.status >= 400:
        raise refused(response)
    answer = read_json(response, Answer)
    return Snapshot([Balance(answer.currency, total=answer.balance)])
