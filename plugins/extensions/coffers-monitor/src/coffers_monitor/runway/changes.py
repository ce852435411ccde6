"""From the points of a balance to its changes: what was spent, what was topped up, what was only lent and given back.

A rise is never spending with a minus in front of it. It is one of three things:

- *a correction*: no more than an hour of usual spending. It is taken off what was spent at that time.
- *a reversal*: it undoes one notable fall of the day before, but for a tenth and for what was spent meanwhile. Neither
  of them was spending.
- *a top-up*: every other rise.

Differences are exact. Nothing here reads a clock.
"""

from __future__ import annotations

import operator
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal
from itertools import pairwise
from statistics import median_low
from typing import Final

import attrs

from coffers_monitor.facts import Point

__all__ = ["EXACT", "HISTORY", "Change", "TopUp", "changes", "in_order", "sorted_out", "thinned", "top_ups"]

#: How far back a forecast looks. Older points are ignored, so there is no need to fetch them.
HISTORY: Final = timedelta(days=42)

#: Exact for every amount that coffers lets in (50 digits, exponents to 60), and never a trap.
EXACT: Final = Context(prec=250, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[])

_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)

#: Falls that follow one another within this time are one change; a rise is always a change of its own.
_TOGETHER: Final = _HOUR
#: A rise over a longer time hides spending that would be missed.
_SHORT: Final = timedelta(hours=2)
#: A reversal comes within this time, and gives back at least this part of a fall that was so many times the usual; less
#: what may have been spent beside it, which is so many times the usual at most.
_GIVEN_BACK_WITHIN: Final = _DAY
_GIVEN_BACK: Final = Decimal("0.9")
_NOTABLE: Final = 6
_BESIDE: Final = 3
#: A withdrawal is this many times the largest change that is left without it, and as many usual days.
_OUTSTANDING: Final = 3
#: One withdrawal may be told from spending at once, and one more for each of these. Where there is no other spending,
#: only one: the second is taken for the next of many.
_WITHDRAWALS_EVERY: Final = timedelta(days=21)

_at = operator.attrgetter("at")


@attrs.frozen
class Change:
    """What became of an amount between two times.

    Attributes:
        since, at: from when to when.
        amount: what came on top; negative where it fell.
    """

    since: datetime
    at: datetime
    amount: Decimal

    @property
    def took(self) -> timedelta:
        """From when to when."""
        return self.at - self.since


@attrs.frozen
class TopUp:
    """Money that came in.

    Attributes:
        at: when it was first seen.
        amount: by how much the balance rose, exactly; what was spent in the same interval is not in it.
    """

    at: datetime
    amount: Decimal


@attrs.frozen
class SortedOut:
    """The changes of a balance, told apart.

    Attributes:
        spent: changes that are spending, or none at all (0), or a correction of it (above 0).
        unknown: times of which it is not known what was spent, for a top-up came in between.
        top_ups: what came in.
        withdrawals: what went out once, and is not expected again: the part above usual spending, below 0.
    """

    spent: tuple[Change, ...]
    unknown: tuple[Change, ...]
    top_ups: tuple[Change, ...]
    withdrawals: tuple[Change, ...]


def in_order(points: Iterable[Point], until: datetime | None = None) -> list[Point]:
    """The points that count, oldest first, whatever their order was.

    Left out: what is later than `until`, more than `HISTORY` before the last that is not, or no number. Of several at
    the same time the lowest amount counts.
    """
    kept: list[Point] = []
    for point in sorted(points, key=_at):
        if until is not None and point.at > until:
            break
        if not point.amount.is_finite():
            continue
        if not kept or kept[-1].at < point.at:
            kept.append(point)
        elif point.amount < kept[-1].amount:
            kept[-1] = point
    try:
        return kept[bisect_left(kept, kept[-1].at - HISTORY, key=_at) :] if kept else []
    except OverflowError:  # the year 1
        return kept


def changes(ordered: Sequence[Point]) -> list[Change]:
    """What happened between points `in_order`; falls within an hour are one change, and so is standing still."""
    found: list[Change] = []
    if len(ordered) < 2:
        return found
    first = last = ordered[0]
    still = False
    for point in ordered[1:]:
        was_still, still = still, point.amount == last.amount
        rises = point.amount > last.amount
        if first is not last and (rises or still is not was_still or (not still and point.at - first.at > _TOGETHER)):
            found.append(Change(first.at, last.at, EXACT.subtract(last.amount, first.amount)))
            first = last
        if rises:
            found.append(Change(last.at, point.at, EXACT.subtract(point.amount, last.amount)))
            first = point
        last = point
    if first is not last:
        found.append(Change(first.at, last.at, EXACT.subtract(last.amount, first.amount)))
    return found


