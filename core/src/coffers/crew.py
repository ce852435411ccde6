"""Threads that work side by side, none of which can hold up the others or the end of the process.

Floor 5, beside `fairness`. Knows nothing of reading. The threads are daemons: Python's exit waits for those of a
`ThreadPoolExecutor`, and one that is stuck in foreign C code would keep the process alive.

Waking a thread is what costs most here, so a thread that has ended a job takes the next one by itself.
"""

from __future__ import annotations

import math
import queue
import threading
import time
from collections.abc import Callable
from typing import Final, Generic, TypeVar

import attrs

__all__ = ["Crew", "Task"]

#: The most seconds to wait without looking at the time; a queue takes no endless number.
_LONGEST_WAIT_S: Final = 3600.0

J = TypeVar("J")
R = TypeVar("R")


@attrs.define(eq=False)
class Task(Generic[J, R]):
    """A piece of work.

    Attributes:
        job: what to do.
        until: when to give it up, in the seconds of `time.monotonic`.
        begun: when it was begun, in the same.
        thread: the thread that does it; None before it begins.
        result: what came of it; None before the end.
        fault: what was raised instead; None where nothing was.
    """

    job: J
    until: float
    begun: float
    thread: int | None = None
    result: R | None = None
    fault: BaseException | None = None


class Crew(Generic[J, R]):
    """Does jobs in threads of its own. One thread, the caller's, calls them up and takes what comes of their work.

    Args:
        work: does one job; called in many threads at once.
        take: the next job, or None if there is none now; called under `lock`, as `done` is.
        done: told that a job ended or was given up.
        limit_s: seconds that a job which begins now may take.
        size: how many jobs are under way at most. As many may have ended and not been taken; then none is begun.

    Attributes:
        lock: to be held by whoever changes, from outside, what `take` answers.
    """

    def __init__(
        self,
        work: Callable[[J], R],
        *,
        take: Callable[[], J | None],
        done: Callable[[J], object],
        limit_s: Callable[[J], float],
        size: int,
    ) -> None:
        self.lock = threading.Lock()  # guards everything below but the two queues
        self._work = work
        self._take = take
        self._done = done
        self._limit_s = limit_s
        self._size = size
        self._calls: queue.SimpleQueue[Task[J, R] | None] = queue.SimpleQueue()
        self._ended: queue.SimpleQueue[Task[J, R] | None] = queue.SimpleQueue()  # None: look at the time again
        self._under_way: set[Task[J, R]] = set()
        self._unread = 0  # how many ended and were not taken
        self._look_at = math.inf  # nothing is to be given up before
        self._threads = self._idle = 0
        self._dismissed = False

    @property
    def wants_work(self) -> bool:
        """Whether one more job could be begun."""
        return len(self._under_way) < self._size and self._unread < self._size

    @property
    def has_news(self) -> bool:
        """Whether `next` need not wait."""
        return self._unread > 0

    def call_up(self) -> None:
        """Begin what can be begun, each job in an idle thread or a new one."""
        while self.wants_work:
            with self.lock:
                task = self._begin()
                if task is None:
                    return
                self._calls.put(task)
                if self._idle:
                    self._idle -= 1
                    continue
                name = f"coffers-{self._threads}"
                self._threads += 1
            threading.Thread(target=self._serve, name=name, daemon=True).start()

    def next(self) -> Task[J, R] | None:
        """The next task that ended, or whose time is over: that one has neither result nor fault, and its thread
        is free only when it comes back. None once nothing is under way.
        """
        while True:
            with self.lock:
                if not self._under_way and not self._unread:
                    return None
                now = time.monotonic()
                if now >= self._look_at and (overdue := self._give_up(now)) is not None:
                    return overdue
                wait_s = min(max(0.0, self._look_at - now), _LONGEST_WAIT_S)
            try:
                task = self._ended.get(timeout=wait_s)
            except queue.Empty:
                continue
            if task is not None:
                with self.lock:
                    self._unread -= 1
                return task

    def dismiss(self) -> None:
        """Let every thread go as soon as it is done."""
        with self.lock:
            self._dismissed = True
            for _ in range(self._threads):
                self._calls.put(None)

    def _begin(self) -> Task[J, R] | None:
        """The next job, if there is one and a place for it."""
        if self._dismissed or not self.wants_work or (job := self._take()) is None:
            return None
        now = time.monotonic()
        task: Task[J, R] = Task(job, now + self._limit_s(job), now)
        self._under_way.add(task)
        if task.until < self._look_at:
            self._look_at = task.until
            self._ended.put(None)  # who waits would wait longer than that
        return task

    def _give_up(self, now: float) -> Task[J, R] | None:
        """The task whose time is over, if there is one; also finds out when to look again."""
        first = min(self._under_way, key=lambda task: task.until, default=None)
        self._look_at = math.inf if first is None else first.until
        if first is None or now < first.until:
            return None
        self._under_way.remove(first)
        self._done(first.job)
        return first

    def _serve(self) -> None:
        while (task := self._calls.get()) is not None:
            while task is not None:
                task.thread = threading.get_ident()
                try:
                    task.result = self._work(task.job)
                except BaseException as fault:  # noqa: BLE001  told where it can be seen: by whoever takes the task
                    task.fault = fault
                task = self._end(task)

    def _end(self, task: Task[J, R]) -> Task[J, R] | None:
        """Hand `task` over, and take the next one; None where there is none: the thread is idle."""
        with self.lock:
            if task in self._under_way:  # else it was given up before
                self._under_way.remove(task)
                self._done(task.job)
                self._unread += 1
                self._ended.put(task)
            following = self._begin()
            self._idle += following is None
            return following
