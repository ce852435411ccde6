"""Simulated spending, of which the end is known.

A world is 60 days of spending in steps of 15 minutes, ending in the instant at which the balance is spent. A case is
what a reader knows of it some days before that end: the points up to then. Nothing comes in after a case, for a
forecast says what happens if nothing does; but what came in and went out before it is in its points.

Money is spent a thousand a day, more or less. What is drawn by chance comes from the seed alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Final

import attrs

from coffers_monitor.facts import Point

__all__ = ["CHANGED_BEFORE", "DAYS", "SHAPES", "Case", "Shape", "case"]

DAYS: Final = 60
_STEPS: Final = 96
_TOTAL: Final = DAYS * _STEPS
_DAY: Final = 1000.0
_STEP: Final = timedelta(minutes=15)
#: A Monday.
_BEGIN: Final = datetime(2026, 3, 2, tzinfo=UTC)
#: How long before its end a step change comes.
CHANGED_BEFORE: Final = 15


@attrs.frozen
class Case:
    """What is known, and what will be.

    Attributes:
        points: what was read so far, oldest first; the last is now.
        out_at: when it will run out; None where it will not.
    """

    points: tuple[Point, ...]
    out_at: datetime | None


@attrs.frozen
class Shape:
    """A way to spend.

    Attributes:
        title: its name in the table.
        about: one line on it.
        spend: spending for each step of a world.
        top_ups: whether money comes in every few days before a case.
        withdrawal: whether once, within the ten days before a case, 5 to 15 days' worth goes out at once.
        holds: whether amounts are held and given back some hours later.
        read: which of the steps of a case are read.
        ends: whether it runs out at all.
    """

    title: str
    about: str
    spend: Callable[[Random], list[float]]
    top_ups: bool = False
    withdrawal: bool = False
    holds: bool = False
    read: Callable[[Random, int], list[int]] = lambda _, now: list(range(now + 1))
    ends: bool = True


def _noise(chance: Random) -> float:
    """An uneven quarter of an hour: mean 1, standard deviation 0.5."""
    return chance.gammavariate(4, 0.25)


def _day(step: int) -> float:
    """Office hours and the evening; nothing at night. Mean 1."""
    return max(0.0, math.sin(((step % _STEPS) / _STEPS * 24 - 7) / 15 * math.pi)) * 2.5132741


def _week(step: int, first: int) -> float:
    """Hardly anything on two days of the seven. Mean 1."""
    return 0.05 if (step // _STEPS + first) % 7 >= 5 else 1.38


def _steady(chance: Random) -> list[float]:
    return [_DAY / _STEPS * _noise(chance) for _ in range(_TOTAL)]


def _daily(chance: Random) -> list[float]:
    shift = chance.randrange(_STEPS)
    return [_DAY / _STEPS * _day(step + shift) * _noise(chance) for step in range(_TOTAL)]


def _weekly(chance: Random) -> list[float]:
    first = chance.randrange(7)
    return [spent * _week(step, first) for step, spent in enumerate(_daily(chance))]


def _bursts(chance: Random) -> list[float]:
    """Two campaigns a week, of three hours, at any time; a tenth goes on beside them."""
    found = [0.1 * _DAY / _STEPS * _noise(chance) for _ in range(_TOTAL)]
    for step in range(_TOTAL):
        if chance.random() < 2 / 7 / _STEPS:
            size = 0.9 * _DAY * 3.5 * chance.gammavariate(4, 0.25)
            for later in range(step, min(step + 12, _TOTAL)):
                found[later] += size / 12
    return found


def _step(chance: Random) -> list[float]:
    factor = chance.choice((0.33, 0.5, 2.0, 3.0))
    changed = _TOTAL - CHANGED_BEFORE * _STEPS
    return [spent * (factor if step >= changed else 1) for step, spent in enumerate(_daily(chance))]


def _growing(chance: Random) -> list[float]:
    rate = chance.choice((-0.02, 0.02, 0.04))
    return [spent * math.exp(rate * step / _STEPS) for step, spent in enumerate(_daily(chance))]


def _billed_daily(chance: Random) -> list[float]:
    at = chance.randrange(_STEPS)
    return [_DAY * chance.uniform(0.9, 1.1) if step % _STEPS == at else 0.0 for step in range(_TOTAL)]


def _billed_monthly(chance: Random) -> list[float]:
    return [30 * _DAY if (step + 1) % (30 * _STEPS) == 0 else 0.0 for step in range(_TOTAL)]


def _mixed(chance: Random) -> list[float]:
    """A weekly cycle that grows or falls by up to 1 % a day, with a campaign every ten days."""
    rate = chance.uniform(-0.01, 0.01)
    found = [spent * math.exp(rate * step / _STEPS) for step, spent in enumerate(_weekly(chance))]
    for step in range(_TOTAL):
        if chance.random() < 0.1 / _STEPS:
            for later in range(step, min(step + 12, _TOTAL)):
                found[later] += _DAY * 2 / 12
    return found


def _idle(chance: Random) -> list[float]:
    return [0.0] * _TOTAL


def _gaps(chance: Random, now: int) -> list[int]:
    """Every hour or so, with a gap of up to two days each week."""
    found: list[int] = []
    step = 0
    while step < now:
        found.append(step)
        step += chance.randint(1, 8) if chance.random() > 1 / (7 * 21) else chance.randint(20, 2 * _STEPS)
    return [*found, now]


def _downsampled(chance: Random, now: int) -> list[int]:
    """Each quarter of an hour for three days, once a day before."""
    return [step for step in range(now + 1) if step % _STEPS == 0 or step > now - 3 * _STEPS]


SHAPES: Final = (
    Shape("steady", "day and night, uneven from one quarter of an hour to the next", _steady),
    Shape("daily cycle", "nothing for nine hours of the night", _daily),
    Shape("weekly cycle", "the same, and hardly anything on two days of seven", _weekly),
    Shape("bursts", "two campaigns of three hours a week, at any time, are nine tenths of it", _bursts),
    Shape(
        "step change", f"a daily cycle; {CHANGED_BEFORE} days before the end a third, half, twice or three times", _step
    ),
    Shape("growing", "a daily cycle; 4 % or 2 % more, or 2 % less, with each day", _growing),
    Shape("top-ups", "a daily cycle; money comes in every 2 to 7 days", _daily, top_ups=True),
    Shape("one-off withdrawal", "a daily cycle; of late 5 to 15 days' worth went out at once", _daily, withdrawal=True),
    Shape("holds", "a daily cycle; amounts are held, and given back some hours later", _daily, holds=True),
    Shape("mixed", "weekly cycle, growth, campaigns, top-ups, a withdrawal", _mixed, top_ups=True, withdrawal=True),
    Shape("mixed, gaps", "the same, read every hour or so, with gaps", _mixed, True, True, read=_gaps),
    Shape(
        "mixed, downsampled", "the same, a point a day but for the last three", _mixed, True, True, read=_downsampled
    ),
    Shape("billed daily", "a fall a day", _billed_daily),
    Shape("billed monthly", "a fall a month", _billed_monthly),
    Shape("idle", "nothing; once, of late, 5 to 15 days' worth went out", _idle, withdrawal=True, ends=False),
)


def case(shape: Shape, seed: int, days_before: float, history_days: float = DAYS) -> Case:
    """What was known of a world some days before its end.

    Args:
        shape: how money is spent.
        seed: which of the worlds.
        days_before: how long before the end.
        history_days: how much of what was before then is known, at most.
    """
    chance = Random(f"{shape.spend.__name__} {seed}")  # noqa: S311  a simulation, to be drawn again
    spent = shape.spend(chance)
    now = _TOTAL - round(days_before * _STEPS)
    end = max((step for step in range(now, _TOTAL) if spent[step] > 0), default=None)
    chance = Random(f"{shape.spend.__name__} {seed} {days_before}")  # noqa: S311  likewise
    moved = [0.0] * now
    if shape.withdrawal:
        moved[now - chance.randint(_STEPS // 2, 10 * _STEPS)] -= _DAY * chance.uniform(5, 15)
    if shape.top_ups:
        step = chance.randint(0, 7 * _STEPS)
        while step < now:
            days = chance.uniform(2, 7)
            moved[step] += _DAY * days
            step += round(_STEPS * days)
    if shape.holds:
        for step in range(now - 30):
            if chance.random() < 0.5 / _STEPS:
                size = _DAY * chance.uniform(0.3, 2)
                moved[step] -= size
                moved[step + chance.randint(2, 30)] += size
    # The balance now is what is yet to be spent; what was before follows from it.
    ahead = sum(_cents(one) for one in spent[now:]) if end is not None else _cents(10 * _DAY)
    amounts = [ahead]
    for step in reversed(range(now)):
        amounts.append(amounts[-1] + _cents(spent[step]) - _cents(moved[step]))
    amounts.reverse()
    steps = [step for step in shape.read(chance, now) if step >= now - history_days * _STEPS]
    points = tuple(Point(_BEGIN + step * _STEP, Decimal(amounts[step]).scaleb(-2)) for step in steps)
    return Case(points, None if end is None else _BEGIN + (end + 1) * _STEP)


def _cents(amount: float) -> int:
    return round(amount * 100)
