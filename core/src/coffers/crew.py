"""Threads that work side by side, none of which can hold up the others or the end of the process.

Floor 5, beside `fairness`. Knows nothing of reading. The threads are daemons: Python's exit waits for those of a
`ThreadPoolExecutor`, and one that is stuck in foreign C code would keep the process alive.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

import attrs

__all__ = ["Crew", "Task"]

J = TypeVar("J")
R = TypeVar("R")


@attrs.define(eq=False)
class Task(Generic[J, R]):
    """A piece of work.

    Attributes:
        job: what to do.
        until: when to give it up, in the seconds of `time.monotonic`.
        begun: when it was dealt out, in the same.
        thread: the thread that does it; None before it begins.
        result: what came of it; None before the end.
        fault: what was raised instead; None where nothing was.
    """

    job: J
    until: float
    begun: float = attrs.field(factory=time.monotonic)
    thread: int | None = None
    result: R | None = None
    fault: BaseException | None = None


class Crew(Generic[J, R]):
    """Does jobs in threads of its own. One thread deals them out and takes what comes of them.

    Args:
        work: does one job; called in many threads at once.
    """

    def __init__(self, work: Callable[[J], R]) -> None:
        self._work = work
        self._jobs: queue.SimpleQueue[Task[J, R] | None] = queue.SimpleQueue()
        self._ended: queue.SimpleQueue[Task[J, R]] = queue.SimpleQueue()
        self._under_way: set[Task[J, R]] = set()
        self._threads = self._idle = 0

    def begin(self, job: J, until: float) -> None:
        """Have `job` done at once, by an idle thread or a new one; `next` gives it up at `until`."""
        task: Task[J, R] = Task(job, until)
        self._under_way.add(task)
        self._jobs.put(task)
        if self._idle:
            self._idle -= 1
        else:
            threading.Thread(target=self._serve, name=f"coffers-{self._threads}", daemon=True).start()
            self._threads += 1

    def next(self) -> Task[J, R]:
        """The next task that ended, or whose time is over: that one has neither result nor fault, and its thread
        is free only when it comes back. To be called while something is under way.
        """
        while True:
            latest = min(self._under_way, key=lambda task: task.until)
            try:
                task = self._ended.get(timeout=max(0.0, latest.until - time.monotonic()))
            except queue.Empty:
                self._under_way.remove(latest)
                return latest
            self._idle += 1
            if task in self._under_way:  # else it was given up before
                self._under_way.remove(task)
                return task

    def dismiss(self) -> None:
        """Let every thread go as soon as it is done."""
        for _ in range(self._threads):
            self._jobs.put(None)

    def _serve(self) -> None:
        while (task := self._jobs.get()) is not None:
            task.thread = threading.get_ident()
            try:
                task.result = self._work(task.job)
            except BaseException as fault:  # noqa: BLE001  told where it can be seen: by whoever takes the task
                task.fault = fault
            self._ended.put(task)
            del task  # an idle thread keeps nothing alive
