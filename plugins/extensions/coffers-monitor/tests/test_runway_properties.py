"""What holds of the forecast for any points whatever."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coffers_monitor.facts import Point
from coffers_monitor.runway import Runway, band, estimate, thinned, top_ups
from coffers_monitor.runway.changes import changes, in_order, sorted_out

NOW = datetime(2026, 5, 1, 10, 30, tzinfo=UTC)
SETTINGS = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])

ANY_AMOUNT = st.decimals() | st.decimals(min_value=-1000, max_value=10**6, places=2)
ANY_TIME = st.datetimes(timezones=st.just(UTC)) | st.integers(-45000, 1500).map(lambda m: NOW + timedelta(minutes=m))
ANY_POINTS = st.lists(st.builds(Point, ANY_TIME, ANY_AMOUNT), max_size=40)


@st.composite
def spending(draw: st.DrawFn, decimals: int = 2) -> list[Point]:
    """A balance that falls now and then, for hours or weeks, read at any times; above 0 at its end."""
    gaps = draw(st.lists(st.integers(1, 2000), min_size=2, max_size=60))
    falls = draw(st.lists(st.integers(0, 10**5) | st.just(0), min_size=len(gaps), max_size=len(gaps)))
    at, amount = NOW, Decimal(draw(st.integers(1, 10**7))).scaleb(-decimals)
    found = [Point(at, amount)]
    for gap, fall in zip(gaps, falls, strict=True):
        at, amount = at - timedelta(minutes=gap), amount + Decimal(fall).scaleb(-decimals)
        found.append(Point(at, amount))
    return found[::-1]


def sane(runway: Runway, now: datetime) -> None:
    if runway.verdict != "estimate":
        assert (runway.out_at, runway.earliest, runway.latest) == (None, None, None)
    elif runway.out_at is not None:
        assert runway.earliest is not None
        assert runway.earliest <= runway.out_at
        assert runway.latest is None or runway.out_at <= runway.latest
    assert runway.per_day is None or runway.per_day >= 0


@SETTINGS
@given(ANY_POINTS, ANY_TIME)
def test_nothing_raises_and_nothing_runs_out_before_now(some: list[Point], now: datetime) -> None:
    runway = estimate(some, now)
    sane(runway, now)
    ordered = in_order(some, now)
    if ordered and ordered[-1].amount > 0 and runway.out_at is not None:
        assert runway.out_at >= now
        assert runway.earliest is not None
        assert runway.earliest >= now
    for point in band(some, runway, count=5):
        assert Decimal(0) <= point.low <= point.expected <= point.high
    assert all(one.amount > 0 for one in top_ups(some))


@SETTINGS
@given(spending())
def test_an_estimate_of_real_spending_is_sane(some: list[Point]) -> None:
    runway = estimate(some, NOW)
    sane(runway, NOW)
    assert top_ups(some) == ()
    if runway.out_at is not None:
        assert runway.out_at >= NOW
    if runway.verdict == "estimate" and runway.per_day is not None:
        total = some[0].amount - some[-1].amount
        took = (some[-1].at - some[0].at) / timedelta(hours=1)
        # No rate above that of everything seen spent in the shortest time that counts.
        assert float(runway.per_day) <= float(total) * 24 / min(took, 1.0) + 1e-6


@SETTINGS
@given(ANY_POINTS | spending(), st.randoms(use_true_random=False))
def test_the_order_of_points_does_not_matter(some: list[Point], chance: Random) -> None:
    shuffled = list(some)
    chance.shuffle(shuffled)
    assert estimate(shuffled, NOW) == estimate(some, NOW)
    assert top_ups(shuffled) == top_ups(some)


@SETTINGS
@given(ANY_POINTS | spending())
def test_thinned_points_say_the_same(some: list[Point]) -> None:
    thin = thinned(some)
    assert thinned(thin) == thin
    now = max([NOW, *(one.at for one in some)])
    assert estimate(thin, now) == estimate(some, now)
    assert top_ups(thin) == top_ups(some)


@SETTINGS
@given(spending(), st.integers(-18, 18))
def test_ten_times_the_money_lasts_as_long(some: list[Point], power: int) -> None:
    scaled = [attrs.evolve(one, amount=one.amount.scaleb(power)) for one in some]
    ours, theirs = estimate(some, NOW), estimate(scaled, NOW)
    per_day = None if ours.per_day is None else ours.per_day.scaleb(power)
    assert attrs.evolve(ours, per_day=per_day) == theirs


@SETTINGS
@given(spending(), st.integers(2, 999))
def test_any_times_the_money_lasts_as_long(some: list[Point], factor: int) -> None:
    scaled = [attrs.evolve(one, amount=one.amount * factor) for one in some]
    ours, theirs = estimate(some, NOW), estimate(scaled, NOW)
    assert ours.verdict == theirs.verdict
    if ours.out_at is not None:
        assert theirs.out_at is not None
        assert (theirs.out_at - NOW).total_seconds() == pytest.approx((ours.out_at - NOW).total_seconds(), abs=2)
    if ours.per_day is not None:
        assert theirs.per_day is not None
        assert float(theirs.per_day) == pytest.approx(float(ours.per_day) * factor, rel=1e-5)


@SETTINGS
@given(spending(), st.data())
def test_a_top_up_that_is_seen_as_it_comes_changes_no_rate(some: list[Point], data: st.DataObject) -> None:
    """Seen between two points of its own, a minute apart, it takes nothing away but that minute."""
    place = data.draw(st.integers(0, len(some) - 1))
    more = some[0].amount * 2 + 1  # more than any fall: nobody could take it for one given back
    rest = [attrs.evolve(one, amount=one.amount + more) for one in some[place:]]
    before = attrs.evolve(some[place], at=some[place].at - timedelta(seconds=1))
    topped = [*some[:place], before, *rest]
    plain = [*some[:place], before, *some[place:]]
    ours, theirs = estimate(plain, NOW), estimate(topped, NOW)
    assert len(top_ups(topped)) == 1
    if ours.per_day is not None and theirs.per_day is not None:
        assert float(theirs.per_day) == pytest.approx(float(ours.per_day), rel=1e-5)


@SETTINGS
@given(spending(), st.data())
def test_a_top_up_never_adds_to_what_was_spent(some: list[Point], data: st.DataObject) -> None:
    """Seen between any two points, it may hide what was spent meanwhile; it is never spending itself."""
    place = data.draw(st.integers(1, len(some) - 1))
    more = some[0].amount * 2 + 1
    topped = [*some[:place], *(attrs.evolve(one, amount=one.amount + more) for one in some[place:])]
    plain, told = (sorted_out(changes(in_order(these))) for these in (some, topped))
    assert len(told.top_ups) == 1
    everything = [sum(change.amount for change in (*one.spent, *one.withdrawals)) for one in (plain, told)]
    assert everything[0] <= everything[1] <= 0
