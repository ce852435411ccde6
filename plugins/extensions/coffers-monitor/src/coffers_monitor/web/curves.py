"""Sparklines and forecasts, kept: they need a week of history each, and a page shows a thousand of them.

Nothing here is what an account holds: amounts, failures and ages are always asked afresh. A kept forecast names a
date, and what is told of it is worked out against the present time.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Event
from typing import Final

import attrs
from markupsafe import Markup

from coffers_monitor.facts import Place

from .drawing import sparkline, thinned
from .view import Forecast, View

__all__ = ["SPARK_DAYS", "Curves"]

#: How much history a sparkline shows.
SPARK_DAYS: Final = 7
_SPARK_POINTS: Final = 60

#: Each is made afresh at most once in so many seconds ...
_ROUND_S: Final = 60.0
#: ... and for each second of making, nothing is made for so many.
_REST: Final = 10.0


@attrs.frozen
class _Kept:
    forecast: Forecast
    spark: Markup


class Curves:
    """What is drawn of each place. Safe between threads: at worst two of them make the same.

    Args:
        view: where history is.
        clock: the time.
    """

    def __init__(self, view: View, clock: Callable[[], datetime]) -> None:
        self._view = view
        self._clock = clock
        self._kept: dict[Place, _Kept] = {}

    def forecast(self, place: Place) -> Forecast:
        """How long it lasts."""
        return (self._kept.get(place) or self._make(place)).forecast

    def spark(self, place: Place) -> Markup:
        """Its sparkline; empty where there is too little history."""
        return (self._kept.get(place) or self._make(place)).spark

    def renew(self, stop: Event) -> None:
        """Make everything afresh, one after the other, once; pausing so that others get their turn.

        Args:
            stop: set by whoever wants it to end early.
        """
        begun = time.monotonic()
        places = {row.place for one in self._view.accounts() if one.good for row in one.good.rows or ()}
        for gone in self._kept.keys() - places:
            self._kept.pop(gone, None)
        for place in sorted(places):
            started, rest = time.monotonic(), _REST if place in self._kept else 0.0  # the first page needs them all
            self._make(place)
            if stop.wait((time.monotonic() - started) * rest):
                return
        stop.wait(max(0.0, _ROUND_S - (time.monotonic() - begun)))

    def _make(self, place: Place) -> _Kept:
        until = self._clock()
        since = until - timedelta(days=SPARK_DAYS)
        points = self._view.points(place, since, until, at_most=_SPARK_POINTS)
        kept = _Kept(self._view.runway(place), sparkline(thinned(points, _SPARK_POINTS), since, until))
        self._kept[place] = kept
        return kept
