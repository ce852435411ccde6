"""coffers, reading one account of each installed provider in turn; measured as a peer is, see ``at_work.py``."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from itertools import cycle

from coffers import Account, Client, Registry, Snapshot


@contextmanager
def reading(base_url: str, key: str, ca_file: str) -> Iterator[Callable[[], Snapshot]]:
    os.environ["TALLY_KEY"] = key
    registry = Registry()
    fields = {"key": "env:TALLY_KEY"}
    accounts = [Account("shop", one.id, fields, base_url=base_url, ca_file=ca_file) for one in registry.list()]
    turns = cycle(accounts)
    with Client(registry=registry) as client:
        for account in accounts:
            client.read(account)  # its plugin is imported
        yield lambda: client.read(next(turns))


def amounts(snapshot: Snapshot) -> dict[str, Decimal | None]:
    return {balance.currency: balance.total for balance in snapshot.balances}
