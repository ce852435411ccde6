# /// script
# dependencies = ["coffers[aio]"]
# ///
"""coffers.aio: one `AsyncClient` in a running loop, every guard on. Many accounts: `AsyncClient.read_many`."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from decimal import Decimal

from coffers import Account, Snapshot
from coffers.aio import AsyncClient


@asynccontextmanager
async def reading(base_url: str, key: str, ca_file: str) -> AsyncIterator[Callable[[], Awaitable[Snapshot]]]:
    os.environ["TALLY_KEY"] = key
    account = Account("shop", "tally", {"key": "env:TALLY_KEY"}, base_url=base_url, ca_file=ca_file)
    async with AsyncClient() as client:
        yield lambda: client.read(account)


def amounts(snapshot: Snapshot) -> dict[str, Decimal | None]:
    return {balance.currency: balance.total for balance in snapshot.balances}


async def fan_out(base_url: str, key: str, ca_file: str, accounts: int, concurrency: int) -> int:
    fields = {"key": "env:TALLY_KEY"}
    shops = (
        Account(f"shop-{number}", "tally", fields, base_url=base_url, ca_file=ca_file) for number in range(accounts)
    )
    found = 0
    async with AsyncClient() as client:
        async for outcome in client.read_many(shops, concurrency=concurrency, per_host=concurrency):
            found += len(outcome.unwrap().balances)
    return found
