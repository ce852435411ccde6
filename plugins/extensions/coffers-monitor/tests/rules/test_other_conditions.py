"""The other conditions: how long it lasts, how fast it falls, how long nobody read it, when it expires."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coffers_monitor.facts import Place
from coffers_monitor.rules import Level

from .readings import EUR, Runway, Watched, at, failed, read, row, rules

DAY = 60 * 24

# --- runway_below --------------------------------------------------------------------------------------------------


def lasting(minutes: float) -> Runway:
    """A forecast made at the start: it runs out after so many minutes."""
    return Runway("estimate", at(minutes), Decimal(5))


@pytest.mark.parametrize(
    ("runway", "told"),
    [
        (lasting(7 * DAY), []),
        (lasting(7 * DAY - 0.01), ["alert runway_below warn"]),
        (lasting(2 * DAY), ["alert runway_below warn"]),
        (lasting(2 * DAY - 0.01), ["alert runway_below critical"]),
        (lasting(-1), ["alert runway_below critical"]),
        (Runway("not_falling"), []),
        (Runway("not_enough_data", at(1)), []),
        (None, []),
    ],
)
def test_runway(runway: Runway | None, told: list[str]) -> None:
    shop = Watched(rules({"runway_below": {"warn": "7d", "critical": "2d"}}), runway=runway)
    assert shop.reads(read(0, "100")) == told


@pytest.mark.parametrize("amount", ["0", "-5", None])
def test_what_has_run_out_is_critical_and_what_is_not_known_is_not(amount: str | None) -> None:
    shop = Watched(rules({"runway_below": {"warn": "7d", "critical": "2d"}}), runway=lasting(3 * DAY))
    assert shop.reads(read(0, row("5"), row("100", EUR))) == ["alert runway_below warn"] * 2
    shop.runway = None
    told = [] if amount is None else ["worse runway_below critical"]
    assert shop.reads(read(1, row(amount), row("100", EUR))) == told
    assert shop.reads(read(2, row(amount), row("100", EUR))) == (["alert vanished warn"] if amount is None else [])


@pytest.mark.parametrize(
    ("amount", "told"), [("0", ["alert drops_by critical"]), ("-5", ["alert drops_by critical"]), (None, [])]
)
def test_a_fall_to_nothing_is_one_and_to_what_is_not_known_is_none(amount: str | None, told: list[str]) -> None:
    shop = Watched(rules({"drops_by": {"amount": "100", "within": "1h"}}))
    shop.reads(read(0, row("100"), row("100", EUR)))
    assert shop.reads(read(1, row(amount), row("100", EUR))) == told


def test_wallets_and_networks_of_one_currency_are_places_of_their_own() -> None:
    hot, cold = Place("shop", "USDT", wallet="hot"), Place("shop", "USDT", wallet="cold")
    chain = Place("shop", "USDT", "x", "hot")
    shop = Watched(rules({"currency": "usdt", "below": "50"}, {"wallet": "cold", "below": "1000"}))
    assert (
        shop.reads(read(0, row("60", hot), row("600", cold), row("49.999999999999999999", chain)))
        == ["alert below critical"] * 2
    )
    assert {(notice.place, notice.limit) for notice in shop.told} == {(cold, Decimal(1000)), (chain, Decimal(50))}
    assert shop.reads(read(1, row("40", hot), row("2000", cold), row("600", chain))) == [
        "alert below critical",
        "recovery below ok",
        "recovery below ok",
    ]
    assert len({notice.id for notice in shop.told}) == 5


@pytest.mark.parametrize(
    ("rule", "fires"),
    [
        ({"runway_below": "2d"}, lambda shop, minute: shop.reads(read(minute, "100"))),
        ({"unread_for": "1d"}, lambda shop, minute: shop.ticks(minute)),
        ({"expires_within": "9d"}, lambda shop, minute: shop.reads(read(minute, row("5", expires_at=at(9 * DAY))))),
    ],
)
def test_a_clock_that_is_put_back_silences_none_of_them(
    rule: dict[str, object], fires: Callable[[Watched, float], list[str]]
) -> None:
    shop = Watched(rules(rule | {"remind_every": "1d"}), runway=lasting(DAY))
    shop.reads(failed(400 * DAY))  # for a moment it was next year
    shop.ticks(400 * DAY)
    told = fires(shop, 0) + fires(shop, DAY + 1)
    assert [text.split()[0] for text in told] in (["alert"], ["alert", "reminder"])
    assert fires(shop, 2 * DAY + 2)[0].startswith("reminder")


def test_a_runway_ends_beyond_limit_and_margin_and_not_by_knowing_less() -> None:
    shop = Watched(rules({"runway_below": {"critical": "10d"}}), runway=lasting(9 * DAY))
    assert shop.reads(read(0, "100")) == ["alert runway_below critical"]
    for minute, runway in enumerate((lasting(11 * DAY), Runway("not_enough_data"), None), start=1):
        shop.runway = runway
        assert shop.reads(read(minute, "100")) == []
    shop.runway = lasting(11 * DAY + 4)
    assert shop.reads(read(4, "100")) == ["recovery runway_below ok"]
    assert shop.told[0].forecast is not None
    assert shop.told[0].forecast.per_day == Decimal(5)


def test_what_ran_out_is_not_well_because_it_falls_no_more() -> None:
    shop = Watched(rules({"runway_below": {"warn": "7d", "critical": "2d"}}), runway=lasting(3 * DAY))
    assert shop.reads(read(0, "1", row("100", EUR))) == ["alert runway_below warn"] * 2
    shop.runway = Runway("not_falling")
    assert shop.reads(read(1, "0", row("100", EUR))) == ["worse runway_below critical", "recovery runway_below ok"]
    assert shop.reads(read(20, "50", row("100", EUR))) == ["recovery runway_below ok"]


# --- drops_by ------------------------------------------------------------------------------------------------------


def test_a_drop_by_an_amount() -> None:
    shop = Watched(rules({"drops_by": {"amount": {"warn": "20", "critical": "50"}, "within": "1h"}, "margin": "0%"}))
    assert shop.reads(read(0, "100")) == []
    assert shop.reads(read(10, "80.01")) == []
    assert shop.reads(read(20, "80")) == ["alert drops_by warn"]  # exactly so much is so much
    assert (shop.told[0].peak, shop.told[0].peak_at, shop.told[0].within_s) == (Decimal(100), at(0), 3600)
    assert shop.reads(read(30, "50")) == ["worse drops_by critical"]
    assert shop.reads(read(60, "50")) == []  # the 100 is exactly an hour old
    assert shop.reads(read(61, "50")) == ["better drops_by warn"]  # the highest of the hour is 80.01
    assert shop.reads(read(91, "50")) == ["recovery drops_by ok"]


def test_a_top_up_is_no_negative_drop() -> None:
    shop = Watched(rules({"drops_by": {"amount": "50", "within": "1h"}}))
    assert shop.reads(read(0, "10")) == []
    assert shop.reads(read(1, "1000")) == []
    assert shop.reads(read(2, "951")) == []
    assert shop.reads(read(3, "950")) == ["alert drops_by critical"]


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("100", "70.0000000000000000000000000001", []),
        ("100", "70", ["alert drops_by critical"]),
        ("0.000000000000000003", "0.000000000000000002", ["alert drops_by critical"]),
        ("100", "-5", ["alert drops_by critical"]),
        ("0", "0", []),
        ("0", "-5", []),  # there is no percentage of nothing
        ("-5", "-50", []),
    ],
)
def test_a_drop_in_percent(before: str, after: str, told: list[str]) -> None:
    shop = Watched(rules({"drops_by": {"percent": "30", "within": "1d"}}))
    assert shop.reads(read(0, before)) == []
    assert shop.reads(read(1, after)) == told


def test_what_was_not_read_within_the_window_is_no_drop_within_it() -> None:
    shop = Watched(rules({"drops_by": {"amount": "50", "within": "1h"}}))
    shop.reads(read(0, "1000"))
    shop.reads(failed(30))
    assert shop.reads(read(61, "10")) == []


def test_two_windows_are_two_alarms() -> None:
    shop = Watched(
        rules(
            {"drops_by": {"amount": "10", "within": "10m"}},
            {"drops_by": {"amount": "30", "within": "1d"}},
            {"drops_by": {"percent": "50", "within": "1d"}},
        )
    )
    shop.reads(read(0, "100"))
    shop.reads(read(20, "91"))
    assert shop.reads(read(40, "82")) == []
    assert shop.reads(read(60, "70")) == ["alert drops_by critical"]
    assert shop.told[0].within_s == 86400


def test_what_is_kept_of_a_window_is_bounded() -> None:
    shop = Watched(rules({"drops_by": {"amount": "1000000", "within": "7d"}}))
    for minute in range(0, 7 * DAY, 5):
        shop.reads(read(minute, str(100000 - minute)))
    assert shop.text is not None
    assert len(shop.text) < 10_000
    assert shop.state is not None
    [kept] = shop.state.places.values()
    [points] = kept.peaks.values()
    assert points[0] == (at(0), Decimal(100000))
    assert len(points) <= 122


@settings(deadline=None)
@given(
    series=st.lists(st.tuples(st.sampled_from([0.01, 1, 7, 59, 60, 61, 500]), st.integers(0, 9)), max_size=60),
    limit=st.integers(1, 9),
)
def test_a_drop_is_measured_from_the_highest_within_the_window(series: list[tuple[float, int]], limit: int) -> None:
    """Where something is not kept of the window, it is at most a sixtieth of it, at its beginning."""
    rule = {"drops_by": {"amount": str(limit), "within": "1h"}, "margin": "0%", "cooldown": "0s"}
    shop = Watched(rules(rule), told=[])
    minute, seen = 0.0, list[tuple[float, int]]()
    for after, tens in series:
        minute += after
        seen.append((minute, tens))
        before = len(shop.told)
        shop.reads(read(minute, str(tens - 5)))
        confirmed = shop.last is not None and not shop.last.unconfirmed
        if not confirmed:
            seen.pop()
            continue
        whole = max(amount for when, amount in seen if at(when) >= at(minute) - timedelta(hours=1)) - tens
        least = max(amount for when, amount in seen if at(when) >= at(minute) - timedelta(minutes=59)) - tens
        assert shop.state is not None
        fires = shop.state.level is Level.CRITICAL
        assert (least >= limit) <= fires <= (whole >= limit)
        assert len(shop.told) <= before + 1


# --- unread_for ----------------------------------------------------------------------------------------------------


def test_unread_needs_no_reading() -> None:
    shop = Watched(rules({"unread_for": {"warn": "2h", "critical": "6h"}}))
    assert shop.ticks(0) == []
    assert shop.ticks(119.99) == []
    assert shop.ticks(120) == ["alert unread_for warn"]
    assert shop.ticks(120) == []
    assert shop.ticks(360) == ["worse unread_for critical"]
    assert (shop.told[0].read_at, shop.told[0].since, shop.told[0].failure) == (None, at(0), None)
    assert shop.reads(read(361, "100")) == ["recovery unread_for ok"]


def test_unread_counts_from_the_last_success_and_says_what_failed() -> None:
    shop = Watched(rules({"unread_for": "2h"}))
    shop.reads(read(0, "100"))
    assert [shop.reads(failed(minute, "auth")) for minute in (30, 60, 90, 119)] == [[]] * 4
    assert shop.reads(failed(120, "auth")) == ["alert unread_for critical"]
    notice = shop.told[0]
    assert (notice.read_at, notice.place, notice.level) == (at(0), None, Level.CRITICAL)
    assert notice.failure is not None
    assert (notice.failure.kind, notice.failure.since) == ("auth", at(30))
    assert shop.reads(read(121, None)) == ["recovery unread_for ok"]
    assert shop.told[1].failure is None


def test_an_answer_in_doubt_was_read_all_the_same() -> None:
    shop = Watched(rules({"unread_for": "2h"}))
    shop.reads(read(0, "100"))
    shop.reads(read(119, "0"))
    assert shop.ticks(238) == []
    assert shop.ticks(239) == ["alert unread_for critical"]


def test_two_that_tick_at_once_tell_the_same() -> None:
    first, second = (Watched(rules({"unread_for": "2h", "remind_every": "1h"})) for _ in range(2))
    for shop, late in ((first, 0), (second, 7)):
        shop.reads(read(0, "100"))
        shop.ticks(120 + late)
        shop.ticks(190 + late)
    assert [notice.id for notice in first.told] == [notice.id for notice in second.told]
    assert len(first.told) == 2


def test_a_changed_limit_does_not_make_an_old_id_again() -> None:
    shop = Watched(rules({"unread_for": "1h", "cooldown": "0s"}))
    shop.ticks(0)
    shop.ticks(60)
    shop.rules = rules({"unread_for": "3h", "cooldown": "0s"})
    assert shop.ticks(61) == ["recovery unread_for ok"]
    assert shop.ticks(180) == ["alert unread_for critical"]
    assert len({notice.id for notice in shop.told}) == 3


# --- expires_within ------------------------------------------------------------------------------------------------


def test_credit_that_expires() -> None:
    shop = Watched(rules({"expires_within": {"warn": "7d", "critical": "1d"}}))
    end = at(10 * DAY)
    assert shop.reads(read(0, row("30", expires_at=end))) == []
    assert shop.ticks(3 * DAY - 0.01) == []
    assert shop.ticks(3 * DAY) == ["alert expires_within warn"]  # exactly a week
    assert (shop.told[0].expires_at, shop.told[0].amount, shop.told[0].since) == (end, Decimal(30), at(3 * DAY))
    assert shop.ticks(9 * DAY) == ["worse expires_within critical"]
    renewed = end + timedelta(days=30)
    assert shop.reads(read(9 * DAY + 2, row("30", expires_at=renewed))) == ["recovery expires_within ok"]


@pytest.mark.parametrize(("amount", "told"), [("0", []), ("-3", []), ("1", ["alert expires_within critical"])])
def test_nothing_left_is_nothing_lost(amount: str, told: list[str]) -> None:
    shop = Watched(rules({"expires_within": "1d"}))
    assert shop.reads(read(0, row(amount, expires_at=at(60)))) == told


def test_credit_of_an_unknown_amount_expires_too() -> None:
    shop = Watched(rules({"expires_within": "1d"}))
    assert shop.reads(read(0, row(None, expires_at=at(60)))) == ["alert expires_within critical"]
    assert shop.reads(read(1, row(None))) == ["recovery expires_within ok"]
