"""What is compared: the forecast, and what one would do without it.

Each method answers when the amount will run out, or None where it has no answer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from statistics import linear_regression
from typing import Final, TypeAlias

from coffers_monitor.facts import Point
from coffers_monitor.runway.forecast import Runway, estimate

__all__ = ["METHODS", "Answer", "Method"]

Answer: TypeAlias = "datetime | Runway | None"
Method: TypeAlias = Callable[[Sequence[Point]], Answer]

_DAY: Final = timedelta(days=1)
#: What lies further ahead is as good as never.
_FAR: Final = 3650.0


def _runway(points: Sequence[Point]) -> Answer:
    return estimate(points, points[-1].at)


def _after(last: Point, fall_a_day: float) -> datetime | None:
    """When it is spent at that rate."""
    if fall_a_day <= 0:
        return None
    days = float(last.amount) / fall_a_day
    return last.at + timedelta(days=days) if days <= _FAR else None


def _last_two(points: Sequence[Point]) -> Answer:
    """The slope between the last two points."""
    if len(points) < 2:
        return None
    before, last = points[-2:]
    return _after(last, float(before.amount - last.amount) / ((last.at - before.at) / _DAY))


def _least_squares(points: Sequence[Point]) -> Answer:
    """The slope of a straight line through all points."""
    if len(points) < 2:
        return None
    last = points[-1]
    days = [(point.at - last.at) / _DAY for point in points]
    return _after(last, -linear_regression(days, [float(point.amount) for point in points]).slope)


def _since_last_rise(points: Sequence[Point]) -> Answer:
    """The same, through the points since the last rise."""
    start = max(
        (place for place in range(1, len(points)) if points[place].amount > points[place - 1].amount), default=0
    )
    return _least_squares(points[start:])


METHODS: Final[dict[str, Method]] = {
    "runway": _runway,
    "last two points": _last_two,
    "least squares": _least_squares,
    "least squares since the last rise": _since_last_rise,
}
