# /// script
# dependencies = ["twilio==9.13.0"]
# [tool.coffers-bench]
# provider = "twilio"
# path = "/2010-04-01/Accounts/ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/Balance.json"
# answer = "../vectors/twilio/balance/response.http"
# ///
"""twilio: one `Client`, its `balance.fetch`; the amount is a text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from twilio.rest import Client


@contextmanager
def reading(base_url: str, key: str, ca_file: str) -> Iterator[Callable[[], Any]]:
    client = Client("ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", key)
    client.api.base_url = base_url
    yield client.api.v2010.account.balance.fetch


def amounts(answer: Any) -> dict[str, str]:
    return {answer.currency: answer.balance}
