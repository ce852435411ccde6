"""Which host an account is read at: what accounts that wait for one another share.

Floor 5. Pure bookkeeping, shared by the clients; asks nobody but its caller.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

from .account import Account
from .provider import Provider, origin_of

__all__ = ["Hosts", "Manifest", "host_of"]

Manifest: TypeAlias = Provider[Any, Any]

#: Seconds that are waited for the imports of all plugins together before reading begins.
_WITHIN_S: Final = 0.3


class Hosts:
    """The hosts of the accounts of one `read_many`.

    Args:
        manifest: the manifest of a provider, if it can be had within so many seconds, which may be none; asked once
            for each.
    """

    def __init__(self, manifest: Callable[[str, float], Manifest | None]) -> None:
        self._manifest = manifest
        self._manifests: dict[str, Manifest | None] = {}
        self._until = time.monotonic() + _WITHIN_S

    def host_of(self, account: Account) -> str:
        """Of its `base_url`, else of its own address, else the first of its manifest's."""
        if account.base_url is not None:
            return urlsplit(account.base_url).netloc
        if account.provider not in self._manifests:
            self._manifests[account.provider] = self._manifest(account.provider, self._until - time.monotonic())
        return host_of(account, self._manifests[account.provider])


def host_of(account: Account, manifest: Manifest | None) -> str:
    """Where an account without a `base_url` is read; one whose plugin cannot be had yet has its provider's place."""
    if manifest is None:
        return account.provider
    if manifest.url_field is None:
        return urlsplit(next(iter(manifest.base_urls.values()))).netloc
    url = str(dict(account.fields).get(manifest.url_field))
    try:
        return urlsplit(origin_of(url)).netloc
    except ValueError:  # a reference, most likely: accounts that share it share a host
        return url
