"""The fixed JSON: every digit, every member, null where a thing is not known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from math import inf
from typing import Any

import pytest

from coffers import (
    Account,
    Balance,
    CoffersError,
    Outcome,
    RateLimitedError,
    Snapshot,
    Valuation,
    account_report,
    balance_report,
    balances_report,
    time_to_text,
)

NOW = datetime(2026, 11, 21, 3, 0, 0, 123456, tzinfo=UTC)
SHOP = Account("shop", "acme")


def outcome(**result: Any) -> Outcome:
    return Outcome(SHOP, NOW, 0.1, **result)


def test_a_balance_has_every_member_and_every_digit() -> None:
    amount = Decimal("0.000000000000000000000000000012345678900")
    worth = Valuation("USD", total=Decimal("-0.00"))
    row = Balance("usdt", available=amount, network="TRC20", unit="asset", valuation=worth, details={"asset": "usdt"})
    assert balance_report(row) == {
        "currency": "USDT",
        "unit": "asset",
        "network": "TRC20",
        "wallet": None,
        "total": None,
        "available": "0.000000000000000000000000000012345678900",
        "pending": None,
        "reserved": None,
        "spendable": "0.000000000000000000000000000012345678900",
        "value": {"currency": "USD", "total": "0.00", "available": None},
        "details": {"asset": "usdt"},
        "derived": [],
        "expires_at": None,
    }


def test_what_is_computed_is_marked_and_what_expires_says_when() -> None:
    row = Balance("USD", total=Decimal(3), available=Decimal(2), derived=["available", "total"], expires_at=NOW)
    report = balance_report(row)
    assert (report["derived"], report["expires_at"]) == (["total", "available"], time_to_text(NOW))


def test_what_is_not_known_stays_unknown() -> None:
    report = balance_report(Balance("USD", pending=Decimal(1)))
    assert (report["spendable"], report["value"]) == (None, None)


@pytest.mark.parametrize(
    ("when", "text"),
    [
        (datetime(2026, 11, 21, 3, 0, tzinfo=UTC), "2026-11-21T03:00:00Z"),
        (datetime(2026, 11, 21, 5, 0, tzinfo=timezone(timedelta(hours=2))), "2026-11-21T03:00:00Z"),
        (datetime(2026, 11, 21, 3, 0, 0, 120000, tzinfo=UTC), "2026-11-21T03:00:00.12Z"),
    ],
)
def test_times_are_utc_with_a_fraction_only_where_there_is_one(when: datetime, text: str) -> None:
    assert time_to_text(when) == text


def test_the_document_keeps_the_order_and_whole_seconds_of_ours() -> None:
    snapshot = Snapshot([Balance("USD", total=Decimal("1.50"))], as_of=NOW)
    failed = outcome(error=RateLimitedError("slow down", code=429, retry_after_s=2.1))
    document = balances_report([failed, outcome(snapshot=snapshot)], generated_at=NOW)
    first, second = document["accounts"]
    assert (document["schema"], document["generated_at"]) == ("coffers.balances/1", "2026-11-21T03:00:00Z")
    assert first["error"] == {
        "kind": "rate_limited",
        "code": "429",
        "message": "slow down",
        "retryable": True,
        "retry_after": 3,
    }
    assert "balances" not in first
    assert (second["status"], second["fetched_at"]) == ("ok", "2026-11-21T03:00:00Z")
    assert second["as_of"] == "2026-11-21T03:00:00.123456Z"
    assert "error" not in second


@pytest.mark.parametrize(("wait_s", "told"), [(None, None), (0.0, 0), (inf, None)])
def test_a_wait_is_whole_seconds_or_null(wait_s: float | None, told: int | None) -> None:
    error: CoffersError = RateLimitedError("slow down", retry_after_s=wait_s)
    assert account_report(outcome(error=error))["error"]["retry_after"] == told
