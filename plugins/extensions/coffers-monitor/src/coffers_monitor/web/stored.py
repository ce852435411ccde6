"""What the page asks, answered from the store, the config and the forecast: the `View` of the real monitor.

The only module of this room that knows the other rooms. It reads; nothing it does changes anything. What was asked a
moment ago is not asked again: a page, its API and its metrics want the same at once.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final, Literal

import attrs

from coffers.cli.door import config_file, installed_providers
from coffers_monitor.facts import Attempt, Place, Point
from coffers_monitor.notify import Letter, headline, summary
from coffers_monitor.rules import Notice, Rule, State, StateError, rules_of_place, standing
from coffers_monitor.runway import HISTORY, BandPoint, Runway, TopUp, band, estimate, top_ups
from coffers_monitor.store import KeptNotice, Store
from coffers_monitor.watching.books import ENOUGH_POINTS
from coffers_monitor.watching.changes import Reloading
from coffers_monitor.watching.pace import REFUSALS_TO_PAUSE
from coffers_monitor.watching.plan import Plan, opened_store, read_plan

from .app import make_app
from .serving import Place as Where
from .serving import served
from .view import Alert, Fetches, Level, Threshold, Told, View, Watched

__all__ = ["StoredView", "open_view", "serve_beside"]

#: Seconds for which what was looked up stands.
_FRESH_S: Final = 1.0
#: What was told lately: so many letters of so long ago at most, and how many are looked through for them, since others
#: may share the database.
_TOLD: Final = 3
_LETTERS: Final = 50
_LATELY: Final = timedelta(days=7)

_UNCONFIRMED: Final = "everything was 0 after there was money; it is read again before that counts"


def _now() -> datetime:
    return datetime.now(UTC)


@attrs.frozen
class _Look:
    """What is known at one moment."""

    at_s: float
    plan: Plan
    latest: Mapping[str, tuple[Attempt | None, Attempt | None]]
    states: Mapping[str, str]
    refusals: Mapping[str, int]
    told: Sequence[KeptNotice]


class StoredView:
    """See `View`.

    Args:
        store: where reads are; another process may write there.
        plan: what the config comes to now; asked again and again.
        clock: the time (aware).
        fresh_s: seconds for which what was looked up stands.
    """

    def __init__(
        self,
        store: Store,
        plan: Callable[[], Plan],
        *,
        clock: Callable[[], datetime] = _now,
        fresh_s: float = _FRESH_S,
    ) -> None:
        self._store = store
        self._plan = plan
        self._clock = clock
        self._fresh_s = fresh_s
        self._lock = threading.Lock()  # guards what is next
        self._look_now: _Look | None = None
        # At worst two threads work the same out.
        self._held: dict[str, tuple[str, tuple[Rule, ...], tuple[Alert, ...]]] = {}
        self._lines: tuple[tuple[Rule, ...], dict[Place, tuple[Threshold, ...]]] = ((), {})

    # --- accounts --------------------------------------------------------------------------------------------------

    def accounts(self) -> Sequence[Watched]:
        """See `View.accounts`."""
        look = self._look()
        found: list[Watched] = []
        for name, watched in look.plan.accounts.items():
            last, good = look.latest[name]
            every_s = max(watched.pace.every_s, watched.pace.least_s)
            paused = look.refusals.get(name, 0) >= REFUSALS_TO_PAUSE
            found.append(Watched(name, watched.account.provider, every_s, last, good, paused))
        return found

    def fetches(self) -> Sequence[Fetches]:
        """See `View.fetches`."""
        watched = {(name, one.account.provider) for name, one in self._look().plan.accounts.items()}
        found: dict[tuple[str, str], tuple[dict[str, int], float]] = {}
        for one in self._store.counted():
            if (one.account, one.provider) not in watched:
                continue  # the store remembers every account there ever was
            outcomes, elapsed_s = found.get((one.account, one.provider), ({}, 0.0))
            outcomes[one.outcome] = one.times
            found[one.account, one.provider] = (outcomes, elapsed_s + one.elapsed_s)
        return [Fetches(*whose, outcomes, elapsed_s) for whose, (outcomes, elapsed_s) in found.items()]

    def _look(self) -> _Look:
        """What is known, looked up now or a moment ago."""
        with self._lock:
            known = self._look_now
            if known is not None and time.monotonic() - known.at_s < self._fresh_s:
                return known
            plan, kept = self._plan(), self._store.latest()
            latest: dict[str, tuple[Attempt | None, Attempt | None]] = {}
            for name, watched in plan.accounts.items():
                last, good = kept.get(name, (None, None))
                ours = watched.account.provider  # what another provider said of an account of this name is no answer
                latest[name] = (
                    last if last is not None and last.provider == ours else None,
                    good if good is not None and good.provider == ours else None,
                )
            failing = any(last is not None and last.error is not None for last, _ in latest.values())
            refusals = self._store.refusals() if failing else {}  # the watch counts by it as well
            told = self._store.notices(self._clock() - _LATELY, at_most=_LETTERS)
            self._look_now = _Look(time.monotonic(), plan, latest, self._store.states(), refusals, told)
            return self._look_now

    # --- one place -------------------------------------------------------------------------------------------------

    def points(self, place: Place, since: datetime, until: datetime, *, at_most: int) -> Sequence[Point]:
        """See `View.points`."""
        return self._store.points(place, since, until, at_most=max(at_most, 4))

    def runway(self, place: Place) -> Runway:
        """See `View.runway`."""
        now = self._clock()
        return estimate(self._history(place, now), now, expires_at=self._expiry(place))

    def band(self, place: Place, until: datetime) -> Sequence[BandPoint]:
        """See `View.band`."""
        now = self._clock()
        points = self._history(place, now)
        return band(points, estimate(points, now, expires_at=self._expiry(place)), until=until)

    def top_ups(self, place: Place, since: datetime, until: datetime) -> Sequence[TopUp]:
        """See `View.top_ups`."""
        found: dict[datetime, TopUp] = {}
        while until > since:
            found.update({one.at: one for one in top_ups(self._history(place, until)) if since <= one.at <= until})
            until -= HISTORY
        return [found[at] for at in sorted(found)]

    def thresholds(self, place: Place) -> Sequence[Threshold]:
        """See `View.thresholds`. They follow from the rules, and are worked out once for them."""
        rules = self._look().plan.parts.rules
        of, known = self._lines
        if of is not rules:
            known = {}
            self._lines = (rules, known)
        if place not in known:
            known[place] = tuple(_thresholds(rules, place))
        return known[place]

    def _history(self, place: Place, until: datetime) -> list[Point]:
        return self._store.points(place, until - HISTORY, until, at_most=ENOUGH_POINTS)

    def _expiry(self, place: Place) -> datetime | None:
        _, good = self._look().latest.get(place.account, (None, None))
        rows = good.rows or () if good is not None else ()
        return next((row.expires_at for row in rows if row.place == place), None)

    # --- alerts ----------------------------------------------------------------------------------------------------

    def alerts(self) -> Sequence[Alert]:
        """See `View.alerts`."""
        look = self._look()
        found: list[Alert] = []
        for name in look.plan.accounts:
            found += self._held_of(name, look.states.get(name), look.plan.parts.rules)
            _, good = look.latest[name]
            if good is not None and good.unconfirmed:
                rows = good.rows or ()
                found += [Alert(name, row.place, "unconfirmed", "unconfirmed", good.at, _UNCONFIRMED) for row in rows]
        return found

    def told(self) -> Sequence[Told]:
        """See `View.told`."""
        look, found = self._look(), list[Told]()
        for one in look.told:
            if len(found) == _TOLD:
                break
            with contextlib.suppress(StateError):  # `coffers notify --list` tells of it
                letter = Letter.from_text(one.text)
                if letter.notice.account in look.plan.accounts:
                    text = headline(letter.notice)
                    found.append(Told(one.at, letter.channel, text, one.sent_at, one.next_try, one.last_error))
        return found

    def _held_of(self, name: str, text: str | None, rules: tuple[Rule, ...]) -> tuple[Alert, ...]:
        """What the rules hold against an account. It follows from what they remember, and is worked out once for it."""
        if text is None:
            return ()
        known = self._held.get(name)
        if known is None or known[0] != text or known[1] is not rules:
            try:
                notices = standing(rules, State.from_text(text), self._clock())
            except StateError:
                notices = ()  # the watch tells of it, and begins anew
            known = self._held[name] = (text, rules, tuple(map(_alert, notices)))
        return known[2]


def _thresholds(rules: tuple[Rule, ...], place: Place) -> Generator[Threshold]:
    for rule in rules_of_place(rules, place):
        for level, limit in rule.limits():
            word: Literal["warn", "critical"] = "critical" if level.word == "critical" else "warn"
            if rule.kind == "runway_below" and isinstance(limit, timedelta):
                yield Threshold(word, runway_s=limit.total_seconds())
            elif rule.kind == "below" and not isinstance(limit, timedelta):
                yield Threshold(word, amount=limit)


def _alert(notice: Notice) -> Alert:
    level: Level = "critical" if notice.level.word == "critical" else "warn"
    return Alert(notice.account, notice.place, level, notice.subject, notice.since, summary(notice))


@contextlib.contextmanager
def open_view(config: Path | None) -> Generator[View]:
    """What is known, by a config file.

    Args:
        config: the file that ``--config`` names, or None.

    Raises:
        ConfigError: the config has faults, or the database cannot be used.
    """
    path = config_file(config)
    file: Reloading[Plan] = Reloading(path, partial(read_plan, path, installed_providers()))
    with opened_store(file.current) as store:
        yield StoredView(store, partial(_newest, file))


def _newest(file: Reloading[Plan]) -> Plan:
    if file.changed():
        file.reload()  # faults are told by the watch; what was good before stays
    return file.current


def serve_beside(store: Store, plan: Callable[[], Plan], port: int) -> contextlib.AbstractContextManager[str]:
    """Serve the page on this machine alone, in a thread, until the block ends; the address.

    Args:
        store: where reads are.
        plan: what the config comes to now.
        port: where to listen; 0 takes a free one.
    """
    view = StoredView(store, plan)
    return served(lambda: make_app(view), Where(port=port))