def thinned(points: Iterable[Point]) -> tuple[Point, ...]:
    """The points that matter, oldest first: about one an hour while an amount falls, and fewer while it stands still.

    `estimate`, `band` and `top_ups` say the same of them as of all, for a `now` that is not before the last one. So
    whoever asks often may keep these alone, and thin them again with each point that comes.
    """
    ordered = in_order(points)
    kept = {change.at for change in changes(ordered)}
    # When it came to 0 or below, too, is something to tell.
    kept.update(one.at for before, one in pairwise(ordered) if (before.amount > 0) is not (one.amount > 0))
    return tuple(one for one in ordered if one is ordered[0] or one.at in kept)


def sorted_out(every: Sequence[Change]) -> SortedOut:
    """Tell the changes apart."""
    hour = EXACT.divide(_usual_day(every), Decimal(24))
    spent: list[Change] = []
    unknown: list[Change] = []
    came_in: list[Change] = []
    for change in every:
        if change.amount <= 0 or (change.amount <= hour and change.took <= _SHORT):
            spent.append(change)
            continue
        place = _undone(spent, change, hour)
        if place is not None:
            fall = spent[place]
            left = min(EXACT.add(fall.amount, change.amount), Decimal(0))
            spent[place] = attrs.evolve(fall, amount=left)
        else:
            came_in.append(change)
        if change.took > _SHORT:
            unknown.append(change)
        else:
            spent.append(attrs.evolve(change, amount=Decimal(0)))
    spent, gone = _without_withdrawals(spent, hour)
    return SortedOut(tuple(spent), tuple(unknown), tuple(came_in), gone)


def top_ups(points: Iterable[Point]) -> tuple[TopUp, ...]:
    """What came in, oldest first, among the last `HISTORY` of points. Reversals and corrections are left out.

    Args:
        points: of one place, in any order.
    """
    return tuple(TopUp(change.at, change.amount) for change in sorted_out(changes(in_order(points))).top_ups)


def _usual(change: Change, hour: Decimal) -> Decimal:
    """What is usually spent in as long a time, for `hour` an hour."""
    return EXACT.multiply(hour, Decimal(change.took / _HOUR))


def _usual_day(every: Sequence[Change]) -> Decimal:
    """The median of what was spent a day, counted back from the last change; rises and days unseen left out."""
    days: dict[int, Decimal] = {}
    for change in every:
        # A change over many days counts evenly for each of them.
        newest = (every[-1].at - change.at) // _DAY
        oldest = max(newest, -((change.since - every[-1].at) // _DAY) - 1)
        fall = max(change.amount.copy_negate(), Decimal(0))
        if oldest > newest:
            fall = EXACT.divide(fall, Decimal(oldest - newest + 1))
        for day in range(newest, oldest + 1):
            days[day] = EXACT.add(days.get(day, Decimal(0)), fall)
    return median_low(days.values()) if days else Decimal(0)


def _undone(spent: Sequence[Change], rise: Change, hour: Decimal) -> int | None:
    """Which fall the `rise` undoes, if any: the latest that fits."""
    for place in range(len(spent) - 1, -1, -1):
        fall = spent[place]
        if rise.at - fall.at > _GIVEN_BACK_WITHIN:
            return None
        size, usual = fall.amount.copy_negate(), _usual(fall, hour)
        least = EXACT.subtract(EXACT.multiply(size, _GIVEN_BACK), EXACT.multiply(usual, Decimal(_BESIDE)))
        if size > EXACT.multiply(usual, Decimal(_NOTABLE)) and least <= rise.amount <= EXACT.add(size, hour):
            return place
    return None


def _without_withdrawals(spent: list[Change], hour: Decimal) -> tuple[list[Change], tuple[Change, ...]]:
    """What was spent as usual, and what stands out so far, and so seldom, that nobody should expect it again."""
    if not spent:
        return spent, ()
    day = EXACT.multiply(hour, Decimal(24))
    # What is no more than a usual day is neither a withdrawal nor large enough to make one look ordinary.
    above = sorted(
        (
            (EXACT.subtract(change.amount.copy_negate(), _usual(change, hour)), place)
            for place, change in enumerate(spent)
            if change.amount.copy_negate() > day
        ),
        reverse=True,
    )
    most = 1 + (spent[-1].at - spent[0].since) // _WITHDRAWALS_EVERY if hour else 1
    days = EXACT.multiply(day, Decimal(_OUTSTANDING))
    count = 0
    for number, ((more, _), (less, _)) in enumerate(pairwise([*above, (Decimal(0), -1)]), 1):
        if number > most or more <= days:
            break
        if more > EXACT.multiply(max(less, Decimal(0)), Decimal(_OUTSTANDING)):
            count = number
    gone: list[Change] = []
    for more, place in above[:count]:
        change = spent[place]
        gone.append(attrs.evolve(change, amount=more.copy_negate()))
        spent[place] = attrs.evolve(change, amount=EXACT.add(change.amount, more))
    return spent, tuple(sorted(gone, key=_at))
