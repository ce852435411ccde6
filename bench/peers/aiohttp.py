# /// script
# dependencies = ["aiohttp"]
# ///
"""aiohttp: one `ClientSession` in a running loop, one read after the other."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from functools import partial
from typing import Any

import aiohttp


@asynccontextmanager
async def reading(base_url: str, key: str, ca_file: str) -> AsyncIterator[Callable[[], Awaitable[Any]]]:
    connector = aiohttp.TCPConnector(ssl=ssl.create_default_context(cafile=ca_file))
    headers = {"Authorization": f"Bearer {key}"}
    exact = partial(json.loads, parse_float=Decimal)
    async with aiohttp.ClientSession(connector=connector, headers=headers, raise_for_status=True) as session:

        async def read() -> Any:
            async with session.get(f"{base_url}/balances") as response:
                return await response.json(loads=exact)

        yield read


async def fan_out(base_url: str, key: str, ca_file: str, accounts: int, concurrency: int) -> int:
    connector = aiohttp.TCPConnector(ssl=ssl.create_default_context(cafile=ca_file), limit=concurrency)
    headers = {"Authorization": f"Bearer {key}"}
    exact = partial(json.loads, parse_float=Decimal)
    waiting = iter(range(accounts))
    async with aiohttp.ClientSession(connector=connector, headers=headers, raise_for_status=True) as session:

        async def read_in_turn() -> int:
            found = 0
            for _ in waiting:
                async with session.get(f"{base_url}/balances") as response:
                    found += len((await response.json(loads=exact))["balances"])
            return found

        return sum(await asyncio.gather(*(read_in_turn() for _ in range(concurrency))))
