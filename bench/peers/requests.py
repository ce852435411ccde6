# /// script
# dependencies = ["requests"]
# ///
"""requests: one `Session`."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import requests


@contextmanager
def reading(base_url: str, key: str, ca_file: str) -> Iterator[Callable[[], Any]]:
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {key}"
        session.verify = ca_file

        def read() -> Any:
            response = session.get(f"{base_url}/balances")
            response.raise_for_status()
            return response.json(parse_float=Decimal)

        yield read


def fan_out(base_url: str, key: str, ca_file: str, accounts: int, concurrency: int) -> int:
    own = threading.local()  # a session is not made for several threads

    def begin() -> None:
        own.session = requests.Session()
        own.session.headers["Authorization"] = f"Bearer {key}"
        own.session.verify = ca_file

    def read(_: int) -> int:
        response = own.session.get(f"{base_url}/balances")
        response.raise_for_status()
        return len(response.json(parse_float=Decimal)["balances"])

    with ThreadPoolExecutor(concurrency, initializer=begin) as threads:
        return sum(threads.map(read, range(accounts)))
