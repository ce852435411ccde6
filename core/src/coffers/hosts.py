"""Which host an account is read at: what accounts that wait for one another share.

Floor 5. Pure bookkeeping, shared by the clients; asks nobody but its caller.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final, TypeAlias

from .account import Account
from .provider import Provider, origin_of

__all__ = ["Hosts", "Manifest"]

Manifest: TypeAlias = Provider[Any, Any]

#: Seconds that are waited for the imports of all plugins together before reading begins.
_WITHIN_S: Final = 0.3


class Hosts:
    """The hosts of the accounts of one `read_many`.

    Args:
        manifest_of: the manifest of a provider, if it can be had within so many seconds, which may be none; asked once
            for each. Accounts whose plugin cannot be had have their provider's own place.
        within_s: seconds that are waited for the imports of all plugins together.
    """

    def __init__(self, manifest_of: Callable[[str, float], Manifest | None], within_s: float = _WITHIN_S) -> None:
        self._manifest_of = manifest_of
        self._until = time.monotonic() + within_s
        self._known: dict[str, tuple[str, str | None]] = {}

    def wanted(self, account: Account) -> str | None:
        """The provider whose manifest `host_of` is going to ask for; None if it needs none, or has it."""
        known = account.base_url is not None or account.provider in self._known
        return None if known else account.provider

    def left_s(self) -> float:
        """Seconds that may still be waited for imports."""
        return max(0.0, self._until - time.monotonic())

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
        manifest = self._manifest_of(provider_id, self.left_s())
        if manifest is None:
            return provider_id, None
        if manifest.url_field is not None:
            return "", manifest.url_field
        return _netloc(next(iter(manifest.base_urls.values()))), None


def _netloc(base_url: str) -> str:
    """The host and port of an address that `check_base_url` answered: it needs no taking apart again."""
    return base_url.split("/", 3)[2]
