"""Whose turn it is: accounts waiting for their host, so many at a time for each, hosts in rotation.

Floor 5. Pure bookkeeping, shared by the clients; knows nothing of reading. Every operation takes constant time.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable

from .account import Account

__all__ = ["FairQueue", "Lanes"]


class FairQueue:
    """Accounts by host. Not thread-safe: one thread deals them out.

    Args:
        per_host: how many of one host may be out at a time.
    """

    def __init__(self, per_host: int) -> None:
        self._per_host = per_host
        self._waiting: dict[str, deque[Account]] = {}
        self._out: Counter[str] = Counter()
        self._out_count = 0
        self._ready: deque[str] = deque()  # hosts with someone waiting and a place free, each once
        self._count = 0

    def __len__(self) -> int:
        """How many are waiting."""
        return self._count

    @property
    def out(self) -> int:
        """How many were taken and are not done."""
        return self._out_count

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
        self._out_count += 1
        if not line:
            del self._waiting[host]
        elif self._out[host] < self._per_host:
            self._ready.append(host)
        return host, account

    def done(self, host: str) -> None:
        """An account of `host` is done: its place is free."""
        was_full = self._out[host] == self._per_host
        self._out[host] -= 1
        self._out_count -= 1
        if not self._out[host]:
            del self._out[host]
        if was_full and host in self._waiting:
            self._ready.append(host)


class Lanes:
    """Accounts by host, to be taken in batches: those of a host are in one batch at a time. Not thread-safe.

    Args:
        share: how many of one host a batch takes at most.
    """

    def __init__(self, share: int) -> None:
        self._share = share
        self._waiting: dict[str, deque[Account]] = {}
        self._out: set[str] = set()
        self._free: deque[str] = deque()  # hosts with someone waiting and no batch out, each once
        self._count = self._ready = 0

    def __len__(self) -> int:
        """How many are waiting."""
        return self._count

    @property
    def ready(self) -> int:
        """How many of them could go into one batch now."""
        return self._ready

    def put(self, host: str, account: Account) -> None:
        """Let `account` wait for `host`."""
        line = self._waiting.get(host)
        if line is None:
            line = self._waiting[host] = deque()
            if host not in self._out:
                self._free.append(host)
        line.append(account)
        self._count += 1
        self._ready += host not in self._out and len(line) <= self._share

    def take(self, size: int) -> tuple[list[Account], frozenset[str]]:
        """At most `size` accounts, and their hosts, which are out from now on."""
        accounts: list[Account] = []
        hosts: list[str] = []
        while self._free and len(accounts) < size:
            host = self._free.popleft()
            line = self._waiting[host]
            self._ready -= min(len(line), self._share)
            accounts += [line.popleft() for _ in range(min(len(line), self._share, size - len(accounts)))]
            hosts.append(host)
            if not line:
                del self._waiting[host]
        self._count -= len(accounts)
        self._out.update(hosts)
        return accounts, frozenset(hosts)

    def done(self, hosts: Iterable[str]) -> None:
        """A batch with these hosts came back: they are free."""
        for host in hosts:
            self._out.remove(host)
            if host in self._waiting:
                self._free.append(host)
                self._ready += min(len(self._waiting[host]), self._share)
