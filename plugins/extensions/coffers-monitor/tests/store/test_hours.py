"""First, last, lowest, highest: what a span keeps, in whatever order it learns of its points."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from coffers_monitor.facts import Point
from coffers_monitor.store.hours import Span, day_of, hour_of, reduced

BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
POINTS = st.lists(
    st.builds(lambda s, a: Point(BEGIN + timedelta(seconds=s), Decimal(a)), st.integers(0, 99_999), st.integers(-9, 9)),
    min_size=1,
    max_size=60,
    unique_by=lambda point: point.at,
)


@given(points=POINTS)
def test_a_span_knows_its_ends_and_extremes(points: list[Point]) -> None:
    span = Span.of(points[0])
    for point in points[1:]:
        span = span.with_span(Span.of(point))
    points.sort(key=lambda point: point.at)
    amounts = [point.amount for point in points]
    assert (span.first, span.last) == (points[0], points[-1])
    assert span.low == points[amounts.index(min(amounts))]
    assert span.high == points[amounts.index(max(amounts))]
    assert span.points() == sorted(set(span.points()), key=lambda point: point.at)


@given(points=POINTS, at_most=st.integers(4, 70))
def test_few_points_are_true_ones_with_the_same_ends_and_extremes(points: list[Point], at_most: int) -> None:
    points.sort(key=lambda point: point.at)
    few = reduced(points, at_most)
    assert len(few) <= at_most
    assert few == [point for point in points if point in few]
    assert (few[0], few[-1]) == (points[0], points[-1])
    for extreme in (min, max):
        assert extreme(point.amount for point in few) == extreme(point.amount for point in points)
    assert reduced(points, max(4, len(points))) == points


def test_points_of_one_time_are_no_trouble() -> None:
    points = [Point(BEGIN, Decimal(number)) for number in range(9)]
    assert reduced(points, 4) == [points[0], points[-1]]


def test_an_hour_is_one_of_utc() -> None:
    at = datetime(2026, 11, 1, 5, 45, 1, 2, tzinfo=timezone(timedelta(hours=5.5)))
    assert hour_of(at) == BEGIN
    assert day_of(at - timedelta(hours=1)) == BEGIN - timedelta(days=1)
