"""How an amount is spent: so much a day, in a cycle of a day and of a week, more or less evenly.

A local level model with seasonal factors, as in any textbook on state space methods: a day's spending lies about a
level, and the level itself moves a little from day to day. How much of either there is, the data say. A day is a window
of 24 hours counted back from the last point, so no time zone is needed: a night is a night, wherever it is.

Statistics are done in floats, in a unit in which the largest amount lies between 1 and 10. Nothing of it is shown as an
amount before `runway` has rounded it.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import accumulate
from statistics import fmean
from typing import Final

import attrs

from .changes import EXACT, Change, SortedOut

__all__ = ["Course", "course"]

_HOUR: Final = timedelta(hours=1)
#: Changes that took longer say nothing of the hours of a day.
_FINE: Final = 2.0
#: The cycle of a day is taken from so many days; so many days of a flat one are mixed in.
_CYCLE_DAYS: Final = 14
_FLAT_DAYS: Final = 1.0
#: The cycle of a week is looked for once two of them were seen.
_WEEK: Final = 7
_WEEKS_DAYS: Final = 14
#: A window that was seen for less than this part tells nothing of days; nor an hour of the day's hours.
_SEEN: Final = 0.5
#: Before anything is known, a day's spending is thought to be off by this part of the level; worth so many days.
_DOUBT: Final = 0.5
_DOUBT_DAYS: Final = 2.0
#: The level is thought to move by about this part of itself in a day, within a factor of three either way, mostly.
_MOVES: Final = 0.03
_MOVES_FACTOR: Final = 3
#: What is tried: the variance of the level's move in a day, as a part of that of a day's spending.
_RATIOS: Final = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
#: Nothing is foretold beyond this.
_FAR: Final = 3650.0


@attrs.frozen
class Course:
    """How an amount is spent.

    Attributes:
        level: spent a day, on the average of a week.
        error: variance of a day's spending about the level.
        doubt: variance of the level about the true one.
        drift: variance of the level's own move in a day.
        days: factors of the next seven days; their mean is 1.
        hours: factors of the next 24 hours; their mean is 1.
    """

    level: float
    error: float
    doubt: float
    drift: float
    days: tuple[float, ...]
    hours: tuple[float, ...]

    def weight(self, days_ahead: float) -> float:
        """How many average days of spending lie in the next `days_ahead`."""
        whole = int(days_ahead)
        weeks, rest = divmod(whole, _WEEK)
        hour, part = divmod((days_ahead - whole) * 24, 1)
        today = (sum(self.hours[: int(hour)]) + part * self.hours[int(hour) % 24]) / 24
        return weeks * _WEEK + sum(self.days[:rest]) + self.days[rest] * today

    def days_ahead(self, weight: float) -> float:
        """After how many days so many average days of spending are over; the inverse of `weight`."""
        weeks, left = divmod(weight, _WEEK)
        ahead = weeks * _WEEK
        for factor in self.days:
            if left < factor:
                break
            left -= factor
            ahead += 1
        else:
            return ahead  # a rounding error beyond the week's end
        left *= 24 / factor
        for hour in self.hours:
            if left < hour:
                return ahead + left / hour / 24
            left -= hour
            ahead += 1 / 24
        return ahead

    def deviation(self, weight: float) -> float:
        """Standard deviation of what is spent in so many average days, from `level * weight`."""
        return math.sqrt(self.error * weight + self.doubt * weight**2 + self.drift * weight**3 / 3)

    def until_spent(self, amount: float, deviations: float = 0.0) -> float | None:
        """In how many days the amount is spent, if spending is so many standard deviations above its forecast.

        Returns:
            Days, or None where that lies beyond ten years.
        """
        if amount <= 0:
            return 0.0

        def spent(weight: float) -> float:
            return self.level * weight + deviations * self.deviation(weight)

        high = 1 / 24
        while spent(high) < amount:
            high *= 1.25
            if high > _FAR:
                return None
        low = 0.0 if high == 1 / 24 else high / 1.25
        for _ in range(50):
            middle = (low + high) / 2
            low, high = (low, middle) if spent(middle) >= amount else (middle, high)
        return self.days_ahead(high)


def course(told: SortedOut, last: datetime, exponent: int) -> Course | None:
    """How an amount was spent, and will be if nothing changes.

    Args:
        told: its changes.
        last: when its last point was.
        exponent: amounts are divided by ten to this power first.

    Returns:
        None where nothing was spent.
    """
    spent, seen, fine_spent, fine_seen = _by_hour(told.spent, last, exponent)
    hours = _hours(fine_spent, fine_seen)
    windows = range(len(spent) // 24)
    totals = [max(0.0, sum(spent[24 * day : 24 * day + 24])) for day in windows]
    shares = [
        sum(part * factor for part, factor in zip(seen[24 * day : 24 * day + 24], reversed(hours), strict=True)) / 24
        for day in windows
    ]
    days = _days(totals, shares)
    weights = [share * days[-1 - day % _WEEK] for day, share in enumerate(shares)]
    if sum(totals) <= 0:
        return None
    found = [_filtered(totals, weights, days, hours, ratio) for ratio in _RATIOS]
    return max(found, key=operator.itemgetter(0))[1]


def _by_hour(
    changes: Sequence[Change], last: datetime, exponent: int
) -> tuple[list[float], list[float], list[float], list[float]]:
    """Spent in each hour, and how much of the hour was seen, newest first; the same for what is known to the hour."""
    length = 0
    if changes:
        length = -(-((last - min(change.since for change in changes)) // _HOUR + 1) // 24) * 24
    spent, seen, rough_spent, rough_seen = ([0.0] * length for _ in range(4))
    for change in changes:
        young, old = (last - change.at) / _HOUR, (last - change.since) / _HOUR
        fell = -float(EXACT.scaleb(change.amount, Decimal(-exponent)))
        rate = fell / (old - young)
        rough = fell and old - young > _FINE
        start = young
        for hour in range(int(young), math.ceil(old)):
            end = min(old, hour + 1.0)
            spent[hour] += rate * (end - start)
            seen[hour] += end - start
            if rough:
                rough_spent[hour] += rate * (end - start)
                rough_seen[hour] += end - start
            start = end
    fine_spent = [max(0.0, one - rough) for one, rough in zip(spent, rough_spent, strict=True)]
    fine_seen = [max(0.0, one - rough) for one, rough in zip(seen, rough_seen, strict=True)]
    return spent, seen, fine_spent, fine_seen


def _hours(spent: Sequence[float], seen: Sequence[float]) -> tuple[float, ...]:
    """The factors of the next 24 hours."""
    length = _CYCLE_DAYS * 24
    known = [sum(seen[hour:length:24]) for hour in range(24)]
    if min(known) < _SEEN:
        return (1.0,) * 24
    rates = [max(0.0, sum(spent[hour:length:24])) / known[hour] for hour in range(24)]
    if not (mean := fmean(rates)):
        return (1.0,) * 24
    mixed = [(rate / mean * days + _FLAT_DAYS) / (days + _FLAT_DAYS) for rate, days in zip(rates, known, strict=True)]
    mean = fmean(mixed)
    return tuple(factor / mean for factor in reversed(mixed))


def _days(totals: Sequence[float], shares: Sequence[float]) -> tuple[float, ...]:
    """The factors of the next seven days: as far from 1 as their differences are more than chance."""
    known = {
        day: total / share for day, (total, share) in enumerate(zip(totals, shares, strict=True)) if share >= _SEEN
    }
    ratios: list[list[float]] = [[] for _ in range(_WEEK)]
    if len(known) >= _WEEKS_DAYS:
        places = list(known)
        sums = list(accumulate(known.values(), initial=0.0))
        for place, day in enumerate(places):
            start = min(max(place - _WEEK // 2, 0), len(places) - _WEEK)
            around = (sums[start + _WEEK] - sums[start]) / _WEEK
            if around > 0:
                ratios[(-1 - day) % _WEEK].append(known[day] / around)
    count = sum(map(len, ratios))
    if not all(ratios) or count <= _WEEK:
        return (1.0,) * _WEEK
    means = [fmean(some) for some in ratios]
    mean = fmean(means)
    between = sum(len(some) * (one - mean) ** 2 for some, one in zip(ratios, means, strict=True)) / (_WEEK - 1)
    within = sum((ratio - one) ** 2 for some, one in zip(ratios, means, strict=True) for ratio in some)
    within /= count - _WEEK
    trust = max(0.0, 1 - within / between) if between > 0 else 0.0
    return tuple(max(0.0, 1 + trust * (one / mean - 1)) for one in means)


def _filtered(
    totals: Sequence[float], weights: Sequence[float], days: tuple[float, ...], hours: tuple[float, ...], ratio: float
) -> tuple[float, Course | None]:
    """Kalman's filter for a level that moves: how likely that makes what was seen, and the course it gives.

    Args:
        totals: what was spent in each window, newest first.
        weights: of how many average days each of them should hold the spending.
        ratio: one of `_RATIOS`.
    """
    level = doubt = squares = widths = 0.0
    count = 0
    for total, weight in zip(reversed(totals), reversed(weights), strict=True):
        doubt += ratio
        if weight <= 0:
            continue
        if not count:
            level, doubt = total / weight, 1 / weight
        else:
            width = weight + weight**2 * doubt
            missed = total - weight * level
            squares += missed**2 / width
            widths += math.log(width)
            level += doubt * weight / width * missed
            doubt *= weight / width
        count += 1
    if level <= 0:
        return -math.inf, None
    error = (_DOUBT_DAYS * (_DOUBT * level) ** 2 + squares) / (_DOUBT_DAYS + count - 1)
    moves = math.sqrt(ratio * error) / level
    likely = -((_DOUBT_DAYS + count - 1) * math.log(error) + widths) / 2
    likely -= (math.log(moves / _MOVES) / math.log(_MOVES_FACTOR)) ** 2 / 2
    return likely, Course(level, error, doubt * error, ratio * error, days, hours)
