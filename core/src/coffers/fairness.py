"""Whose turn it is: accounts waiting for their host, so many at a time for each, hosts in rotation.

Floor 5. Pure bookkeeping, shared by the clients; knows nothing of reading. Every operation takes constant time.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from typing import Any

from .account import Account
from .provider import Provider, origin_of

__all__ = ["FairQueue", "Hosts"]


class Hosts:
    """Tells where accounts are read. Asks for each manifest once.

    Args:
        manifest_of: the manifest of a provider's id, or None where its plugin cannot be had; such accounts have their
            provider's own place.
    """

    def __init__(self, manifest_of: Callable[[str], Provider[Any, Any] | None]) -> None:
        self._manifest_of = manifest_of
        self._known: dict[str, tuple[str, str | None]] = {}

    def host_of(self, account: Account) -> str:
        """The host of the account's `base_url`, else of its own address, else the first of the manifest's."""
        if account.base_url is not None:
            return _netloc(account.base_url)
        known = self._known.get(account.provider)
        if known is None:
            known = self._known[account.provider] = self._place(account.provider)
        host, url_field = known
        if url_field is None:
            return host
        url = str(dict(account.fields).get(url_field))
        try:
            return _netloc(origin_of(url))
        except ValueError:  # a reference, most likely: accounts that share it share a host
            return url

    def _place(self, provider_id: str) -> tuple[str, str | None]:
        """The host of a provider, or the key of its accounts that holds their own."""
        manifest = self._manifest_of(provider_id)
        if manifest is None:
            return provider_id, None
        if manifest.url_field is not None:
            return "", manifest.url_field
        return _netloc(next(iter(manifest.base_urls.values()))), None


def _netloc(base_url: str) -> str:
    """The host and port of an address that `check_base_url` answered: it needs no taking apart again."""
    return base_url.split("/", 3)[2]


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
