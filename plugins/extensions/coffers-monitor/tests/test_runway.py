"""What the forecast makes of a balance, case by case. The simulated ones are in `test_runway_backtest.py`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import attrs
import pytest

from coffers_monitor.facts import Point
from coffers_monitor.runway import HISTORY, Runway, TopUp, band, estimate, thinned, top_ups

NOW = datetime(2026, 5, 1, 10, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
QUARTER = timedelta(minutes=15)


def points(days: float, spent: Callable[[float], float], left: str = "1000", every: timedelta = QUARTER) -> list[Point]:
    """A balance that ends now with so much `left`; `spent` says how much is spent a day, by days before now."""
    found = [Point(NOW, Decimal(left))]
    for _ in range(round(days * DAY / every)):
        at = found[-1].at - every
        fell = Decimal(str(round(spent((NOW - at) / DAY) * (every / DAY), 6)))
        found.append(Point(at, found[-1].amount + fell))
    return found[::-1]


def raised(some: Sequence[Point], at: datetime, amount: str) -> list[Point]:
    """The same with an amount that came in (or went out) at that time."""
    return [attrs.evolve(one, amount=one.amount + Decimal(amount)) if one.at > at else one for one in some]


def days_left(runway: Runway, now: datetime = NOW) -> float:
    assert runway.verdict == "estimate"
    assert runway.out_at is not None
    assert runway.earliest is not None
    assert runway.earliest <= runway.out_at
    assert runway.latest is None or runway.out_at <= runway.latest
    return (runway.out_at - now) / DAY


def test_even_spending_lasts_as_long_as_it_does() -> None:
    runway = estimate(points(10, lambda _: 100), NOW)
    assert days_left(runway) == pytest.approx(10, abs=0.05)
    assert runway.per_day is not None
    assert float(runway.per_day) == pytest.approx(100, rel=0.001)
    assert (runway.seen_days, runway.as_of) == (10.0, NOW)


def test_what_is_seen_longer_is_known_better() -> None:
    widths: list[timedelta] = []
    for days in (1, 3, 10, 30):
        runway = estimate(points(days, lambda _: 100), NOW)
        assert runway.earliest is not None
        assert runway.out_at is not None
        widths.append(runway.out_at - runway.earliest)
    assert widths == sorted(widths, reverse=True)
    assert widths[0] > 2 * widths[-1]


@pytest.mark.parametrize("count", [0, 1, 2])
def test_hardly_a_point_is_not_enough(count: int) -> None:
    runway = estimate(points(1, lambda _: 100)[-count:] if count else [], NOW)
    assert (runway.verdict, runway.per_day, runway.out_at) == ("not_enough_data", None, None)


def test_a_few_hours_tell_nothing_of_days_but_enough_of_the_next_hour() -> None:
    assert estimate(points(0.2, lambda _: 100), NOW).verdict == "not_enough_data"
    assert days_left(estimate(points(0.2, lambda _: 10_000, left="500"), NOW)) == pytest.approx(0.05, abs=0.02)


def test_what_stands_still_does_not_fall() -> None:
    runway = estimate(points(5, lambda _: 0), NOW)
    assert (runway.verdict, runway.per_day, runway.out_at, runway.latest) == ("not_falling", Decimal(0), None, None)
    assert estimate(points(0.5, lambda _: 0), NOW).verdict == "not_enough_data"


def test_what_only_rises_does_not_fall() -> None:
    assert estimate(points(5, lambda _: -100), NOW).verdict == "not_falling"


def test_a_top_up_is_no_spending_and_no_earning() -> None:
    plain = points(10, lambda _: 100)
    topped = raised(raised(plain, NOW - 6 * DAY, "5000"), NOW - 2 * DAY, "300")
    assert top_ups(topped) == (
        TopUp(NOW - 6 * DAY + QUARTER, Decimal("4998.958333")),
        TopUp(NOW - 2 * DAY + QUARTER, Decimal("298.958333")),
    )
    assert days_left(estimate(topped, NOW)) == pytest.approx(days_left(estimate(plain, NOW)) + 53, abs=0.2)
    assert top_ups(plain) == ()


def test_nights_are_idle() -> None:
    """30 are left at the end of a day that spends 10 an hour for ten hours: it is gone the next morning."""
    evening = NOW.replace(hour=20, minute=0)

    def spent(before: float) -> float:
        hour = (evening - timedelta(days=before)).hour
        return 240 if 10 <= hour < 20 else 0

    some = points(20, spent, left="30")
    some = [attrs.evolve(one, at=one.at + (evening - NOW)) for one in some]
    assert days_left(estimate(some, evening), evening) * 24 == pytest.approx(14 + 3, abs=1)


def test_weekends_are_idle() -> None:
    """On a Friday: 100 a day but on Saturday and Sunday, and 250 left. It lasts until Wednesday."""
    assert NOW.weekday() == 4
    some = points(28, lambda before: 0 if (NOW - timedelta(days=before)).weekday() >= 5 else 100, left="250")
    runway = estimate(some, NOW)
    assert days_left(runway) == pytest.approx(4.5, abs=0.4)
    assert runway.per_day is not None
    assert float(runway.per_day) == pytest.approx(500 / 7, rel=0.1)


def test_a_withdrawal_is_no_spending() -> None:
    plain = points(10, lambda _: 100)
    withdrawn = raised(plain, NOW - 3 * DAY, "-2000")
    withdrawn = [attrs.evolve(one, amount=one.amount + 2000) for one in withdrawn]
    assert days_left(estimate(withdrawn, NOW)) == pytest.approx(10, abs=0.1)
    idle = raised(points(10, lambda _: 0, left="3000"), NOW - 3 * DAY, "-2000")
    assert estimate(idle, NOW).verdict == "not_falling"
    assert estimate(idle, NOW).per_day == 0


def test_one_fall_in_a_short_time_is_told_neither_way() -> None:
    some = raised(points(2, lambda _: 0, left="3000"), NOW - DAY, "-2000")
    assert estimate(some, NOW).verdict == "not_enough_data"


def test_withdrawals_that_come_again_are_spending() -> None:
    some = points(28, lambda _: 0, left="1000")
    for week in range(1, 5):
        some = raised(some, NOW - week * 7 * DAY + DAY, "-200")
    some = [attrs.evolve(one, amount=one.amount + 800) for one in some]
    assert days_left(estimate(some, NOW)) == pytest.approx(35, abs=5)


def test_a_bill_is_expected_again_once_it_was_seen_twice() -> None:
    some = raised(points(40, lambda _: 0, left="900"), NOW - 35 * DAY, "-300")
    assert estimate(some, NOW).verdict == "not_falling"
    twice = raised(some, NOW - 5 * DAY, "-300")
    assert 15 < days_left(estimate(twice, NOW)) < 25


def test_a_hold_that_is_given_back_is_no_spending() -> None:
    plain = points(10, lambda _: 100)
    held = raised(raised(plain, NOW - 3 * DAY, "-400"), NOW - 3 * DAY + 5 * HOUR, "400")
    assert top_ups(held) == ()
    assert days_left(estimate(held, NOW)) == pytest.approx(10, abs=0.1)


def test_small_refunds_are_taken_off_what_was_spent() -> None:
    """Of 200 a day a half is given back, a little every other quarter of an hour."""
    some = points(10, lambda _: 0)
    amount = Decimal(1000)
    refunded: list[Point] = []
    for place, one in enumerate(reversed(some)):
        refunded.append(attrs.evolve(one, amount=amount))
        amount += Decimal("4.2") if place % 2 else Decimal("-2.1")
    assert top_ups(refunded) == ()
    assert days_left(estimate(refunded, NOW)) == pytest.approx(10, abs=0.2)


def test_what_changed_some_days_ago_counts_as_it_is_now() -> None:
    """900 left at 300 a day last three days; the plain average of the month says seven."""
    runway = estimate(points(30, lambda before: 100 if before > 5 else 300, left="900"), NOW)
    assert 3 <= days_left(runway) < 3.6


def test_a_gap_hides_no_spending() -> None:
    some = points(12, lambda _: 100)
    gap = [one for one in some if not NOW - 8 * DAY < one.at < NOW - 5 * DAY]
    assert days_left(estimate(gap, NOW)) == pytest.approx(10, abs=0.1)


def test_history_may_be_coarse() -> None:
    daily = points(30, lambda _: 100, every=DAY)
    assert days_left(estimate(daily, NOW)) == pytest.approx(10, abs=0.1)
    fine = [one for one in points(30, lambda _: 100) if one.at > NOW - 3 * DAY]
    mixed = [one for one in daily if one.at <= NOW - 3 * DAY] + fine
    assert days_left(estimate(mixed, NOW)) == pytest.approx(10, abs=0.1)


def test_a_day_that_hides_a_top_up_is_unknown_and_not_idle() -> None:
    """With a point a day, a top-up takes a day's spending out of sight: a third of all days here."""
    daily = points(30, lambda _: 100, every=DAY)
    for day in range(2, 30, 3):
        daily = raised(daily, NOW - day * DAY, "250")
    assert len(top_ups(daily)) == 10
    assert days_left(estimate(daily, NOW)) == pytest.approx(float(daily[-1].amount) / 100, rel=0.02)


