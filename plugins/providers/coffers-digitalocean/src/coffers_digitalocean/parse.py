"""What the answer means: DigitalOcean tells what is owed, so every figure of the account changes its sign.

As of 2026-11: https://docs.digitalocean.com/reference/api/digitalocean/#operation/balance_get
"""

from __future__ import annotations

from typing import Any

import attrs

from coffers.plugin import (
    Amount,
    Balance,
    CoffersError,
    NoSettings,
    Query,
    RateLimitedError,
    Response,
    Snapshot,
    hookimpl,
    http_date,
    members,
    parse_json,
    read_json,
    refusal,
    time_from_text,
)


@attrs.frozen
class Figures:
    """The whole answer, US dollars. None of the three is computed from the others here: published ones disagree."""

    account_balance: Amount
    month_to_date_balance: Amount
    month_to_date_usage: Amount
    generated_at: Any = None


@hookimpl
def coffers_parse(response: Response, query: Query[NoSettings]) -> Snapshot:
    """One balance. The month's charges so far are under way: in `available` already, not yet in `total`."""
    if response.status >= 400:
        raise _refused(response)
    figures = read_json(response, Figures)
    balance = Balance(
        "USD",
        total=-figures.account_balance,
        available=-figures.month_to_date_balance,
        pending=figures.month_to_date_usage,
    )
    return Snapshot([balance], time_from_text(figures.generated_at))


def _refused(response: Response) -> CoffersError:
    """The error that a refusal means: its ``id`` says no more than the HTTP status."""
    told = members(parse_json(response.body))
    error = refusal(response, told.get("message"), told.get("id"))
    if response.status != 429 or error.retry_after_s is not None:
        return error
    wait_s = _until_reset_s(response)
    return RateLimitedError(error.message, code=error.code, retry_after_s=wait_s, request_id=error.request_id)


def _until_reset_s(response: Response) -> float | None:
    """Seconds until a request is allowed again; the limit of an hour has no ``retry-after``, only that time."""
    reset, now = response.header("ratelimit-reset") or "", http_date(response.header("date"))
    if now is None or not reset.isdecimal() or len(reset) > 10:
        return None
    return max(0.0, float(reset) - now.timestamp())
