# /// script
# dependencies = ["cryptocloud-sdk==0.1.1"]
# [tool.coffers-bench]
# provider = "cryptocloud"
# path = "/v2/merchant/wallet/balance/all"
# answer = "../vectors/cryptocloud/balance/response.http"
# ///
"""cryptocloud-sdk: one `CryptoCloud`, its `get_balance`; a session for each call, amounts are binary floats."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from cryptocloud_sdk.merchant import CryptoCloud


@asynccontextmanager
async def reading(base_url: str, key: str, ca_file: str) -> AsyncIterator[Callable[[], Awaitable[Any]]]:
    yield CryptoCloud(key, "made-up-shop", host=base_url).get_balance


def amounts(answer: Any) -> dict[str, float]:
    return {coin.currency.code: coin.balance_crypto for coin in answer}