def test_a_stale_amount_has_been_spent_meanwhile() -> None:
    some = points(10, lambda _: 100)
    assert days_left(estimate(some, NOW + 4 * DAY), NOW + 4 * DAY) == pytest.approx(6, abs=0.1)
    late = estimate(some, NOW + 20 * DAY)
    assert (late.verdict, late.out_at, late.as_of) == ("estimate", NOW + 20 * DAY, NOW)


def test_what_is_later_than_now_or_long_ago_is_ignored() -> None:
    some = points(10, lambda _: 100)
    later = Point(NOW + DAY, Decimal(7))
    ago = Point(NOW - HISTORY - HOUR, Decimal(10**9))
    assert estimate([ago, *some, later], NOW) == estimate(some, NOW)


def test_at_0_and_below_it_has_run_out() -> None:
    out = points(10, lambda _: 100, left="0.000000")
    runway = estimate(out, NOW)
    assert (runway.verdict, runway.out_at, runway.earliest, runway.latest) == ("estimate", NOW, NOW, NOW)
    assert runway.per_day is not None
    assert runway.per_day > 90
    below = estimate(points(10, lambda _: 100, left="-50"), NOW)
    assert below.out_at == NOW - DAY / 2 + QUARTER
    assert band(out, runway) == ()


def test_a_wallet_that_was_never_used_has_not_run_out() -> None:
    assert estimate(points(10, lambda _: 0, left="0"), NOW).verdict == "not_falling"
    assert estimate([Point(NOW, Decimal(0))], NOW).verdict == "not_enough_data"


