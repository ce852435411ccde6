# /// script
# dependencies = ["stripe==16.1.0"]
# [tool.coffers-bench]
# provider = "stripe"
# path = "/v1/balance"
# answer = "../vectors/stripe/balance/response.http"
# ///
"""stripe: one `StripeClient`, its `v1.balance.retrieve`; amounts are integers of the minor unit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import stripe


@contextmanager
def reading(base_url: str, key: str, ca_file: str) -> Iterator[Callable[[], Any]]:
    client = stripe.StripeClient(key, base_addresses={"api": base_url})
    yield client.v1.balance.retrieve


def amounts(answer: Any) -> dict[str, int]:
    return {one.currency: one.amount for one in answer.available}
