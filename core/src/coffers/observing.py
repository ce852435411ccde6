"""Those who are told of finished reads: called in threads of their own, so that none of them harms a read.

Floor 4.5, beside `fairness`; imported only where there is an observer. An observer gets the facts of one read: never
credentials, settings, messages, nor the frames of an error. It may raise, hang or end its thread; the read it is told
of is over by then, and the next ones go on.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Generator, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from traceback import walk_tb
from typing import Final

import attrs

from .account import Outcome
from .errors import CoffersError, one_line
from .models import Snapshot

__all__ = ["FinishedRead", "Observer", "Observers"]

#: Seconds that a read's result waits for an observer; and that only until one was slower.
_PATIENCE_S: Final = 1.0
#: Seconds that the end of a client waits for all of them, so that a slow one still hears of the last reads.
_FAREWELL_S: Final = 5.0
#: Reads that may wait to be told to one observer; those beyond are not told to it.
_MOST_WAITING: Final = 10_000
#: Different complaints about one observer that are logged at most.
_MOST_COMPLAINTS: Final = 5

_log = logging.getLogger("coffers")


@attrs.frozen
class FinishedRead:
    """One read that ended: a snapshot or an error, never both.

    Attributes:
        account: its name in the config.
        provider: the provider's id.
        started_at: when the read began, by our clock (aware, UTC).
        fetched_at: when it ended, likewise.
        elapsed_s: seconds between the two, by a clock that nobody sets.
        attempts: how many requests it made, repeated ones too; None where it is not known: the read was given up, or
            was made in another process.
        snapshot: what was found, or None.
        error: why nothing was found, or None; a copy of its own, scrubbed, without frames.
        config: the config file that names the account; None where a program made it.
    """

    account: str
    provider: str
    started_at: datetime
    fetched_at: datetime
    elapsed_s: float
    attempts: int | None
    snapshot: Snapshot | None
    error: CoffersError | None
    config: Path | None = None

    @classmethod
    def of(cls, outcome: Outcome) -> FinishedRead:
        """The read that ended so."""
        return cls(
            account=outcome.account.name,
            provider=outcome.account.provider,
            started_at=outcome.fetched_at - timedelta(seconds=outcome.elapsed_s),
            fetched_at=outcome.fetched_at,
            elapsed_s=outcome.elapsed_s,
            attempts=outcome.attempts,
            snapshot=outcome.snapshot,
            error=None if outcome.error is None else outcome.error.with_facts(),
        )


Observer = Callable[[FinishedRead], object]


class Observers:
    """Tells each finished read to some functions. Thread-safe.

    Args:
        observers: each is called in a thread of its own, with one read after the other.
    """

    def __init__(self, observers: Iterable[Observer]) -> None:
        self._listeners = [_Listener(observer) for observer in observers]

    def tell(self, outcome: Outcome) -> None:
        """Tell all of them, and wait until they know; for one that is slow only a moment, and then no more."""
        read = FinishedRead.of(outcome)
        for listener, heard in [(listener, listener.hear(read)) for listener in self._listeners]:
            listener.wait(heard)

    def told(self, outcomes: Generator[Outcome]) -> Generator[Outcome]:
        """The outcomes, each told before it goes on."""
        try:
            for outcome in outcomes:
                self.tell(outcome)
                yield outcome
        finally:
            outcomes.close()

    def close(self) -> None:
        """Wait a moment for those that have not heard of everything, and let their threads go."""
        until = time.monotonic() + _FAREWELL_S
        for ended in [listener.end() for listener in self._listeners]:
            ended.wait(max(0.0, until - time.monotonic()))


class _Listener:
    """One observer, its thread and what waits to be told to it."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer
        name = getattr(observer, "__qualname__", None) or type(observer).__qualname__
        self._name = one_line(str(name))
        self._reads: queue.SimpleQueue[tuple[FinishedRead | None, threading.Event]] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._complaints: set[str] = set()
        self._slow = False

    def hear(self, read: FinishedRead) -> threading.Event:
        """Have `read` told; the event is set once it is."""
        heard = threading.Event()
        if self._reads.qsize() >= _MOST_WAITING:
            self._complain("is too slow: some reads are not told to it")
            heard.set()
            return heard
        with self._lock:
            if self._thread is None:
                # A daemon: an observer that hangs does not keep the process alive.
                self._thread = threading.Thread(target=self._listen, name="coffers-observer", daemon=True)
                self._thread.start()
        self._reads.put((read, heard))
        return heard

    def wait(self, heard: threading.Event) -> None:
        """Wait for that read to be told."""
        if not self._slow and not heard.wait(_PATIENCE_S):
            self._slow = True
            self._complain(f"takes longer than {_PATIENCE_S:g} s; reads wait for it no more")

    def end(self) -> threading.Event:
        """Let the thread go after what waits; the event is set then."""
        ended = threading.Event()
        with self._lock:
            if self._thread is None:
                ended.set()
            else:
                self._reads.put((None, ended))
                self._thread = None
        return ended

    def _listen(self) -> None:
        while True:
            read, heard = self._reads.get()
            if read is None:
                heard.set()
                return
            try:
                self._observer(read)
            except BaseException as fault:  # noqa: BLE001  foreign code may raise anything, SystemExit too
                self._complain(f"raised {type(fault).__name__} at {_place(fault)}")
            heard.set()

    def _complain(self, text: str) -> None:
        """Log a complaint, once. It holds nothing of what an exception says: that may hold anything."""
        with self._lock:
            known = text in self._complaints or len(self._complaints) >= _MOST_COMPLAINTS
            self._complaints.add(text)
        if not known:
            _log.warning("the observer %s %s; no read is harmed, and this is told once", self._name, text)


def _place(fault: BaseException) -> str:
    """File and line where it was raised."""
    *_, (frame, line) = walk_tb(fault.__traceback__)
    return f"{Path(frame.f_code.co_filename).name}:{line}"
