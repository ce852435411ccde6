# /// script
# dependencies = []
# ///
"""http.client of the standard library: one connection, kept."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from http.client import HTTPConnection, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit


@contextmanager
def reading(base_url: str, key: str, ca_file: str) -> Iterator[Callable[[], Any]]:
    url = urlsplit(base_url)
    if url.scheme == "https":
        context = ssl.create_default_context(cafile=ca_file)
        connection: HTTPConnection = HTTPSConnection(url.netloc, context=context)
    else:
        connection = HTTPConnection(url.netloc)
    headers = {"Authorization": f"Bearer {key}"}

    def read() -> Any:
        connection.request("GET", "/balances", headers=headers)
        response = connection.getresponse()
        body = response.read()
        if response.status != 200:
            raise RuntimeError(response.status)
        return json.loads(body, parse_float=Decimal)

    yield read
    connection.close()
