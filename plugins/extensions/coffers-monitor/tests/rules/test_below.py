"""The simplest condition, and with it all that every condition shares: margins, patience, duplicates, doubt."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from coffers_monitor.rules import Level, judge

from .readings import EUR, USD, Watched, at, failed, read, row, rules

BELOW = {"below": {"warn": "80", "critical": "50"}}


def watched(**more: object) -> Watched:
    return Watched(rules(BELOW | more))


@pytest.mark.parametrize(
    ("amount", "told"),
    [
        ("80.01", []),
        ("80", []),  # exactly at a limit is not below it
        ("79.999999999999999999999999999999", ["alert below warn"]),
        ("50", ["alert below warn"]),
        ("49.99", ["alert below critical"]),
        ("0", ["alert below critical"]),  # an account that never held anything is not in doubt
        ("-0.01", ["alert below critical"]),
        (None, []),
    ],
)
def test_first_reading(amount: str | None, told: list[str]) -> None:
    shop = watched()
    assert shop.reads(read(0, amount)) == told
    assert shop.ticks(1) == []


def test_limits_of_zero_and_below_it() -> None:
    shop = Watched(rules({"below": {"warn": "0", "critical": "-20"}, "margin": "0%"}))
    assert shop.reads(read(0, "0")) == []
    assert shop.reads(read(1, "-0.01")) == ["alert below warn"]
    assert shop.reads(read(2, "-20")) == []
    assert shop.reads(read(3, "-20.01")) == ["worse below critical"]
    assert shop.reads(read(4, "0")) == ["recovery below ok"]


@pytest.mark.parametrize(("margin", "edge"), [("10%", "88"), ("0%", "80"), ("2.5", "82.5")])
def test_an_alert_ends_only_beyond_limit_and_margin(margin: str, edge: str) -> None:
    shop = watched(margin=margin)
    just_under = str(Decimal(edge) - Decimal("0.01"))
    assert shop.reads(read(0, "70")) == ["alert below warn"]
    assert shop.reads(read(1, just_under)) == []
    assert shop.reads(read(2, edge)) == ["recovery below ok"]
    assert shop.reads(read(3, just_under)) == []


def test_levels_go_up_at_once_and_down_after_the_cooldown() -> None:
    shop = watched(cooldown="10m")
    assert shop.reads(read(0, "79")) == ["alert below warn"]
    assert shop.reads(read(1, "49")) == ["worse below critical"]
    assert shop.reads(read(2, "54.99")) == []
    assert shop.reads(read(3, "55")) == []  # better, but told a moment ago
    assert shop.reads(read(11, "56")) == ["better below warn"]
    assert shop.reads(read(12, "100")) == ["recovery below ok"]


def test_a_new_alert_waits_for_the_cooldown_and_is_not_lost() -> None:
    shop = watched(cooldown="15m")
    shop.reads(read(0, "40"))
    assert shop.reads(read(1, "100")) == ["recovery below ok"]
    assert shop.reads(read(2, "40")) == []
    assert shop.ticks(15.99) == []
    assert shop.ticks(16) == ["alert below critical"]
    assert shop.told[-1].since == at(2)


def test_what_flaps_within_the_cooldown_is_told_once() -> None:
    shop = watched(cooldown="15m")
    told = [text for minute in range(15) for text in shop.reads(read(minute, "40" if minute % 2 else "100"))]
    assert told == ["alert below critical", "recovery below ok"]


def test_readings_in_a_row_must_agree() -> None:
    shop = watched(confirmations=3)
    assert shop.reads(read(0, "40")) == []
    assert shop.reads(read(1, "100")) == []
    assert shop.reads(read(2, "70")) == []
    assert shop.reads(failed(3)) == []  # a failure is no reading
    assert shop.reads(read(4, "40")) == []
    assert shop.reads(read(5, "40")) == ["alert below warn"]  # the least bad of the three
    assert shop.told[-1].since == at(2)
    assert shop.reads(read(6, "40")) == ["worse below critical"]
    assert [shop.reads(read(minute, "100")) for minute in (7, 8, 9)] == [[], [], ["recovery below ok"]]


def test_a_reminder_comes_when_it_is_due_read_or_not() -> None:
    shop = watched(remind_every="1h")
    shop.reads(read(0, "40"))
    assert shop.reads(read(59, "40")) == []
    assert shop.reads(failed(60)) == ["reminder below critical"]
    assert shop.ticks(119) == []
    assert shop.ticks(600) == ["reminder below critical"]  # one, however many were missed
    reminder = shop.told[-1]
    assert (reminder.read_at, reminder.amount, reminder.since) == (at(59), Decimal(40), at(0))
    assert reminder.failure is not None
    assert reminder.failure.since == at(60)


def test_reminders_and_recoveries_may_be_silent() -> None:
    shop = watched(remind_every="never", recovery=False)
    shop.reads(read(0, "40"))
    assert shop.ticks(60 * 24 * 30) == []
    assert shop.reads(read(60 * 24 * 31, "100")) == []
    assert shop.reads(read(60 * 24 * 32, "40")) == ["alert below critical"]


def test_every_notice_has_an_id_of_its_own_that_another_judge_finds_too() -> None:
    shop, twin = watched(remind_every="1h"), watched(remind_every="1h")
    readings = [("40", 0), ("40", 60), ("60", 80), ("100", 120), ("40", 180), ("100", 240), ("70", 300)]
    for amount, minute in readings:
        shop.reads(read(minute, amount))
        twin.reads(read(minute, amount), now=at(minute + 0.5))
    ids = [notice.id for notice in shop.told]
    assert len(set(ids)) == len(ids) == 7
    assert [notice.id for notice in twin.told] == ids


def test_a_reading_that_is_judged_again_changes_nothing() -> None:
    shop = watched()
    shop.reads(read(0, "40"))
    text = shop.text
    assert shop.reads(read(0, "40"), now=at(1)) == []
    assert shop.reads(read(-5, "100"), now=at(1)) == []  # nor does one that comes late
    assert shop.text == text


def test_a_clock_that_is_put_back_silences_nothing() -> None:
    shop = watched(remind_every="1h")
    shop.reads(read(60 * 24 * 365, "40"))  # for a moment it was next year
    assert shop.reads(read(1, "100")) == ["recovery below ok"]
    assert shop.reads(read(20, "40")) == ["alert below critical"]
    assert shop.ticks(80) == ["reminder below critical"]


def test_a_failed_read_is_no_low_balance() -> None:
    shop = watched()
    assert [shop.reads(failed(minute, kind)) for minute, kind in enumerate(("auth", "timeout", "network"))] == [[]] * 3
    shop.reads(read(3, "100"))
    assert shop.reads(failed(4)) == []
    assert shop.reads(read(5, "100")) == []


def test_an_amount_that_is_not_told_is_no_zero() -> None:
    shop = watched()
    shop.reads(read(0, "100"))
    assert shop.reads(read(1, None)) == []
    assert shop.last is not None
    assert shop.last.read_again
    assert shop.reads(read(2, None)) == ["alert vanished warn"]
    assert shop.told[-1].amount == Decimal(100)
    assert shop.reads(read(3, "100")) == ["recovery vanished ok"]


def test_sudden_zero_is_in_doubt_until_a_second_answer_says_so() -> None:
    shop = watched()
    shop.reads(read(0, "100", row("500", EUR)))
    assert shop.reads(read(1, "0", row("0.00", EUR))) == []
    assert shop.last is not None
    assert (shop.last.read_again, shop.last.unconfirmed) == (True, True)
    assert shop.reads(failed(2)) == []
    assert not shop.last.read_again  # once
    assert shop.reads(read(3, "0", row("0", EUR))) == ["alert below critical"] * 2
    assert (shop.last.read_again, shop.last.unconfirmed) == (False, False)
    assert {notice.since for notice in shop.told} == {at(1)}
    assert shop.reads(read(4, "0", row("0", EUR))) == []


def test_doubt_ends_with_an_answer_that_has_money() -> None:
    shop = watched()
    shop.reads(read(0, "100"))
    shop.reads(read(1, "0"))
    assert shop.reads(read(2, "100")) == []
    assert shop.reads(read(3, "0")) == []
    assert shop.last is not None
    assert shop.last.read_again
    assert shop.last.unconfirmed


def test_zero_in_one_row_of_several_is_believed() -> None:
    shop = watched()
    shop.reads(read(0, "100", row("500", EUR)))
    assert shop.reads(read(1, "0", row("500", EUR))) == ["alert below critical"]
    assert shop.reads(read(2, "-1", row("500", EUR))) == []


def test_a_row_that_vanishes_is_no_zero() -> None:
    shop = watched()
    shop.reads(read(0, "100", row("500", EUR)))
    assert shop.reads(read(1, "100")) == []
    assert shop.last is not None
    assert shop.last.read_again
    assert shop.reads(failed(2)) == []
    assert shop.reads(read(3, "100")) == ["alert vanished warn"]
    assert not shop.last.read_again
    assert (shop.told[-1].place, shop.told[-1].gone_at, shop.told[-1].amount) == (EUR, at(1), Decimal(500))
    assert shop.ticks(60 * 24 * 2) == []
    assert shop.reads(read(60 * 24 * 3, "100", row("400", EUR))) == ["recovery vanished ok"]


def test_an_empty_answer_after_money_is_told_as_what_it_is() -> None:
    shop = watched()
    shop.reads(read(0, "100"))
    assert shop.reads(read(1)) == []
    assert shop.last is not None
    assert shop.last.read_again
    assert shop.reads(read(2)) == ["alert vanished warn"]


def test_what_was_low_when_it_vanished_stays_open() -> None:
    shop = watched(remind_every="1d")
    shop.reads(read(0, "0", row("500", EUR)))
    assert shop.reads(read(1, row("500", EUR))) == []  # nothing is missed where nothing was
    assert shop.reads(read(2, row("500", EUR))) == []
    assert shop.ticks(60 * 24) == ["reminder below critical"]
    assert shop.told[-1].gone_at == at(1)
    assert shop.reads(read(60 * 25, "100", row("500", EUR))) == ["recovery below ok"]


def test_a_place_that_stays_away_is_forgotten() -> None:
    shop = watched()
    shop.reads(read(0, "100"))
    shop.reads(read(1))
    shop.reads(read(2))
    shop.ticks(60 * 24 * 91)
    assert shop.state is not None
    assert not shop.state.places


def test_two_rows_that_nothing_tells_apart_are_not_summed() -> None:
    shop = watched()
    assert shop.reads(read(0, row("90"), row(None), row("60"), row("100"))) == ["alert below warn"]
    assert shop.told[-1].amount == Decimal(60)


def test_the_closest_rule_decides_alone() -> None:
    shop = Watched(
        rules(
            {"below": "50"}, {"account": "shop", "currency": "EUR", "below": "5"}, {"account": "other", "below": "1000"}
        )
    )
    assert shop.reads(read(0, "100", row("20", EUR))) == []
    assert shop.reads(read(1, "49", row("4", EUR))) == ["alert below critical"] * 2
    assert {notice.limit for notice in shop.told} == {Decimal(50), Decimal(5)}


def test_an_episode_goes_on_when_the_limits_change() -> None:
    shop = watched()
    shop.reads(read(0, "40"))
    shop.rules = rules({"below": {"warn": "45", "critical": "30"}, "cooldown": "0s"})
    assert shop.reads(read(1, "40")) == ["better below warn"]
    shop.rules = rules({"runway_below": "1d"})
    assert shop.reads(read(2, "1")) == []
    assert shop.state is not None
    assert shop.state.level is Level.OK


def test_a_delayed_judgement_counts_time_from_now() -> None:
    shop = watched(remind_every="1h")
    shop.reads(read(0, "40"), now=at(30))
    assert shop.ticks(89) == []
    assert shop.ticks(90) == ["reminder below critical"]


def test_judging_is_pure() -> None:
    state = judge(rules(BELOW), None, read(0, "100"), at(0), lambda _: None).state
    text = state.to_text()
    first = judge(rules(BELOW), state, read(1, "40"), at(1), lambda _: None)
    assert judge(rules(BELOW), state, read(1, "40"), at(1), lambda _: None) == first
    assert state.to_text() == text
    assert first.notices[0].place == USD
    assert first.notices[0].at - first.notices[0].since == timedelta(0)
