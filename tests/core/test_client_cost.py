"""What one read costs, counted in function calls: noise cannot move them, as it moves seconds."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from decimal import Decimal
from types import FrameType
from typing import Any

import attrs
import urllib3

from coffers import Account, Client, Registry, Secret
from coffers.plugin import Amount, Balance, Query, Response, Snapshot, read_json
from tests.core import toy
from tests.core.loopback import serve

#: Eighteen currencies under fourteen headers, as an API behind a content network sends them.
ROWS = {f"C{number:02}": f"{number + 1}.{number:08}" for number in range(18)}
HEADERS = (("Content-Type", "application/json"), *((f"X-Header-{number}", "value") for number in range(12)))
AMOUNTS = ", ".join(f'"{currency}": {amount}' for currency, amount in ROWS.items())
ANSWER = Response(200, HEADERS, f'{{"amounts": {{{AMOUNTS}}}}}'.encode())

#: One read took 673 in Python 3.11 when this was written, later versions take fewer; urllib3 and json took 989.
MOST_CALLS = 720
#: The first of an account takes 777: its keys are checked.
MOST_CALLS_OF_THE_FIRST = 830


@attrs.frozen
class Answer:
    amounts: dict[str, Amount]


def parse(response: Response, query: Query[Any]) -> Snapshot:
    amounts = read_json(response, Answer).amounts
    return Snapshot([Balance(currency, total=amount) for currency, amount in amounts.items()])


def calls(act: Callable[[], object]) -> int:
    """How many functions are called in this thread, Python's own ones too; the least of several times."""
    counts: list[int] = []

    def count(frame: FrameType, event: str, argument: Any) -> None:
        counts[-1] += event in ("call", "c_call")

    act()  # what is done once, such as the first connection
    before = sys.getprofile()
    for _ in range(5):
        counts.append(0)
        sys.setprofile(count)
        try:
            act()
        finally:
            sys.setprofile(before)
    return min(counts)


def test_a_read_with_every_guard_takes_fewer_calls_than_a_bare_http_library() -> None:
    with serve(lambda asked: ANSWER) as server, urllib3.PoolManager() as pool:
        client = Client(registry=Registry([toy.plugin(parse=parse)], installed=False))
        account = Account("shop", "toy", {"key": Secret("key-0123456789")}, base_url=server.base_url)

        def bare() -> Any:
            answer = pool.request("GET", f"{server.base_url}/balances", headers={"Authorization": "Bearer key"})
            return json.loads(answer.data, parse_float=Decimal)

        with client:
            read = client.read(account)
            assert {row.currency: str(row.total) for row in read.balances} == ROWS
            ours, theirs = calls(lambda: client.read(account)), calls(bare)
        assert ours <= MOST_CALLS
        assert ours < theirs


def test_an_account_with_a_secret_of_its_own_costs_little_more() -> None:
    with serve(lambda asked: ANSWER) as server:
        accounts = (
            Account(f"shop{number}", "toy", {"key": Secret(f"key-{number:020}")}, base_url=server.base_url)
            for number in range(10)
        )
        with Client(registry=Registry([toy.plugin(parse=parse)], installed=False)) as client:
            assert calls(lambda: client.read(next(accounts))) <= MOST_CALLS_OF_THE_FIRST
