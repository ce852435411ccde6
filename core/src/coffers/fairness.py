"""Whose turn it is: accounts waiting for their host, so many at a time for each, hosts in rotation.

Floor 5. Pure bookkeeping, shared by the clients; knows nothing of reading. Every operation takes constant time.
"""

from __future__ import annotations

from collections import Counter, deque

from .account import Account

__all__ = ["FairQueue"]


class FairQueue:
    """Accounts by host. Not thread-safe: one thread deals them out.

    Args:
        per_host: how many of one host may be out at a time.
    """

    def __init__(self, per_host: int) -> None:
        self._per_host = per_host
        self._waiting: dict[str, deque[Account]] = {}
        self._out: Counter[str] = Counter()
        self._ready: deque[str] = deque()  # hosts with someone waiting and a place free, each once
        self._count = 0

    def __len__(self) -> int:
        """How many are waiting."""
        return self._count

    @property
    def out(self) -> int:
        """How many were taken and are not done."""
        return self._out.total()

    def put(self, host: str, account: Account) -> None:
        """Let `account` wait for `host`."""
        line = self._waiting.get(host)
        if line is None:
            line = self._waiting[host] = deque()
            if self._out[host] < self._per_host:
                self._ready.append(host)
        line.append(account)
        self._count += 1

    def take(self) -> tuple[str, Account] | None:
        """The next account whose host has a place free, or None if there is none now."""
        if not self._ready:
            return None
        host = self._ready.popleft()
        line = self._waiting[host]
        account = line.popleft()
        self._count -= 1
        self._out[host] += 1
        if not line:
            del self._waiting[host]
        elif self._out[host] < self._per_host:
            self._ready.append(host)
        return host, account

    def done(self, host: str) -> None:
        """An account of `host` is done: its place is free."""
        was_full = self._out[host] == self._per_host
        self._out[host] -= 1
        if not self._out[host]:
            del self._out[host]
        if was_full and host in self._waiting:
            self._ready.append(host)
