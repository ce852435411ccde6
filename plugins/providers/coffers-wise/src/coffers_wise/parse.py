"""What the answer means: profiles, which lead to further steps; balances of a profile; or a refusal (`refusals`).

As of 2026-11: https://docs.wise.com/api-reference/profile/profilelist,
https://docs.wise.com/api-reference/balance/balancelist
"""

from __future__ import annotations

from typing import Any

import attrs

from coffers.plugin import (
    Amount,
    BadResponseError,
    Balance,
    Query,
    Response,
    Snapshot,
    amount_to_text,
    hookimpl,
    read_json,
)

from .refusals import refused
from .request import Settings, asked_profile, is_number


@attrs.frozen
class Profile:
    """A person or a business; names, addresses and dates of birth in it are not read."""

    id: int | str
    type: Any = None


@attrs.frozen
class Money:
    """``{"value": 310.86, "currency": "EUR"}``."""

    value: Amount
    currency: str


@attrs.frozen
class Row:
    """One balance. No page says which members must be there; without these three it is none."""

    id: int | str
    currency: str
    amount: Money
    reservedAmount: Money | None = None  # noqa: N815  their word
    cashAmount: Money | None = None  # noqa: N815  their word
    totalWorth: Money | None = None  # noqa: N815  their word
    type: Any = None
    name: Any = None
    investmentState: Any = None  # noqa: N815  their word


@hookimpl
def coffers_parse(response: Response, query: Query[Settings]) -> Snapshot:
    """The profiles as further steps, or a balance for each row."""
    if response.status >= 400:
        raise refused(response)
    if asked_profile(query):
        return Snapshot([_balance(row, query) for row in read_json(response, list[Row])])
    profiles = read_json(response, list[Profile])
    return Snapshot(next=[query.then("profile", _state(profile)) for profile in profiles])


def _state(profile: Profile) -> dict[str, str]:
    if not is_number(str(profile.id)):
        raise BadResponseError("$[*].id: is no number of a profile", field="$[*].id")
    kind = {"type": profile.type} if isinstance(profile.type, str) else {}
    return {"profile": str(profile.id)} | kind


def _balance(row: Row, query: Query[Settings]) -> Balance:
    amounts = (row.amount, row.reservedAmount, row.cashAmount, row.totalWorth)
    if any(money.currency != row.currency for money in amounts if money):
        raise BadResponseError("a balance holds amounts of another currency", field="$[*].currency")
    texts = {
        "type": row.type,
        "name": row.name,
        "investment_state": row.investmentState,
        "cash": amount_to_text(row.cashAmount.value) if row.cashAmount else None,
        "profile": asked_profile(query),
        "profile_type": query.get("type"),
    }
    return Balance(
        row.currency,
        total=row.totalWorth.value if row.totalWorth else None,
        available=row.amount.value,
        reserved=row.reservedAmount.value if row.reservedAmount else None,
        wallet=str(row.id),
        details={name: text for name, text in texts.items() if isinstance(text, str) and text},
    )
