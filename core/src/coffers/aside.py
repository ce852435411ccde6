"""Blocking code beside an event loop: in daemon threads, so that neither the loop nor the end of the process waits.

Floor 1, above nothing. Knows nothing of reading. asyncio's own executor will not do: the end of the process waits for
its threads, and one may be stuck in the system's resolver, or in a keyring that asks a person.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from typing import Any, Final, TypeAlias, TypeVar, TypeVarTuple, cast

__all__ = ["Aside"]

#: Most idle threads that are kept, because to wake one costs less than to start one.
_MOST_IDLE: Final = 16

A = TypeVarTuple("A")
T = TypeVar("T")

_Answer: TypeAlias = tuple[Any, BaseException | None]
_Job: TypeAlias = tuple["asyncio.Future[_Answer]", Callable[..., Any], tuple[Any, ...]]


class Aside:
    """Threads for the blocking calls of one event loop; as many as there are calls at once."""

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._idle = 0  # this and the next are the loop's alone
        self._most_idle = _MOST_IDLE

    async def call(self, function: Callable[[*A], T], *arguments: *A) -> T:
        """What `function` answers or raises. When the wait for it is cancelled it goes on, and nobody hears of it."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[_Answer] = loop.create_future()
        self._jobs.put((future, function, arguments))
        if self._idle:
            self._idle -= 1
        else:
            threading.Thread(target=self._serve, args=(loop,), name="coffers-aside", daemon=True).start()
        answer, fault = await future
        try:
            if fault is not None:
                raise fault
            return cast("T", answer)
        finally:
            del fault  # an error must not hold the frame that holds the error

    def dismiss(self) -> None:
        """Let every thread go as soon as it has nothing to do."""
        self._most_idle = 0
        while self._idle:
            self._idle -= 1
            self._jobs.put(None)

    def _serve(self, loop: asyncio.AbstractEventLoop) -> None:
        while (job := self._jobs.get()) is not None:
            future, function, arguments = job
            answer: _Answer
            try:
                answer = function(*arguments), None
            except BaseException as fault:  # noqa: BLE001  raised where the call was made
                answer = None, fault
            try:
                loop.call_soon_threadsafe(self._ended, future, answer)
            except RuntimeError:
                return  # the loop is closed: nobody waits any more
            del job, future, function, arguments, answer  # an idle thread keeps nothing alive

    def _ended(self, future: asyncio.Future[_Answer], answer: _Answer) -> None:
        if self._idle < self._most_idle:
            self._idle += 1
        else:
            self._jobs.put(None)
        if not future.done():
            future.set_result(answer)
