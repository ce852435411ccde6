"""What stands how, and what comes first."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import attrs
import pytest
from made_up_month import NOW, Lasting, Month

from coffers_monitor.facts import Attempt, Figures, Place
from coffers_monitor.web.board import board, is_current, is_stale
from coffers_monitor.web.view import Alert, Watched


def read(account: str = "shop", *, ago_s: float = 60, rows: tuple[Figures, ...] | None = ()) -> Attempt:
    error = {} if rows is not None else {"error": "timeout", "message": "no answer"}
    return Attempt(account, "acme", NOW - timedelta(seconds=ago_s), 0.1, rows, **error)


def test_the_most_urgent_come_first(month: Month) -> None:
    now_board = board(month, NOW)
    assert [(one.watched.account, one.state) for one in now_board.standings] == [
        ("payouts", "critical"),
        ("gateway", "failed"),
        ("sms-west", "paused"),
        ("cards", "stale"),
        ("reserve", "unconfirmed"),
        ("chat-model", "warn"),
        ("new-one", "waiting"),
        ("hosting", "ok"),
        ("cold-wallet", "ok"),
        ("empty", "ok"),
    ]
    assert now_board.state == "critical"
    assert now_board.counts == {"ok": 3} | dict.fromkeys(
        ("critical", "failed", "paused", "stale", "unconfirmed", "warn", "waiting"), 1
    )


def test_of_two_in_one_state_the_one_that_runs_out_first_comes_first(month: Month) -> None:
    month.held.clear()
    month.watched = [one for one in month.watched if one.account in ("hosting", "payouts", "cold-wallet", "chat-model")]
    assert [one.watched.account for one in board(month, NOW).standings] == [
        "payouts",
        "chat-model",
        "hosting",
        "cold-wallet",
    ]
    first = board(month, NOW).first_out
    assert first is not None
    assert first.figures.place == Place("payouts", "USD")


def test_only_an_estimate_runs_out() -> None:
    place = Place("shop", "USD")
    good = read(rows=(Figures(place, total=Decimal(1)),))
    month = Month([Watched("shop", "acme", 900, good, good)])
    month.forecasts[place] = Lasting("not_falling", out_at=NOW)
    assert board(month, NOW).first_out is None


def test_nothing_watched_is_not_all_well() -> None:
    empty = board(Month(), NOW)
    assert (empty.state, empty.first_out, empty.newest, empty.standings) == ("waiting", None, None, ())


@pytest.mark.parametrize(
    ("every_s", "ago_s", "stale"), [(900, 2700, False), (900, 2701, True), (10, 300, False), (10, 301, True)]
)
def test_a_figure_is_stale_when_three_reads_are_missing(every_s: float, ago_s: float, stale: bool) -> None:
    good = read(ago_s=ago_s)
    watched = Watched("shop", "acme", every_s, good, good)
    assert is_stale(watched, NOW) is stale
    assert is_current(watched, NOW) is not stale


def test_a_figure_is_not_current_once_a_read_failed() -> None:
    watched = Watched("shop", "acme", 900, read(ago_s=1, rows=None), read(ago_s=60))
    assert not is_current(watched, NOW)
    assert not is_stale(watched, NOW)
    assert not is_current(Watched("shop", "acme", 900), NOW)


def test_a_failed_read_is_no_low_balance_and_keeps_what_was_known(month: Month) -> None:
    gateway = next(one for one in board(month, NOW).standings if one.watched.account == "gateway")
    assert (gateway.state, gateway.current) == ("failed", False)
    assert gateway.failure is not None
    assert gateway.failure.error == "timeout"
    assert [(row.figures.spendable, row.state) for row in gateway.rows] == [(Decimal("930.00"), "ok")]


def test_a_critical_alert_stays_one_when_a_read_fails(month: Month) -> None:
    month.replace("payouts", last=read("payouts", rows=None))
    standing = board(month, NOW).standings[0]
    assert (standing.watched.account, standing.state, standing.current) == ("payouts", "critical", False)


def test_an_alert_about_a_place_that_is_gone_is_one_about_the_account() -> None:
    good = read(rows=())
    alert = Alert("shop", Place("shop", "USD"), "critical", "below", NOW, "0 USD is below 50")
    month = Month([Watched("shop", "acme", 900, good, good)], held=[alert])
    (standing,) = board(month, NOW).standings
    assert (standing.state, standing.alerts, standing.rows) == ("critical", (alert,), ())


def test_rows_are_never_merged(month: Month) -> None:
    wallet = next(one for one in board(month, NOW).standings if one.watched.account == "cold-wallet")
    assert [(row.figures.place.currency, row.figures.place.network) for row in wallet.rows] == [
        ("USDT", "TRC20"),
        ("USDT", "ERC20"),
        ("ETH", "ERC20"),
    ]
    assert attrs.asdict(wallet.rows[2].figures)["total"] == Decimal("98765.000000000000000010")


@pytest.mark.parametrize(("hours", "strip"), [(0, "warn"), (47.9, "warn"), (48, "ok"), (None, "ok")])
def test_what_ends_within_two_days_is_not_well(month: Month, hours: float | None, strip: str) -> None:
    place = Place("hosting", "EUR")
    out_at = None if hours is None else NOW + timedelta(hours=hours)
    month.forecasts[place] = Lasting("estimate", Decimal(1), out_at)
    month.watched = [one for one in month.watched if one.account in ("hosting", "empty")]
    now_board = board(month, NOW)
    assert (now_board.state, now_board.strip) == ("ok", strip)


def test_what_is_worse_than_a_warning_is_told_as_it_is(month: Month) -> None:
    assert board(month, NOW).strip == "critical"
