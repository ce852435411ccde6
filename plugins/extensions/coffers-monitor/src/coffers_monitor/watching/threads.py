"""Blocking code beside the event loop, in daemon threads: the end of the process waits for none of them.

asyncio's own executor will not do: its threads are waited for at the end, and one may hang in a plugin or on a disk.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

__all__ = ["Clerk", "beside"]

T = TypeVar("T")
Item = TypeVar("Item")


def _settle(loop: asyncio.AbstractEventLoop, future: asyncio.Future[T], work: Callable[[], T]) -> None:
    """Do `work` and let the one who waits on `loop` know what came of it."""
    answer: T | None = None
    fault: BaseException | None = None
    try:
        answer = work()
    except BaseException as error:  # noqa: BLE001  raised where it is waited for
        fault = error

    def tell() -> None:
        if future.done():
            return  # nobody waits any more
        if fault is None:
            future.set_result(answer)  # type: ignore[arg-type]  # it is a T where nothing was raised
        else:
            future.set_exception(fault)

    try:
        loop.call_soon_threadsafe(tell)
    except RuntimeError:
        return  # the loop is closed


async def beside(work: Callable[[], T]) -> T:
    """What `work` answers or raises, done in a thread of its own. When the wait is cancelled, it goes on unheard."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()
    threading.Thread(target=_settle, args=(loop, future, work), name="coffers-watch-aside", daemon=True).start()
    return await future


class Clerk(Generic[Item, T]):
    """Does one thing with whatever is handed in, one after the other, in a thread of its own.

    Args:
        work: what to do; called in that thread alone.
    """

    def __init__(self, work: Callable[[Item], T]) -> None:
        self._work = work
        self._desk: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        threading.Thread(target=self._serve, name="coffers-watch-clerk", daemon=True).start()

    async def hand(self, item: Item) -> T:
        """What comes of `item`, once it is done with; raises what that raises. If the wait is cancelled, it goes on."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._desk.put(lambda: _settle(loop, future, lambda: self._work(item)))
        return await future

    def close(self) -> None:
        """Let the thread go once everything is done that was handed in."""
        self._desk.put(None)

    def _serve(self) -> None:
        while (job := self._desk.get()) is not None:
            job()
