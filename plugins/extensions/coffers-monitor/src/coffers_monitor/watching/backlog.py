"""Reads that the database could not take wait here until it can: each is kept in the end, in its order, once.

They wait in memory, so no more of them than there is room for; what goes for want of room is told.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Final, Protocol

from coffers import time_to_text
from coffers_monitor.facts import Attempt
from coffers_monitor.store import StoreError

from .books import Entered

__all__ = ["Backlog"]

_AT_MOST: Final = 10_000
#: Seconds in which a database that was away is left alone: each try may take long.
_REST_S: Final = 5.0


class _Enter(Protocol):
    def __call__(self, attempt: Attempt, *, again: bool) -> Entered: ...


class Backlog:
    """Enters reads as soon as that can be done. Safe between threads.

    Args:
        enter: keeps a read; `again` where an earlier try may have kept it, and its answer was lost.
        tell: takes a line for people.
        at_most: how many may wait.
        clock: seconds, of the time that nobody sets.
    """

    def __init__(
        self,
        enter: _Enter,
        *,
        tell: Callable[[str], object],
        at_most: int = _AT_MOST,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._enter = enter
        self._tell = tell
        self._at_most = at_most
        self._clock = clock
        self._lock = threading.Lock()  # guards all below
        self._waiting: deque[Attempt] = deque()
        self._away = False  # the first one that waits was tried
        self._not_before = 0.0
        self._kept = 0
        self._dropped = 0

    def __len__(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def take(self, attempt: Attempt) -> Entered:
        """Keep a read behind those that wait, now or later; where it is later, nothing is known of it yet."""
        with self._lock:
            self._waiting.append(attempt)
            if len(self._waiting) > self._at_most:
                self._drop()
            return self._empty() or Entered(attempt)

    def retry(self) -> None:
        """See whether those that wait can be kept."""
        with self._lock:
            self._empty()

    def _empty(self) -> Entered | None:
        """Keep what waits; what came of the last one, or None where it still waits or went."""
        if self._away and self._clock() < self._not_before:
            return None
        entered: Entered | None = None
        while self._waiting:
            entered = None
            first = self._waiting[0]
            try:
                entered = self._enter(first, again=self._away)
            except StoreError as error:
                if not error.refused:
                    self._wait(first, error)
                    return None
                self._tell(f"{first.account}: a read was not kept: {error}")
            except BaseException:
                self._waiting.popleft()  # it would fail for ever
                raise
            self._waiting.popleft()
            self._kept += self._away
        if self._away:
            lost = f"; {self._dropped} were dropped" if self._dropped else ""
            self._tell(f"the database is back: {self._kept} reads that waited for it are kept{lost}")
        self._away, self._kept, self._dropped = False, 0, 0
        return entered

    def _wait(self, first: Attempt, error: StoreError) -> None:
        self._not_before = self._clock() + _REST_S
        if not self._away:
            self._away = True
            self._tell(
                f"{first.account}: a read cannot be kept now, it waits in memory, and so do all after it: {error}"
            )

    def _drop(self) -> None:
        oldest = self._waiting.popleft()
        if not self._dropped:
            which = f"{oldest.account} of {time_to_text(oldest.at.replace(microsecond=0))}"
            self._tell(f"more than {self._at_most} reads wait for the database: the oldest are dropped, first {which}")
        self._dropped += 1
