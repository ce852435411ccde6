# /// script
# dependencies = ["coffers"]
# ///
"""coffers: one `Client`, every guard on; what comes back are frozen balances. Many accounts: `Client.read_many`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal

from coffers import Account, Client, Snapshot


@contextmanager
def reading(base_url: str, key: str, ca_file: str) -> Iterator[Callable[[], Snapshot]]:
    os.environ["TALLY_KEY"] = key
    account = Account("shop", "tally", {"key": "env:TALLY_KEY"}, base_url=base_url, ca_file=ca_file)
    with Client() as client:
        yield lambda: client.read(account)


def amounts(snapshot: Snapshot) -> dict[str, Decimal | None]:
    return {balance.currency: balance.total for balance in snapshot.balances}


def fan_out(base_url: str, key: str, ca_file: str, accounts: int, concurrency: int) -> int:
    fields = {"key": "env:TALLY_KEY"}
    shops = (
        Account(f"shop-{number}", "tally", fields, base_url=base_url, ca_file=ca_file) for number in range(accounts)
    )
    with Client() as client:
        outcomes = client.read_many(shops, workers=concurrency, per_host=concurrency)
        return sum(len(outcome.unwrap().balances) for outcome in outcomes)
