# /// script
# dependencies = ["httpx"]
# ///
"""httpx: one `Client`."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import httpx


@contextmanager
def reading(base_url: str, key: str, ca_file: str) -> Iterator[Callable[[], Any]]:
    headers = {"Authorization": f"Bearer {key}"}
    with httpx.Client(headers=headers, verify=ssl.create_default_context(cafile=ca_file)) as client:

        def read() -> Any:
            response = client.get(f"{base_url}/balances")
            response.raise_for_status()
            return response.json(parse_float=Decimal)

        yield read
