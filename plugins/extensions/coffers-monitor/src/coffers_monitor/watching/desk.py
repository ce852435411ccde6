"""What reading leads to, as one thing that is opened, follows the config and is closed: books, post and chores.

Nothing that goes wrong here ends the reading, and nothing but the end of the process ends what is done here.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from coffers_monitor.facts import Attempt
from coffers_monitor.notify import Pace
from coffers_monitor.rules import never_seen, too_short
from coffers_monitor.store import Keep, Store, StoreError

from .backlog import Backlog
from .books import Books, Entered
from .faults import fault_text
from .marks import mark_of
from .pace import Watched
from .plan import Plan
from .post import Post, Round

__all__ = ["Desk"]

#: Seconds between two looks at what time alone brings about.
_CHORES_EVERY_S: Final = 15.0
#: Warnings of a kind that are told one by one.
_MOST_WARNINGS: Final = 5
_THIN_EVERY: Final = timedelta(days=1)
#: Seconds of thinning between two looks.
_THIN_S: Final = 5.0
_END_S: Final = 0.3
#: Seconds by which the two clocks of a machine come apart before it is taken to have slept.
_SLEPT_S: Final = 60.0


def _now() -> datetime:
    return datetime.now(UTC)


def _longest(watched: Watched) -> timedelta:
    return timedelta(seconds=watched.pace.longest_s)


class Desk:
    """Takes every finished read.

    Args:
        store: where all is kept; who opened it closes it, after this.
        plan: what the config comes to.
        tell: takes a line for people.
        clock: the time (aware).
        pace: how patient delivery is, unless as usual.
        chores_every_s: seconds between two looks at what time alone brings about.
        settle_s: seconds without such a look at first, and after the machine slept: accounts that were not read for
            long are about to be, and shall not be told of for that.
    """

    def __init__(
        self,
        store: Store,
        plan: Plan,
        *,
        tell: Callable[[str], object],
        clock: Callable[[], datetime] = _now,
        pace: Pace | None = None,
        chores_every_s: float = _CHORES_EVERY_S,
        settle_s: float = 0.0,
    ) -> None:
        self._store = store
        self._tell = tell
        self._clock = clock
        self._every_s = chores_every_s
        self._settle_s = settle_s
        self._database = plan.parts.database
        self._keep = Keep()
        self._stop = threading.Event()
        self._books = Books(store, clock=clock, tell=tell)
        self._backlog = Backlog(self._books.enter, tell=tell)
        self._post = Post(store, clock=clock, tell=tell, pace=pace)
        self.follow(plan)
        self._post.start()
        self._chores = threading.Thread(target=self._do_chores, name="coffers-watch-chores", daemon=True)
        self._chores.start()

    def follow(self, plan: Plan) -> None:
        """Go by this from now on."""
        parts = plan.parts
        if parts.database != self._database:
            self._tell("monitor.database has changed; the one before is used until `coffers watch` is started anew")
        self._keep = parts.keep
        providers = {name: watched.account.provider for name, watched in plan.accounts.items()}
        self._books.follow(parts.rules, parts.channels, providers)
        self._post.follow(Round(parts.channels, plan.folder, parts.page))
        self._warn(too_short(parts.rules, {name: _longest(watched) for name, watched in plan.accounts.items()}))
        try:
            marks = {name: mark_of(watched.account) for name, watched in plan.accounts.items()}
            self._store.note_configs(marks, self._clock())
            seen = {name: self._store.places(name) for name in self._store.accounts()}
        except StoreError as error:
            self._tell(str(error))
        else:
            self._warn(never_seen(parts.rules, seen))

    def _warn(self, warnings: Sequence[str]) -> None:
        for warning in warnings[:_MOST_WARNINGS]:
            self._tell(f"warning: {warning}")
        if len(warnings) > _MOST_WARNINGS:
            self._tell(f"warning: and {len(warnings) - _MOST_WARNINGS} more like that")

    def take(self, attempt: Attempt) -> Entered:
        """Keep a finished read and all that follows from it; later, where the database is away."""
        return self._backlog.take(attempt)

    def refusals(self) -> dict[str, int]:
        """How often the key of an account was refused, as far as that is known, by its name."""
        try:
            return self._store.refusals()
        except StoreError as error:
            self._tell(str(error))
            return {}

    def forgive(self, account: str) -> None:
        """Refusals of an account's key until now count no more: somebody asks for it."""
        try:
            self._store.forgive(account, self._clock())
        except StoreError as error:
            self._tell(str(error))

    def close(self) -> None:
        """End what goes on beside; each for a moment and no longer."""
        self._stop.set()
        self._post.close()
        self._chores.join(_END_S)

    def tell_lost(self) -> None:
        """Tell of reads that are not kept. To be called when the last read was taken: one under way is not lost yet."""
        if lost := len(self._backlog):
            self._tell(f"{lost} reads were not kept: the database was away to the end")

    def _thin(self, now: datetime) -> bool:
        """Take away what is old, for some seconds; whether that was all of it."""
        until = time.monotonic() + _THIN_S
        self._store.thin(now, self._keep, stop=lambda: self._stop.is_set() or time.monotonic() > until)
        return time.monotonic() <= until

    def _do_chores(self) -> None:
        thinned_at: datetime | None = None
        told = ""
        settled_at = time.monotonic() + self._settle_s
        apart = time.time() - time.monotonic()
        while not self._stop.wait(self._every_s):
            apart, before = time.time() - time.monotonic(), apart  # its sleep is no part of the time that nobody sets
            if apart - before > _SLEPT_S:
                settled_at = time.monotonic() + self._settle_s
            try:
                self._backlog.retry()
                if time.monotonic() >= settled_at:
                    self._books.pass_time(self._stop.is_set)
                now = self._clock()
                if thinned_at is None or now - thinned_at >= _THIN_EVERY:
                    thinned_at = now if self._thin(now) else None  # it goes on after the next look
                told = ""
            except Exception as error:  # noqa: BLE001  whatever it is, the next look must be taken
                if (text := fault_text(error)) != told and not self._stop.is_set():
                    told = text
                    self._tell(told)
