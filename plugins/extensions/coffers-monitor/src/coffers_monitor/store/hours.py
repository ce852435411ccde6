"""Many points as few, without losing what a chart or a forecast is about: first, last, lowest and highest of each span.

That choice is known as M4 aggregation: a line drawn through what is left covers the same picture, top-ups and lows
survive, and every point is one that was truly read. Pure; compares exact decimals, computes none.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import attrs

from coffers_monitor.facts import Point

__all__ = ["Span", "day_of", "hour_of", "in_order", "reduced"]


@attrs.frozen
class Span:
    """The four points that stand for a span of time; some may be the same one."""

    first: Point
    last: Point
    low: Point
    high: Point

    @classmethod
    def of(cls, point: Point) -> Span:
        """A span in which there is one point only."""
        return cls(point, point, point, point)

    def with_span(self, other: Span) -> Span:
        """Both together, in whatever order they come; of equal points the one read first stands."""
        return Span(
            min(self.first, other.first, key=lambda point: point.at),
            max(self.last, other.last, key=lambda point: point.at),
            min(self.low, other.low, key=lambda point: (point.amount, point.at)),
            max(sorted((self.high, other.high), key=lambda point: point.at), key=lambda point: point.amount),
        )

    def points(self) -> list[Point]:
        """Its points in the order of time, each once."""
        return in_order(self.first, self.last, self.low, self.high)


def in_order(first: Point, last: Point, low: Point, high: Point) -> list[Point]:
    """The four points of a span in the order of time, each once."""
    found = [first]
    for point in (low, high, last) if low.at <= high.at else (high, low, last):
        if point != found[-1]:
            found.append(point)
    return found


def hour_of(at: datetime) -> datetime:
    """The beginning of the hour of `at`, in UTC."""
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def day_of(at: datetime) -> datetime:
    """The beginning of the day of `at`, in UTC."""
    return hour_of(at).replace(hour=0)


def reduced(points: Sequence[Point], at_most: int) -> list[Point]:
    """As many of `points` as are wanted; all of them where they are no more.

    Args:
        points: in the order of time.
        at_most: 4 or more.

    Raises:
        ValueError: `at_most` is below 4.
    """
    if at_most < 4:
        raise ValueError("at_most must be 4 or more")
    if len(points) <= at_most:
        return list(points)
    begin, length = points[0].at, points[-1].at - points[0].at
    spans = at_most // 4
    found: list[Point] = []
    first = last = low = high = points[0]
    current = 0
    for point in points:  # written out: a month has many, and a chart is to be there at once
        number = min(spans - 1, (point.at - begin) * spans // length) if length else 0
        if number != current:
            found += in_order(first, last, low, high)
            current, first, low, high = number, point, point, point
        elif point.amount < low.amount:
            low = point
        elif point.amount > high.amount:
            high = point
        last = point
    return found + in_order(first, last, low, high)
