"""Connections that are kept for the next message.

Part of floor 5, shared by both transports. Opens no sockets and takes no locks: whoever shares a shelf guards it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final, Generic, Protocol, TypeVar

__all__ = ["MAX_IDLE_S", "Kept", "Shelf"]

#: Seconds an unused connection is kept; servers close theirs after about as long.
MAX_IDLE_S: Final = 30.0


class Kept(Protocol):
    """A connection as the shelf sees it."""

    @property
    def usable(self) -> bool:
        """Whether it is still open and silent."""
        ...

    def close(self) -> None:
        """Close it."""
        ...


P = TypeVar("P")
C = TypeVar("C", bound=Kept)


class Shelf(Generic[P, C]):
    """Idle connections by where they lead; the last in is the first out, and none is used after `MAX_IDLE_S`.

    Args:
        monotonic: tells how long one has been idle, in seconds.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._idle: dict[P, deque[tuple[C, float]]] = {}  # with the moment it was put there

    def take(self, origin: P) -> C | None:
        """A connection to `origin` that can be used, if there is one."""
        idle = self._idle.get(origin)
        while idle:
            connection, since = idle.pop()
            if self._monotonic() - since <= MAX_IDLE_S and connection.usable:
                return connection
            connection.close()
        return None

    def put(self, origin: P, connection: C) -> None:
        """Keep `connection`, and close those to the same place that are too old."""
        now = self._monotonic()
        idle = self._idle.setdefault(origin, deque())
        while idle and now - idle[0][1] > MAX_IDLE_S:
            idle.popleft()[0].close()
        idle.append((connection, now))

    def clear(self) -> None:
        """Close them all."""
        for idle in self._idle.values():
            for connection, _ in idle:
                connection.close()
        self._idle.clear()
