"""What is said of a read: exact, and unknown where it is unknown."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal

from coffers import Account, AuthError, Balance, FinishedRead, Outcome, RateLimitedError, Snapshot
from coffers_monitor.attempts import attempt_of
from coffers_monitor.facts import Attempt, Figures, Place
from coffers_monitor.watching.lines import json_line, text_line

AT = datetime(2026, 11, 21, 3, 0, 0, 123456, UTC)
SHOP = Account("shop", "toy", {"key": "env:KEY"})


def test_an_outcome_becomes_an_attempt_with_every_fact() -> None:
    rows = (
        Balance(
            "USDT", network="TRC20", wallet="spot", available=Decimal("1.50"), pending=Decimal("-0.1"), unit="asset"
        ),
        Balance("USD", total=Decimal("0.00"), reserved=Decimal(3), expires_at=AT),
    )
    attempt = attempt_of(FinishedRead.of(Outcome(SHOP, AT, 0.25, Snapshot(rows, AT))))
    assert attempt == Attempt(
        "shop",
        "toy",
        AT,
        0.25,
        (
            Figures(
                Place("shop", "USDT", "TRC20", "spot"), "asset", available=Decimal("1.50"), pending=Decimal("-0.1")
            ),
            Figures(Place("shop", "USD"), total=Decimal("0.00"), reserved=Decimal(3), expires_at=AT),
        ),
        as_of=AT,
    )
    assert attempt.rows is not None
    assert [str(row.total) for row in attempt.rows] == ["None", "0.00"]


def test_a_failure_has_no_rows_and_an_empty_account_has_none_of_them() -> None:
    failed = attempt_of(FinishedRead.of(Outcome(SHOP, AT, 0.1, error=RateLimitedError("slow down", retry_after_s=9.4))))
    assert (failed.rows, failed.error, failed.message, failed.retry_after_s) == (None, "rate_limited", "slow down", 9.4)
    assert attempt_of(FinishedRead.of(Outcome(SHOP, AT, 0.1, Snapshot([])))).rows == ()


def test_lines_for_people() -> None:
    ok = Attempt("shop", "toy", AT, 0.1, (Figures(Place("shop", "EUR", "", "a"), total=Decimal("1.10")),))
    assert text_line(ok) == "2026-11-21T03:00:00Z  shop  1.10 EUR a"
    unknown = Attempt("shop", "toy", AT, 0.1, (Figures(Place("shop", "EUR"), reserved=Decimal(1)),))
    assert text_line(unknown) == "2026-11-21T03:00:00Z  shop  unknown EUR"
    assert text_line(Attempt("shop", "toy", AT, 0.1, ())) == "2026-11-21T03:00:00Z  shop  nothing in it"
    failed = attempt_of(FinishedRead.of(Outcome(SHOP, AT, 0.1, error=RateLimitedError("slow down", retry_after_s=9.4))))
    assert text_line(failed) == "2026-11-21T03:00:00Z  shop  rate_limited: slow down; it asks to wait 9 s"
    refused = attempt_of(FinishedRead.of(Outcome(SHOP, AT, 0.1, error=AuthError("no"))))
    assert text_line(refused) == "2026-11-21T03:00:00Z  shop  auth: no"


def test_a_json_line_has_null_where_nothing_is_known() -> None:
    attempt = Attempt("shop", "toy", AT, 0.1, (Figures(Place("shop", "EUR"), reserved=Decimal("1E+2")),), as_of=AT)
    [row] = json.loads(json_line(attempt))["balances"]
    assert (row["reserved"], row["total"], row["spendable"], row["network"]) == ("100", None, None, None)
    assert json.loads(json_line(attempt))["as_of"] == "2026-11-21T03:00:00.123456Z"
