"""What the answer means: the account's figures are what is owed, the promotions' are what is left.

As of 2026-11: https://techdocs.akamai.com/linode-api/reference/get-account
"""

from __future__ import annotations

import re
from datetime import UTC
from decimal import Decimal
from typing import Any, Final

import attrs

from coffers.plugin import (
    Amount,
    Balance,
    CoffersError,
    NoSettings,
    PermissionDeniedError,
    Query,
    Response,
    Snapshot,
    amount_to_text,
    hookimpl,
    read_json,
    refusal,
    time_from_text,
)

#: A token without the scope is refused with HTTP 401 too, as an unknown one is; only the words differ.
_NO_SCOPE: Final = re.compile("not authorized to use this endpoint", re.IGNORECASE)


@attrs.frozen
class Promotion:
    """One member of ``active_promotions``: credit that can be spent in monthly parts, and ends."""

    credit_remaining: Amount
    this_month_credit_remaining: Amount | None = None
    expire_dt: Any = None
    summary: Any = None
    service_type: Any = None
    credit_monthly_cap: Any = None


@attrs.frozen
class Account:
    """What is read of the answer, US dollars; the rest of it is personal."""

    balance: Amount
    balance_uninvoiced: Amount
    active_promotions: list[Promotion] | None = None


@attrs.frozen
class Reason:
    """One member of ``errors``."""

    reason: Any = None


@attrs.frozen
class Refusal:
    """The whole answer where the HTTP status is an error."""

    errors: list[Reason]


@hookimpl
def coffers_parse(response: Response, query: Query[NoSettings]) -> Snapshot:
    """One balance for the account and one for each promotion. All times of this API are UTC, with or without a zone."""
    if response.status >= 400:
        raise _refused(response)
    account = read_json(response, Account)
    balance = Balance(
        "USD",
        total=-account.balance,
        available=-account.balance - account.balance_uninvoiced,
        pending=account.balance_uninvoiced,
        derived=("available",),
    )
    return Snapshot([balance, *map(_promotion, account.active_promotions or ())])


def _promotion(promotion: Promotion) -> Balance:
    texts = {"service_type": promotion.service_type, "credit_monthly_cap": promotion.credit_monthly_cap}
    return Balance(
        "USD",
        total=promotion.credit_remaining,
        available=promotion.this_month_credit_remaining,
        wallet=_text(promotion.summary) or "promotion",
        details={name: _text(text) for name, text in texts.items() if _text(text)},
        expires_at=time_from_text(promotion.expire_dt, zone=UTC),
    )


def _text(value: Any) -> str:
    """A text as it is, a whole number or an amount as text; empty for all else."""
    if type(value) in (int, Decimal):
        return amount_to_text(Decimal(value))
    return value.strip() if isinstance(value, str) else ""


def _refused(response: Response) -> CoffersError:
    """The error that the reasons mean; there are no codes."""
    reasons = [told.reason for told in read_json(response, Refusal).errors if isinstance(told.reason, str)]
    error = refusal(response, "; ".join(reasons))
    if _NO_SCOPE.search(error.message):
        return PermissionDeniedError(error.message, request_id=error.request_id)
    return error
