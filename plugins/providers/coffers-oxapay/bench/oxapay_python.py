# /// script
# dependencies = ["oxapay-python==1.1.0"]
# [tool.coffers-bench]
# provider = "oxapay-v1"
# path = "/v1/general/account/balance"
# answer = "../vectors/oxapay-v1/balance/response.http"
# ///
"""oxapay-python, the official one: one `OxaPayClient`, `Account.balance`; amounts are binary floats."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from oxapay_python.endpoints.account import Account
from oxapay_python.http.client import OxaPayClient


@contextmanager
def reading(base_url: str, key: str, ca_file: str) -> Iterator[Callable[[], Any]]:
    http = OxaPayClient(f"{base_url}/v1", timeout=10, version="1.1.0")
    with http.session:
        yield Account(http, key).balance


def amounts(answer: Any) -> dict[str, float]:
    return dict(answer)
