"""coffers, reading through an installed plugin, as its sandbox's account; measured as a peer is, see ``at_work.py``."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from importlib.metadata import entry_points

from coffers import SANDBOX_GROUP, Account, Client, Registry, Secret, Snapshot


@contextmanager
def reading(base_url: str, key: str, ca_file: str) -> Iterator[Callable[[], Snapshot]]:
    provider_id = os.environ["BENCH_PROVIDER"]
    registry = Registry()
    known = registry.load(provider_id).fields
    [part] = entry_points(group=SANDBOX_GROUP, name=provider_id)
    fields = {name: Secret(value) if known[name].secret else value for name, value in part.load().fields.items()}
    account = Account("shop", provider_id, fields, base_url=base_url, ca_file=ca_file)
    with Client(registry=registry) as client:
        yield lambda: client.read(account)


def amounts(snapshot: Snapshot) -> dict[str, Decimal | None]:
    return {balance.currency: balance.total for balance in snapshot.balances}
