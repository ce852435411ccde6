"""From a result to the tables, and to the documentation's page. The same result makes the same page, to the letter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .methods import METHODS
from .score import YOUNG_BEFORE
from .shapes import CHANGED_BEFORE

__all__ = ["page", "tables"]

_OURS, *_OTHERS = METHODS

_HEAD = """\
# How long it lasts

The monitor says of each balance when it will run out. This page says how it knows, and how far to trust it. Every
figure on it is made by the backtest that ships with the monitor; none is written by hand.

## What it does

**What is spending?** A fall is. A rise is never spending with a minus in front: it is a top-up, and counts for
nothing. There are two exceptions. A rise of less than an hour's usual spending is a correction, a refund say, and is
taken off. A rise that gives back one large fall of the day before was a hold, and neither counts. A fall that stands
out so far that nobody should expect it again, three times the next and three usual days, is a withdrawal, and does
not count either.

**How is it spent?** What was spent is sorted into hours. The hours of a day get factors, so an idle night costs
nothing. So do the days of a week, once two weeks were seen and as far as the days differ by more than chance. No time
zone is needed: an hour is known by how long before the last reading it was. Between readings far apart spending is
taken to be even; where a top-up came in between, it is unknown, not 0.

**How much a day?** A local level model, as in any textbook on state space methods: the spending of a day scatters
about a level, and the level moves. How much of either there is, is what makes the days that were seen most likely.
Uneven spending is averaged over weeks; spending that has been even and then changes is believed in days. The last 42
days count.

**The interval** holds three doubts: days differ, the level is not known exactly, and it will move. It is made to hold
the true date in {coverage:.0%} of cases. Where even that is anybody's guess it has no end.

**Not enough data** is an answer: with less than a day of history, unless the balance runs out sooner than it has been
watched; with fewer than three falls in less than a week; after one fall alone in less than three days. A balance that
does not fall is *not falling*, and an amount of 0 that was never above has not run out.

**Credit that expires** lasts no longer than that. An amount of 0 or below ran out when it was first seen there.

The amounts are exact. The statistics are done in floating point, and a rate is rounded to six digits before it is
shown.

## How it was tried

Spending is simulated, so the truth is known: {seeds} worlds of each shape, from fixed seeds that were not used
while the forecast was made. A world is 60 days long, read every 15 minutes, at a thousand a day or so. The forecast
is asked 1, 3, 7, 14 and 30 days before the true end. Three simpler methods are asked the same:

- *last two points*: the slope between the last two readings;
- *least squares*: the slope of a line through all readings;
- *least squares since the last rise*: the same through the readings since money last came in.

An error is the distance in days between the date foretold and the true one. A method that gives no date is taken to
be further off than any, so nothing is gained by silence; a median of such is shown as –.
"""

_TOGETHER = """\
## Against simpler methods

The median error in days, all shapes that end taken together.
"""

_ERRORS = """\
## By shape

The median error in days; in brackets the best of the three simpler methods *for that very cell*, which nobody could
have chosen beforehand. Bold is where the forecast is no worse than that.
"""

_BAD = """\
Nine of ten errors are below this many days:
"""

_COVERED = """\
## The interval

How often it held the true date; it is made for {coverage:.0%}. The median width in days is in brackets.
"""

_YOUNG = """\
## With little history

All shapes that end, {young:g} days before the end, with so many days of history.
"""

_IDLE = """\
An *idle* account, from which 5 to 15 days' worth was withdrawn once, was called not falling in {not_falling:.0%} of
all cases, and given a date in {dated:.0%}.
"""

_LIMITS = """\
## What it is bad at

- **What has not happened yet.** {changed} days before the end the *step change* comes. Asked 14 days before the end
  it is {step:.1f} days off in the median, and the interval held the truth in {step_covered:.0%} of cases: a day is
  not enough to tell a change from a busy day. Nor can anything foretell a change to come.
- **Steady growth.** The level follows growth, and does not expect it to go on. For 4 or 2 % more, or 2 % less, with
  each day it is {growing:.1f} days off, 30 days before the end, and the interval held the truth in
  {growing_covered:.0%} of cases. At 7 days it is {growing_week:.1f}.
- **Few large campaigns.** Nobody knows when the next one comes. The interval is wide, {bursts_width:.0f} days a week
  before the end, and held the truth in {bursts_covered:.0%} of cases: the sum of few large amounts is less even than
  it takes it to be.
- **A bill once a month.** One fall in 42 days, and nothing else, is taken for a withdrawal: *not falling*, and no
  date, until the second one is seen. Use a rule on the amount (`below`) for such an account.
- **A fall a day** is known to the hour, but not whether the last bill is just covered: a day's error either way.
- **Where a line is enough.** Spending without top-ups, withdrawals or change is foretold as well by least squares, at
  some horizons better; the table says where. A line through whole weeks does not mind a weekly cycle, nor one through
  all readings an amount that was held for some hours.
- **Top-ups between readings far apart** hide spending. Where the balance fell all the same, nobody can see that there
  was one.
