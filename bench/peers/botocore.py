# /// script
# dependencies = ["botocore"]
# [tool.coffers-bench]
# path = "/"
# answer = "answers/cost-and-usage.json"
# ///
"""botocore: one client of the cost service, signed requests, 18 amounts as texts.."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import botocore.session


@contextmanager
def reading(base_url: str, key: str, ca_file: str) -> Iterator[Callable[[], Any]]:
    client = botocore.session.get_session().create_client(
        "ce",
        region_name="us-east-1",
        endpoint_url=base_url,
        verify=ca_file,
        aws_access_key_id="made-up-id",
        aws_secret_access_key=key,
    )
    period = {"Start": "2026-11-01", "End": "2026-11-21"}
    yield lambda: client.get_cost_and_usage(TimePeriod=period, Granularity="MONTHLY", Metrics=["UnblendedCost"])
    client.close()


def amounts(answer: Any) -> dict[str, str]:
    [month] = answer["ResultsByTime"]
    return {group["Keys"][0]: group["Metrics"]["UnblendedCost"]["Amount"] for group in month["Groups"]}
