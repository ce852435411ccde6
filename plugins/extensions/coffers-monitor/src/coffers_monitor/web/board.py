"""What stands how: each account's state, and which needs somebody first. Pure: values and a time in, values out.

It must never call an old figure current, nor a failed read a low balance. Imports `view` and `facts` alone.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias

import attrs

from coffers_monitor.facts import Attempt, Figures, Place

from .view import Alert, Forecast, View, Watched

__all__ = ["STATES", "Board", "Row", "Standing", "State", "board", "is_current", "is_stale"]

State: TypeAlias = Literal["critical", "failed", "paused", "stale", "unconfirmed", "warn", "waiting", "ok"]
#: From the worst to the best.
STATES: Final[tuple[State, ...]] = ("critical", "failed", "paused", "stale", "unconfirmed", "warn", "waiting", "ok")

#: A figure is stale once this many reads are missing, and not before the seconds have passed.
_MISSED_READS: Final = 3
_STALE_AFTER_S: Final = 300.0


#: What ends within this time is not called well, even where nobody has written a rule about it.
_SOON: Final = timedelta(days=2)


def is_stale(watched: Watched, now: datetime) -> bool:
    """Whether the account has not been read for so long that nobody may take its figures for today's."""
    if watched.good is None:
        return False
    return (now - watched.good.at).total_seconds() > max(_MISSED_READS * watched.every_s, _STALE_AFTER_S)


def is_current(watched: Watched, now: datetime) -> bool:
    """Whether the last figures hold: the latest read succeeded, and not long ago."""
    return watched.last is not None and watched.last.rows is not None and not is_stale(watched, now)


@attrs.frozen
class Row:
    """One place of an account.

    Attributes:
        figures: the last that are known.
        state: of this place.
        forecast: how long it lasts.
        alerts: what the rules hold against it.
    """

    figures: Figures
    state: State
    forecast: Forecast
    alerts: tuple[Alert, ...] = ()

    @property
    def out_at(self) -> datetime | None:
        """When it runs out, or None."""
        return self.forecast.out_at if self.forecast.verdict == "estimate" else None


@attrs.frozen
class Standing:
    """One account.

    Attributes:
        watched: what is known of it.
        state: the worst of its own and its rows'.
        current: whether its figures hold; otherwise they are the last known.
        rows: its places, in the provider's order.
        alerts: what the rules hold against the account as a whole.
    """

    watched: Watched
    state: State
    current: bool
    rows: tuple[Row, ...]
    alerts: tuple[Alert, ...] = ()

    @property
    def failure(self) -> Attempt | None:
        """The latest read, if it failed."""
        last = self.watched.last
        return last if last is not None and last.rows is None else None

    @property
    def first_out(self) -> Row | None:
        """The row that runs out first, if any does."""
        return min((row for row in self.rows if row.out_at), key=lambda row: _seconds(row.out_at), default=None)


@attrs.frozen
class Board:
    """All accounts, the most urgent first.

    Attributes:
        at: the time it is of.
        standings: the accounts.
        counts: how many are in which state; a state that none is in is absent.
    """

    at: datetime
    standings: tuple[Standing, ...]
    counts: Mapping[str, int]

    @property
    def state(self) -> State:
        """The worst state of all; ``"waiting"`` where there is no account."""
        return self.standings[0].state if self.standings else "waiting"

    @property
    def first_out(self) -> Row | None:
        """What runs out first, if anything does."""
        rows = (row for standing in self.standings if (row := standing.first_out))
        return min(rows, key=lambda row: _seconds(row.out_at), default=None)

    @property
    def strip(self) -> State:
        """What the page as a whole says: the worst state; a warning where no rule objects and yet money ends soon."""
        first = self.first_out
        if self.state not in ("ok", "waiting") or first is None or first.out_at is None:
            return self.state
        return "warn" if first.out_at - self.at < _SOON else self.state

    @property
    def is_pending(self) -> bool:
        """Whether there are forecasts that nobody has worked out yet."""
        return any(row.forecast.verdict == "pending" for one in self.standings for row in one.rows)

    @property
    def newest(self) -> datetime | None:
        """When the latest read ended, of any account."""
        return max((one.watched.last.at for one in self.standings if one.watched.last), default=None)


def board(view: View, now: datetime, forecast: Callable[[Place], Forecast] | None = None) -> Board:
    """Look at everything.

    Args:
        view: what is known.
        now: the time.
        forecast: how long a place lasts; None asks the view, which may take its time.
    """
    by_account: dict[str, list[Alert]] = {}
    for alert in view.alerts():
        by_account.setdefault(alert.account, []).append(alert)
    ask = forecast or view.runway
    standings = [_standing(watched, by_account.get(watched.account, ()), ask, now) for watched in view.accounts()]
    standings.sort(key=_urgency)
    return Board(now, tuple(standings), Counter(standing.state for standing in standings))


def _standing(
    watched: Watched, alerts: Sequence[Alert], forecast: Callable[[Place], Forecast], now: datetime
) -> Standing:
    current = is_current(watched, now)
    own = _own_state(watched, now)
    figures = watched.good.rows or () if watched.good else ()
    known = {row.place for row in figures}
    rows: list[Row] = []
    for row in figures:
        held = tuple(alert for alert in alerts if alert.place == row.place)
        rows.append(Row(row, _level(held), forecast(row.place), held))
    # An alert about a place that is not there any more is still one about the account.
    others = tuple(alert for alert in alerts if alert.place not in known)
    state = _worst((own, _level(others), *[row.state for row in rows]))
    return Standing(watched, state, current, tuple(rows), others)


def _own_state(watched: Watched, now: datetime) -> State:
    if watched.paused:
        return "paused"
    if watched.last is None:
        return "waiting"
    if watched.last.rows is None:
        return "failed"
    return "stale" if is_stale(watched, now) else "ok"


def _level(alerts: Sequence[Alert]) -> State:
    return _worst([alert.level for alert in alerts])


def _worst(states: Sequence[State]) -> State:
    for state in STATES:
        if state in states:
            return state
    return "ok"


def _urgency(standing: Standing) -> tuple[int, float, str]:
    first = standing.first_out
    return STATES.index(standing.state), _seconds(first.out_at if first else None), standing.watched.account


def _seconds(when: datetime | None) -> float:
    return math.inf if when is None else when.timestamp()
