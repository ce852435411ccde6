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

from coffers_monitor.facts import Attempt, Figures

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
#: What has ended within this time is told as news.
_LATELY: Final = timedelta(days=7)


def is_stale(watched: Watched, now: datetime) -> bool:
    """Whether the account has not been read for so long that nobody may take its figures for today's."""
    return watched.good is not None and now - watched.good.at > _too_old(watched)


def _too_old(watched: Watched) -> timedelta:
    return timedelta(seconds=max(_MISSED_READS * watched.every_s, _STALE_AFTER_S))


def is_current(watched: Watched, now: datetime) -> bool:
    """Whether the last figures hold: the latest read succeeded, and not long ago."""
    return watched.last is not None and watched.last.rows is not None and not is_stale(watched, now)


@attrs.frozen
class Row:
    """One place of an account.

    Attributes:
        figures: the last that are known.
        state: of this place: what its alerts come to, and a warning at least where it is gone lately.
        forecast: how long it lasts.
        alerts: what the rules hold against it.
    """

    figures: Figures
    state: State
    forecast: Forecast
    alerts: tuple[Alert, ...] = ()

    @property
    def out_at(self) -> datetime | None:
        """When it runs out, or did; None where that is not known, and for an amount that nobody has confirmed."""
        return self.forecast.out_at if self.forecast.verdict == "estimate" and not self.is_unconfirmed else None

    @property
    def is_unconfirmed(self) -> bool:
        """Whether its amount is set aside until it is read again."""
        return bool(self.alerts) and any(alert.level == "unconfirmed" for alert in self.alerts)

    @property
    def has_run_out(self) -> bool:
        """Whether there was something to spend and is nothing any more; a forecast alone never says so."""
        spendable = self.figures.spendable
        return self.out_at is not None and spendable is not None and spendable <= 0

    def has_expired(self, now: datetime) -> bool:
        """Whether there is something that cannot be spent any more."""
        ends = self.figures.expires_at
        return ends is not None and ends <= now and not self.has_run_out

    def gone_since(self, now: datetime) -> datetime | None:
        """Since when it has run out or expired; None where it has not."""
        if self.has_run_out:
            return self.out_at
        return self.figures.expires_at if self.has_expired(now) else None

    def is_gone_lately(self, now: datetime) -> bool:
        """Whether that is news; what nobody has filled up for a week is left empty on purpose."""
        since = self.gone_since(now)
        return since is not None and now - since < _LATELY


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
    def is_behind(self) -> bool:
        """Whether the provider's own time of the figures lies far before the time at which they were read."""
        good = self.watched.good
        return good is not None and good.as_of is not None and good.at - good.as_of > _too_old(self.watched)


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
    def gone_lately(self) -> tuple[Row, ...]:
        """What has run out or expired in the last days, the latest first."""
        rows = [row for one in self.standings for row in one.rows if row.is_gone_lately(self.at)]
        return tuple(sorted(rows, key=lambda row: _seconds(row.gone_since(self.at)), reverse=True))

    @property
    def first_out(self) -> Row | None:
        """What runs out first of what has not yet, if anything does."""
        rows = [row for one in self.standings for row in one.rows if row.out_at and row.gone_since(self.at) is None]
        return min(rows, key=lambda row: _seconds(row.out_at), default=None)

    @property
    def ends_soon(self) -> Row | None:
        """What no rule objects to and yet runs out within two days."""
        first = self.first_out
        if self.state not in ("ok", "waiting") or first is None or first.out_at is None:
            return None
        return first if first.out_at - self.at < _SOON else None

    @property
    def strip(self) -> State:
        """What the page as a whole says: the worst state; a warning where no rule objects and yet money ends soon."""
        return "warn" if self.ends_soon else self.state

    @property
    def is_pending(self) -> bool:
        """Whether there are forecasts that nobody has worked out yet."""
        return any(row.forecast.verdict == "pending" for one in self.standings for row in one.rows)

    @property
    def newest(self) -> datetime | None:
        """When the latest read ended, of any account."""
        return max((one.watched.last.at for one in self.standings if one.watched.last), default=None)


def board(view: View, now: datetime, forecast: Callable[[Figures], Forecast] | None = None) -> Board:
    """Look at everything.

    Args:
        view: what is known.
        now: the time.
        forecast: how long what is at a place lasts; None asks the view, which may take its time.
    """
    by_account: dict[str, list[Alert]] = {}
    for alert in view.alerts():
        by_account.setdefault(alert.account, []).append(alert)
    ask: Callable[[Figures], Forecast] = forecast or (lambda figures: view.runway(figures.place))
    standings = [_standing(watched, by_account.get(watched.account, ()), ask, now) for watched in view.accounts()]
    standings.sort(key=lambda standing: _urgency(standing, now))
    return Board(now, tuple(standings), Counter(standing.state for standing in standings))


def _standing(
    watched: Watched, alerts: Sequence[Alert], forecast: Callable[[Figures], Forecast], now: datetime
) -> Standing:
    current = is_current(watched, now)
    own = _own_state(watched, now)
    figures = watched.good.rows or () if watched.good else ()
    known = {row.place for row in figures}
    rows: list[Row] = []
    for row in figures:
        held = tuple(alert for alert in alerts if alert.place == row.place)
        one = Row(row, _level(held), forecast(row), held)
        rows.append(attrs.evolve(one, state=_worst((one.state, "warn"))) if one.is_gone_lately(now) else one)
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


def _urgency(standing: Standing, now: datetime) -> tuple[int, float, str]:
    ends = [row.out_at for row in standing.rows if row.gone_since(now) is None or row.is_gone_lately(now)]
    return STATES.index(standing.state), min(map(_seconds, ends), default=math.inf), standing.watched.account


def _seconds(when: datetime | None) -> float:
    return math.inf if when is None else when.timestamp()
