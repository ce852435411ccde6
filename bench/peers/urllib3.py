# /// script
# dependencies = ["urllib3"]
# ///
"""urllib3: one `PoolManager`, and the body through `json`. Every ratio is to this one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import urllib3


@contextmanager
def reading(base_url: str, key: str, ca_file: str) -> Iterator[Callable[[], Any]]:
    with urllib3.PoolManager(ca_certs=ca_file) as http:
        headers = {"Authorization": f"Bearer {key}"}

        def read() -> Any:
            response = http.request("GET", f"{base_url}/balances", headers=headers)
            if response.status != 200:
                raise RuntimeError(response.status)
            return json.loads(response.data, parse_float=Decimal)

        yield read


def fan_out(base_url: str, key: str, ca_file: str, accounts: int, concurrency: int) -> int:
    headers = {"Authorization": f"Bearer {key}"}
    with (
        urllib3.PoolManager(maxsize=concurrency, block=True, ca_certs=ca_file) as http,
        ThreadPoolExecutor(concurrency) as threads,
    ):

        def read(_: int) -> int:
            response = http.request("GET", f"{base_url}/balances", headers=headers)
            if response.status != 200:
                raise RuntimeError(response.status)
            return len(json.loads(response.data, parse_float=Decimal)["balances"])

        return sum(threads.map(read, range(accounts)))