def test_eighteen_decimals_stay() -> None:
    plain = points(10, lambda _: 100)
    wei = [attrs.evolve(one, amount=one.amount.scaleb(-18)) for one in plain]
    topped = raised(wei, NOW - DAY, "0.123456789012345678901234567890123456")
    (top_up,) = top_ups(topped)
    assert top_up.amount == Decimal("0.123456789012345678901234567890123456") - Decimal("1.041667E-18")
    ours, theirs = estimate(wei, NOW), estimate(plain, NOW)
    assert ours.per_day is not None
    assert theirs.per_day is not None
    assert (ours.out_at, ours.per_day) == (theirs.out_at, theirs.per_day.scaleb(-18))


def test_whole_credits_are_amounts_like_any_other() -> None:
    some = [Point(NOW - place * HOUR, Decimal(5000 + 3 * place)) for place in range(200)]
    runway = estimate(some, NOW)
    assert days_left(runway) == pytest.approx(5000 / 72, rel=0.01)


def test_credit_that_expires_lasts_no_longer() -> None:
    some = points(10, lambda _: 100)
    soon, late = NOW + 2 * DAY, NOW + 365 * DAY
    runway = estimate(some, NOW, expires_at=soon)
    assert (runway.out_at, runway.latest) == (soon, soon)
    assert estimate(some, NOW, expires_at=late) == estimate(some, NOW)
    assert estimate(some, NOW, expires_at=NOW - DAY).out_at == NOW


def test_what_lasts_beyond_ten_years_has_no_date() -> None:
    runway = estimate(points(10, lambda _: 100, left="1000000"), NOW)
    assert (runway.verdict, runway.out_at, runway.latest) == ("estimate", None, None)
    assert runway.per_day is not None


def test_thinned_points_say_the_same_and_are_few() -> None:
    some = raised(
        points(30, lambda before: 100 if (NOW - timedelta(days=before)).hour > 8 else 0), NOW - 3 * DAY, "500"
    )
    thin = thinned(some)
    assert len(thin) < 30 * 18
    assert estimate(thin, NOW) == estimate(some, NOW)
    assert top_ups(thin) == top_ups(some)
    kept: tuple[Point, ...] = ()
    for one in some:  # as a service would, read after read
        kept = thinned([*kept, one])
    assert kept == thin


def test_any_zone_will_do() -> None:
    some = points(10, lambda _: 100)
    moved = [attrs.evolve(one, at=one.at.astimezone(timezone(5.5 * HOUR))) for one in some]
    assert estimate(moved, NOW) == estimate(some, NOW)


def test_the_band_leads_from_the_last_amount_to_0() -> None:
    some = points(10, lambda _: 100, left="1000.00")
    runway = estimate(some, NOW)
    line = band(some, runway, count=21)
    assert len(line) == 21
    assert (line[0].at, line[0].expected, line[0].low, line[0].high) == (NOW, *[Decimal("1000.00")] * 3)
    assert all(one.low <= one.expected <= one.high for one in line)
    assert [one.expected for one in line] == sorted((one.expected for one in line), reverse=True)
    assert runway.latest is not None
    assert abs(line[-1].at - runway.latest) < 2 * HOUR
    assert line[-1].high == 0
    # The line is at 0 when the balance runs out.
    assert runway.out_at is not None
    there = band(some, runway, until=runway.out_at, count=2)[-1]
    assert there.expected < 1
    assert there.low == 0 < there.high


def test_no_band_without_an_estimate_or_before_its_beginning() -> None:
    still = points(5, lambda _: 0)
    assert band(still, estimate(still, NOW)) == ()
    some = points(10, lambda _: 100)
    assert band(some, estimate(some, NOW), until=NOW - DAY) == ()
