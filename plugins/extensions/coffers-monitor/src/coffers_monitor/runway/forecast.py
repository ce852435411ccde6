"""When a balance runs out, and the line that leads there."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal
from statistics import NormalDist
from typing import Final, Literal, TypeAlias

import attrs

from coffers_monitor.facts import Point

from .changes import EXACT, changes, in_order, sorted_out
from .course import Course, course

__all__ = ["COVERAGE", "BandPoint", "Runway", "Verdict", "band", "estimate"]

Verdict: TypeAlias = Literal["estimate", "not_falling", "not_enough_data"]

#: The part of all cases in which a balance is meant to run out between `earliest` and `latest`.
COVERAGE: Final = 0.8

_DEVIATIONS: Final = NormalDist().inv_cdf(0.5 + COVERAGE / 2)
_DAY: Final = timedelta(days=1)
_HOUR: Final = timedelta(hours=1)
#: Six significant digits are more than a forecast is good for.
_ROUNDED: Final = Context(prec=6, rounding=ROUND_HALF_EVEN, Emax=EXACT.Emax, Emin=EXACT.Emin, traps=[])
#: Less than this is no history.
_AT_LEAST: Final = timedelta(hours=2)
_FALLS: Final = 3
#: What was no spending in so short a time may yet be.
_WITHDRAWAL_TOLD: Final = timedelta(days=3)


@attrs.frozen
class Runway:
    """How long an amount lasts.

    Attributes:
        verdict: "estimate" where there is one; "not_falling" where nothing is spent; else "not_enough_data".
        per_day: what is spent a day, on the average of a week, rounded to six significant digits; 0 where nothing is;
            None where that is not known.
        out_at: when it is expected to run out; for an amount of 0 or below, when it did. None without an estimate,
            and beyond ten years.
        earliest, latest: between these it runs out in `COVERAGE` of all cases; `latest` is None where that is
            anybody's guess, `earliest` as `out_at`.
        seen_days: how many days of history it rests on, to two decimals.
        as_of: when the amount was last seen, and where the forecast begins; None without a point.
    """

    verdict: Verdict
    per_day: Decimal | None = None
    out_at: datetime | None = None
    earliest: datetime | None = None
    latest: datetime | None = None
    seen_days: float = 0.0
    as_of: datetime | None = None


@attrs.frozen
class BandPoint:
    """A point of the forecast's line.

    Attributes:
        at: when.
        expected: the amount expected then, never below 0.
        low, high: between these it lies in `COVERAGE` of all cases. All three are rounded to the decimals of the last
            amount, and to six significant digits of it at least.
    """

    at: datetime
    expected: Decimal
    low: Decimal
    high: Decimal


def estimate(points: Iterable[Point], now: datetime, *, expires_at: datetime | None = None) -> Runway:
    """When the amount runs out, if it goes on being spent as it was, and nothing comes in.

    Args:
        points: of one place, with aware times, in any order. What is later than `now`, or older than `HISTORY` before
            the last point, is ignored. An amount that is no number is no point.
        now: aware.
        expires_at: when the credit is lost, if it is: an estimate never lies behind it.

    Returns:
        Never an `out_at` before `now` for an amount above 0.
    """
    ordered = in_order(points, now)
    if not ordered:
        return Runway("not_enough_data")
    last = ordered[-1]
    seen = last.at - ordered[0].at
    unit = _Unit.of(ordered)
    found, falls, withdrawn = _course(ordered, unit)
    blank = Runway("not_enough_data", seen_days=round(seen / _DAY, 2), as_of=last.at)
    known = seen >= _DAY
    per_day = unit.amount(found.level) if found else Decimal(0) if known else None
    if last.amount <= 0:
        return _gone(ordered, attrs.evolve(blank, per_day=per_day))
    if found is None:
        told = known and (not withdrawn or seen >= _WITHDRAWAL_TOLD)
        return attrs.evolve(blank, verdict="not_falling", per_day=Decimal(0)) if told else blank
    amount = unit.number(last.amount)
    days = found.until_spent(amount)
    enough = falls >= _FALLS or seen >= 7 * _DAY
    if not enough or (not known and (seen < _AT_LEAST or days is None or days * _DAY > seen)):
        return blank
    earliest = found.until_spent(amount, _DEVIATIONS)
    latest = found.until_spent(amount, -_DEVIATIONS)
    # The cycle of a day is known to the hour, no better.
    earliest = None if earliest is None else earliest - _HOUR / _DAY
    latest = None if latest is None else latest + _HOUR / _DAY
    out_at, earliest_at, latest_at = (_at(last.at, one, now, expires_at) for one in (days, earliest, latest))
    return attrs.evolve(
        blank, verdict="estimate", per_day=per_day, out_at=out_at, earliest=earliest_at, latest=latest_at
    )


def band(
    points: Iterable[Point], runway: Runway, *, until: datetime | None = None, count: int = 60
) -> tuple[BandPoint, ...]:
    """The line from the last amount to where it runs out, with its interval; for charts.

    Args:
        points: those that `runway` was estimated from.
        runway: what `estimate` said.
        until: where the line ends; unless told, where it is at 0, or ten times as far as the history at most.
        count: how many points, 2 at least.

    Returns:
        Nothing without an estimate, for an amount of 0 or below, or for an `until` before the line begins.
    """
    ordered = in_order(points, runway.as_of)
    if runway.verdict != "estimate" or not ordered or ordered[-1].amount <= 0:
        return ()
    last = ordered[-1]
    unit = _Unit.of(ordered)
    found = _course(ordered, unit)[0]
    if found is None:
        return ()
    amount = unit.number(last.amount)
    if until is not None:
        days = (until - last.at) / _DAY
    else:
        ends = found.until_spent(amount, -_DEVIATIONS) or found.until_spent(amount)
        days = min(ends or math.inf, 10 * max(runway.seen_days, 1.0))
    if days <= 0:
        return ()
    line: list[BandPoint] = []
    for number in range(max(count, 2)):
        ahead = days * number / (max(count, 2) - 1)
        weight = found.weight(ahead)
        spent, off = found.level * weight, _DEVIATIONS * found.deviation(weight)
        try:
            at = last.at + timedelta(days=ahead)
        except OverflowError:  # the year 9999
            break
        expected, low, high = (
            unit.shown(amount - one, last.amount) for one in (spent, spent + off, max(spent - off, 0.0))
        )
        line.append(BandPoint(at, expected, low, high))
    return tuple(line)


@attrs.frozen
class _Unit:
    """What amounts are counted in for statistics: divided by ten to this power, the largest lies between 1 and 10."""

    exponent: int

    @classmethod
    def of(cls, ordered: Sequence[Point]) -> _Unit:
        amounts = [point.amount for point in ordered]
        largest = max(max(amounts).copy_abs(), min(amounts).copy_abs())
        return cls(largest.adjusted() if largest else 0)

    def number(self, amount: Decimal) -> float:
        """The amount for statistics."""
        return float(EXACT.scaleb(amount, Decimal(-self.exponent)))

    def amount(self, number: float) -> Decimal:
        """The amount that a statistical figure means, rounded."""
        return EXACT.scaleb(_ROUNDED.create_decimal_from_float(number), Decimal(self.exponent))

    def shown(self, number: float, like: Decimal) -> Decimal:
        """The same, not below 0, with decimals as `like` has."""
        decimals = min(int(like.as_tuple().exponent), like.adjusted() - _ROUNDED.prec + 1)
        decimals = max(decimals, self.exponent - EXACT.prec // 2)  # what nobody could tell apart, nor read
        return EXACT.quantize(max(self.amount(number), Decimal(0)), Decimal((0, (1,), decimals)))


def _course(ordered: Sequence[Point], unit: _Unit) -> tuple[Course | None, int, bool]:
    """How the amount is spent, how many falls say so, and whether a withdrawal was set aside."""
    told = sorted_out(changes(ordered))
    falls = sum(change.amount < 0 for change in told.spent)
    return course(told, ordered[-1].at, unit.exponent), falls, bool(told.withdrawals)


def _gone(ordered: Sequence[Point], blank: Runway) -> Runway:
    """For an amount of 0 or below: since when, if it ever was above."""
    since = ordered[-1].at
    for point in reversed(ordered):
        if point.amount > 0:
            return attrs.evolve(blank, verdict="estimate", out_at=since, earliest=since, latest=since)
        since = point.at
    if blank.per_day:
        return attrs.evolve(blank, verdict="estimate", out_at=since, earliest=since, latest=since)
    return attrs.evolve(blank, verdict="not_falling" if blank.per_day is not None else "not_enough_data")


def _at(last: datetime, days: float | None, now: datetime, expires_at: datetime | None) -> datetime | None:
    """The time so many days after the last point, to the second; not before now, nor after the credit is lost."""
    found: datetime | None = None
    if days is not None:
        try:
            found = max(last + timedelta(seconds=round(days * 86400)), now)
        except OverflowError:  # the year 9999
            found = None
    if expires_at is None:
        return found
    return max(min(found or expires_at, expires_at), now)
