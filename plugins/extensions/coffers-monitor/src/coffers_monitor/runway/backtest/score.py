"""Runs every method on every case, and says how far off each was."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from statistics import median
from typing import Any, Final, TypeAlias

import attrs

from coffers_monitor.runway.forecast import COVERAGE, Runway

from .methods import METHODS, Answer
from .shapes import DAYS, SHAPES, Case, Shape, case

__all__ = ["HISTORIES", "HORIZONS", "YOUNG_BEFORE", "Score", "measure", "scores"]

#: So many days before the end a forecast is asked for.
HORIZONS: Final = (1.0, 3.0, 7.0, 14.0, 30.0)
#: And, a week before the end, with so many days of history.
HISTORIES: Final = (0.25, 1.0, 3.0, 7.0, 14.0, 30.0)
YOUNG_BEFORE: Final = 7.0
_DAY: Final = timedelta(days=1)

#: What each method answered, and the truth.
Asked: TypeAlias = tuple[dict[str, Answer], datetime | None]


@attrs.frozen
class Score:
    """How one method did on some cases.

    Attributes:
        cases: how many.
        no_answer: the part of them without a date; for a forecast these are the two below.
        not_falling, not_enough_data: the parts with these verdicts.
        error: the median of the days between the date foretold and the true one, either way. No answer counts as
            further off than any, so a method gains nothing by keeping silent; None where that is the median.
        bias: the median of how many days too late the date was, below 0 for too early; of those with a date.
        bad: what nine of ten errors stay below, counted in the same way.
        covered: of the estimates, the part with an interval that held the truth.
        open_ended: of the estimates, the part without a latest date.
        width: the median width of the intervals in days, open ones as the widest; None where that is the median.
    """

    cases: int
    no_answer: float
    not_falling: float | None = None
    not_enough_data: float | None = None
    error: float | None = None
    bias: float | None = None
    bad: float | None = None
    covered: float | None = None
    open_ended: float | None = None
    width: float | None = None


def measure(
    seeds: Sequence[int],
    shapes: Sequence[Shape] = SHAPES,
    horizons: Sequence[float] = HORIZONS,
    histories: Sequence[float] = HISTORIES,
) -> dict[str, Any]:
    """Everything the tables show, as JSON has it. Minutes for many seeds.

    Args:
        seeds: which worlds of each shape.
        shapes: how money is spent in them.
        horizons: how many days before the end a forecast is asked for.
        histories: and, a week before the end, with how many days of history.
    """
    ending = [shape for shape in shapes if shape.ends]

    def asked(some: Sequence[Shape], days: float, history: float = DAYS) -> list[Asked]:
        return [_ask(case(shape, seed, days, history)) for shape in some for seed in seeds]

    by_shape = {shape.title: {f"{days:g}": asked([shape], days) for days in horizons} for shape in shapes}
    together = {
        f"{days:g}": [one for shape in ending for one in by_shape[shape.title][f"{days:g}"]] for days in horizons
    }
    young = {f"{history:g}": asked(ending, YOUNG_BEFORE, history) for history in histories}
    return {
        "coverage": COVERAGE,
        "seeds": len(seeds),
        "shapes": {shape.title: shape.about for shape in shapes},
        "by_shape": {
            title: {days: _plain(scores(some)) for days, some in by_days.items()} for title, by_days in by_shape.items()
        },
        "together": {days: _plain(scores(some)) for days, some in together.items()},
        "by_history": {history: _plain(scores(some)) for history, some in young.items()},
    }


def _ask(one: Case) -> Asked:
    return {name: method(one.points) for name, method in METHODS.items()}, one.out_at


def scores(some: Sequence[Asked]) -> dict[str, Score]:
    """How each method did."""
    return {name: _score([(answers[name], truth) for answers, truth in some]) for name in METHODS}


def _plain(found: Mapping[str, Score]) -> dict[str, dict[str, float | None]]:
    return {
        name: {key: None if value is None else round(value, 4) for key, value in attrs.asdict(score).items()}
        for name, score in found.items()
    }


def _score(answers: Sequence[tuple[datetime | Runway | None, datetime | None]]) -> Score:
    dates = [(answer.out_at if isinstance(answer, Runway) else answer, truth) for answer, truth in answers]
    late = [(date - truth) / _DAY for date, truth in dates if date is not None and truth is not None]
    silent = sum(date is None for date, _ in dates)
    ends = all(truth is not None for _, truth in dates)
    errors = sorted(map(abs, late)) + [math.inf] * silent
    score = Score(
        cases=len(answers),
        no_answer=silent / len(answers),
        error=_known(median(errors)) if ends else None,
        bias=median(late) if late else None,
        bad=_known(errors[math.ceil(0.9 * len(errors)) - 1]) if ends else None,
    )
    verdicts = [answer.verdict for answer, _ in answers if isinstance(answer, Runway)]
    if not verdicts:
        return score
    estimates = [(answer, truth) for answer, truth in answers if isinstance(answer, Runway) and answer.earliest]
    widths = [(one.latest - one.earliest) / _DAY if one.latest and one.earliest else math.inf for one, _ in estimates]
    return attrs.evolve(
        score,
        not_falling=verdicts.count("not_falling") / len(verdicts),
        not_enough_data=verdicts.count("not_enough_data") / len(verdicts),
        covered=sum(_holds(*one) for one in estimates) / len(estimates) if estimates else None,
        open_ended=sum(one.latest is None for one, _ in estimates) / len(estimates) if estimates else None,
        width=_known(median(widths)) if widths else None,
    )


def _known(number: float) -> float | None:
    return number if math.isfinite(number) else None


def _holds(one: Runway, truth: datetime | None) -> bool:
    """Whether the interval holds the truth; that it never ends is held by one that is open."""
    if truth is None:
        return one.latest is None
    return one.earliest is not None and one.earliest <= truth and (one.latest is None or truth <= one.latest)
