# /// script
# dependencies = ["ccxt==4.5.64"]
# [tool.coffers-bench]
# provider = "kraken"
# path = "/0/private/BalanceEx"
# answer = "../vectors/kraken/balances/response.http"
# ///
"""ccxt, sync: one exchange, call and parser of its `fetch_balance`, no rate limiter; amounts are binary floats."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import ccxt


@contextmanager
def reading(base_url: str, key: str, ca_file: str) -> Iterator[Callable[[], Any]]:
    secret = base64.b64encode(key.encode()).decode()
    exchange = ccxt.kraken({"apiKey": "made-up", "secret": secret, "enableRateLimit": False})
    exchange.urls["api"]["private"] = base_url
    # `fetch_balance` itself would ask for every market first.
    yield lambda: exchange.parse_balance(exchange.privatePostBalanceEx())
    exchange.session.close()


def amounts(answer: Any) -> dict[str, Any]:
    return dict(answer["total"])
