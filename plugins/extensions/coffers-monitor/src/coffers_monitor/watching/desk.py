"""What reading leads to, as one thing that is opened, follows the config and is closed: books, post and chores."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from coffers_monitor.facts import Attempt
from coffers_monitor.notify import Pace
from coffers_monitor.rules import never_seen
from coffers_monitor.store import Keep, Store, StoreError

from .books import Books, Entered
from .plan import Plan
from .post import Post, Round

__all__ = ["Desk"]

#: Seconds between two looks at what time alone brings about.
_CHORES_EVERY_S: Final = 15.0
_THIN_EVERY: Final = timedelta(days=1)
_END_S: Final = 0.3


def _now() -> datetime:
    return datetime.now(UTC)


class Desk:
    """Takes every finished read.

    Args:
        store: where all is kept; who opened it closes it, after this.
        plan: what the config comes to.
        tell: takes a line for people.
        clock: the time (aware).
        pace: how patient delivery is, unless as usual.
        chores_every_s: seconds between two looks at what time alone brings about.
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
    ) -> None:
        self._store = store
        self._tell = tell
        self._clock = clock
        self._every_s = chores_every_s
        self._database = plan.parts.database
        self._keep = Keep()
        self._stop = threading.Event()
        self._books = Books(store, clock=clock, tell=tell)
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
        try:
            seen = {name: self._store.places(name) for name in self._store.accounts()}
        except StoreError as error:
            self._tell(str(error))
        else:
            for warning in never_seen(parts.rules, seen):
                self._tell(f"warning: {warning}")

    def take(self, attempt: Attempt) -> Entered:
        """Keep a finished read and all that follows from it."""
        try:
            return self._books.enter(attempt)
        except StoreError as error:
            self._tell(f"{attempt.account}: a read was not kept: {error}")
            return Entered(attempt)

    def close(self) -> None:
        """End what goes on beside; each for a moment and no longer."""
        self._stop.set()
        self._post.close()
        self._chores.join(_END_S)

    def _do_chores(self) -> None:
        thinned_at: datetime | None = None
        told = ""
        while not self._stop.wait(self._every_s):
            try:
                self._books.pass_time(self._stop.is_set)
                now = self._clock()
                if thinned_at is None or now - thinned_at >= _THIN_EVERY:
                    thinned_at = now
                    self._store.thin(now, self._keep, stop=self._stop.is_set)
                told = ""
            except StoreError as error:
                if str(error) != told and not self._stop.is_set():
                    told = str(error)
                    self._tell(told)
