"""Sparklines and forecasts, kept: they need weeks of history, and a page shows a thousand of each.

Nothing here is what an account holds: amounts, failures and ages are always asked afresh. A kept forecast names a
date, and what is told of it is worked out against the present time. It must not outlive the amount that it is of: once
that has run out, or is there again, the forecast is made afresh.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from threading import Event
from typing import Final

import attrs
from markupsafe import Markup

from coffers_monitor.facts import Figures, Place

from .drawing import sparkline, thinned
from .view import Forecast, View

__all__ = ["CURVES_EVERY_S", "SPARK_DAYS", "Curves"]

#: How much history a sparkline shows.
SPARK_DAYS: Final = 7
_SPARK_POINTS: Final = 60

#: Each is made afresh at most once in so many seconds ...
CURVES_EVERY_S: Final = 60.0
#: ... and for each second of making, nothing is made for so many.
_REST: Final = 10.0

#: A page makes what is missing for so many seconds, once in so many; what is still missing then is pending.
_PATIENCE_S: Final = 0.5
_PATIENCE_EVERY_S: Final = 5.0


@attrs.frozen
class _Pending:
    """In place of a forecast that nobody has worked out yet."""

    verdict: str = "pending"
    per_day: Decimal | None = None
    out_at: datetime | None = None
    earliest: datetime | None = None
    latest: datetime | None = None
    seen_days: float = 0.0


@attrs.frozen
class _Kept:
    forecast: Forecast
    spark: Markup
    amount: Decimal | None = None

    def is_of(self, amount: Decimal | None) -> bool:
        """Whether it can still speak of an amount: not if that has run out meanwhile, or is there again."""
        if amount is None or self.amount is None:
            return amount is self.amount
        return (amount > 0) == (self.amount > 0)


class Curves:
    """What is drawn of each place. Safe between threads: at worst two of them make the same.

    Args:
        view: where history is.
        clock: the time.
        every_s: each is made afresh at most once in so many seconds.
    """

    def __init__(self, view: View, clock: Callable[[], datetime], every_s: float = CURVES_EVERY_S) -> None:
        self._view = view
        self._clock = clock
        self._every_s = every_s
        self._kept: dict[Place, _Kept] = {}
        self._patient_since = -_PATIENCE_EVERY_S
        self._waited_s = 0.0

    def forecast(self, figures: Figures) -> Forecast:
        """How long that lasts; of the verdict ``"pending"`` where it has not been worked out yet."""
        kept = self._kept.get(figures.place)
        return (kept if kept is not None and kept.is_of(figures.spendable) else self._made_now(figures)).forecast

    def spark(self, place: Place) -> Markup:
        """Its sparkline; empty where there is too little history, or none was drawn yet."""
        kept = self._kept.get(place)
        return Markup() if kept is None else kept.spark

    def _made_now(self, figures: Figures) -> _Kept:
        """Made now if that does not take too long: thousands of them may be missing at the start."""
        begun = time.monotonic()
        if begun - self._patient_since >= _PATIENCE_EVERY_S:
            self._patient_since, self._waited_s = begun, 0.0
        if self._waited_s >= _PATIENCE_S:
            return _Kept(_Pending(), Markup())
        kept = self._make(figures)
        self._waited_s += time.monotonic() - begun
        return kept

    def renew(self, stop: Event) -> None:
        """Make everything afresh, one after the other, once; pausing so that others get their turn.

        Args:
            stop: set by whoever wants it to end early.
        """
        begun = time.monotonic()
        rows = {row.place: row for one in self._view.accounts() if one.good for row in one.good.rows or ()}
        for gone in self._kept.keys() - rows:
            self._kept.pop(gone, None)
        for place in sorted(rows):
            started, rest = time.monotonic(), _REST if place in self._kept else 0.0  # the first page needs them all
            self._make(rows[place])
            if stop.wait((time.monotonic() - started) * rest):
                return
        stop.wait(max(0.0, self._every_s - (time.monotonic() - begun)))

    def _make(self, figures: Figures) -> _Kept:
        place, until = figures.place, self._clock()
        since = until - timedelta(days=SPARK_DAYS)
        points = self._view.points(place, since, until, at_most=_SPARK_POINTS)
        spark = sparkline(thinned(points, _SPARK_POINTS), since, until)
        kept = self._kept[place] = _Kept(self._view.runway(place), spark, figures.spendable)
        return kept