- **Top-ups of the very amount of one large fall, within a day of it** are taken for the end of a hold.

The interval is too wide for even spending, and too narrow for the shapes above. It says what would happen if spending
went on as it did. It is no promise: put the threshold of a rule where you still have time to act.
"""


def page(result: Mapping[str, Any]) -> str:
    """The documentation's page."""
    by_shape = result["by_shape"]
    idle = by_shape["idle"]
    facts = {
        "coverage": result["coverage"],
        "seeds": result["seeds"],
        "young": YOUNG_BEFORE,
        "changed": CHANGED_BEFORE,
        "step": by_shape["step change"]["14"][_OURS]["error"],
        "step_covered": by_shape["step change"]["14"][_OURS]["covered"],
        "growing": by_shape["growing"]["30"][_OURS]["error"],
        "growing_covered": by_shape["growing"]["30"][_OURS]["covered"],
        "growing_week": by_shape["growing"]["7"][_OURS]["error"],
        "bursts_covered": by_shape["bursts"]["7"][_OURS]["covered"],
        "bursts_width": by_shape["bursts"]["7"][_OURS]["width"],
        "not_falling": _mean(one[_OURS]["not_falling"] for one in idle.values()),
        "dated": _mean(1 - one[_OURS]["no_answer"] for one in idle.values()),
    }
    ending = {title: found for title, found in by_shape.items() if title != "idle"}
    days = [f"{_days(one)} before" for one in result["together"]]
    shapes = _table(("shape", "spending"), result["shapes"].items())
    parts = [
        _HEAD.format(**facts),
        shapes,
        _TOGETHER,
        _table(("method", *days), _by_method(result["together"])),
        _ERRORS,
        _table(("shape", *days), ((title, *map(_against, found.values())) for title, found in ending.items())),
        _BAD,
        _table(("shape", *days), ((title, *_each(found, "bad")) for title, found in ending.items())),
        _COVERED.format(**facts),
        _table(("shape", *days), ((title, *map(_covered, found.values())) for title, found in ending.items())),
        _table(("", *days), [("all together", *map(_covered, result["together"].values()))]),
        _YOUNG.format(**facts),
        _young(result["by_history"]),
        _IDLE.format(**facts),
        _LIMITS.format(**facts),
    ]
    return "\n".join(parts)


def tables(result: Mapping[str, Any]) -> str:
    """The same for a terminal, with every method in every cell."""
    width = max(map(len, [*result["shapes"], "all together"]))
    lines = [
        f"median error in days: {' / '.join(METHODS)}",
        "of the first: [nine of ten below] covered (width) silent",
    ]
    groups = {**result["by_shape"], "all together": result["together"]}
    groups["a week before, by history"] = result["by_history"]
    for title, found in groups.items():
        lines.append("")
        for days, methods in found.items():
            ours = methods[_OURS]
            errors = "  ".join(f"{_number(methods[name]['error']):>7}" for name in METHODS)
            rest = f"[{_number(ours['bad'])}] {_covered(methods)} {ours['no_answer']:.0%}"
            lines.append(f"{title:<{width}} {days:>5}  {errors}  {rest}")
    return "\n".join(lines) + "\n"


def _by_method(together: Mapping[str, Any]) -> Iterable[Sequence[str]]:
    for name in METHODS:
        yield name, *(_number(found[name]["error"]) for found in together.values())


def _young(by_history: Mapping[str, Any]) -> str:
    rows = [
        (
            _days(days),
            f"{ours['not_enough_data']:.0%}",
            _number(ours["error"]),
            *(_number(found[name]["error"]) for name in _OTHERS),
            _covered(found),
        )
        for days, found in by_history.items()
        for ours in [found[_OURS]]
    ]
    return _table(("history", "not enough data", "median error", *_OTHERS, "the interval held"), rows)


def _each(found: Mapping[str, Any], key: str) -> Iterable[str]:
    return (_number(one[_OURS][key]) for one in found.values())


def _against(found: Mapping[str, Any]) -> str:
    """Ours, and the best of the others."""
    ours = found[_OURS]["error"]
    best = min((found[name]["error"] for name in _OTHERS if found[name]["error"] is not None), default=None)
    shown = _number(ours)
    if ours is not None and (best is None or float(shown) <= float(_number(best))):
        shown = f"**{shown}**"
    return f"{shown} ({_number(best)})"


def _covered(found: Mapping[str, Any]) -> str:
    ours = found[_OURS]
    if ours["covered"] is None or ours["not_enough_data"] > 0.95:  # a handful of estimates is no measure
        return "–"
    return f"{ours['covered']:.0%} ({'open' if ours['width'] is None else _number(ours['width'])})"


def _days(number: str) -> str:
    return f"{number} day" if number == "1" else f"{number} days"


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.2f}" if value < 10 else f"{value:.0f}"


def _mean(values: Iterable[float]) -> float:
    listed = list(values)
    return sum(listed) / len(listed)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
