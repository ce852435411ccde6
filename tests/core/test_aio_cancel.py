"""Cancelling an async read, at any moment: nothing half read is used, nobody waits in vain, nothing is left open."""

from __future__ import annotations

import asyncio
import gc
import itertools
import random
import socket
import threading
import time
from contextlib import aclosing
from typing import Any

import pytest

from coffers import NetworkError, Secret
from coffers.plugin import AccessToken, Query, Response, Snapshot
from coffers.testing.hostile import Behaviour, HostileServer, Visit, answer, http_answer
from coffers.transport import connection
from coffers.transport.line import Line
from tests.core import toy
from tests.core.loopback import OK, Asked, serve
from tests.core.on_a_loop import Run, account, cancelled, client, run_on_a_loop, sockets, until  # noqa: F401  the fixture is used by its name


@pytest.mark.parametrize("name", ["hang", "dribbled_headers", "dribbled_body", "full_backlog", "tls_stall"])
def test_a_cancelled_read_closes_its_connection(run: Run[None], name: str) -> None:
    async def go() -> None:
        with HostileServer(name) as bad, serve() as good:
            async with client() as reader:
                await reader.read(account(good.base_url))
                reading = asyncio.create_task(reader.read(account(bad.base_url)))
                await asyncio.sleep(0.15)
                await cancelled(reading)
                transport: Any = reader._transport
                await until(lambda: len(transport._lines) == 1)
                assert not transport._connecting
                await reader.read(account(good.base_url))

    run(go())


def test_a_connection_whose_exchange_was_cancelled_is_not_used_again(run: Run[None]) -> None:
    async def go() -> None:
        def tell_late(visit: Visit) -> None:
            time.sleep(0.3)
            visit.send(http_answer("200 OK", b'{"currency": "EUR", "amount": "1.00"}'))

        late = Behaviour("late", "answers late", tell_late)
        own = answer(http_answer("200 OK", b'{"currency": "USD", "amount": "2.00"}'))
        with HostileServer([late, own]) as server:
            async with client() as reader:
                reading = asyncio.create_task(reader.read(account(server.base_url)))
                await until(lambda: len(server.requests) == 1)
                await cancelled(reading)
                snapshot = await reader.read(account(server.base_url, "another"))
                assert snapshot.balances[0].currency == "USD"
                assert server.connections == 2

    run(go())


def test_a_cancelled_read_gives_up_its_turn_and_its_place_in_the_line(run: Run[None]) -> None:
    async def go() -> None:
        with serve(delay_s=0.1) as server:
            async with client(toy.plugin(one_at_a_time=True)) as reader:
                first, second, third = (asyncio.create_task(reader.read(account(server.base_url))) for _ in range(3))
                await asyncio.sleep(0.03)
                await cancelled(second)  # it was waiting
                await cancelled(first)  # it was being read
                assert (await third).balances

    run(go())


def test_who_waits_for_a_token_is_served_when_the_fetch_is_cancelled(run: Run[None]) -> None:
    fetches = itertools.count(1)

    def tell(asked: Asked) -> Response:
        if asked.path != "/token":
            return OK
        time.sleep(0.15)
        return Response(200, (), f"token-{next(fetches)}".encode())

    def parse(response: Response, query: Query[Any]) -> Snapshot | AccessToken:
        return AccessToken(Secret(response.text), 600) if query.step == "token" else toy.parse(response, query)

    async def go() -> None:
        with serve(tell) as server:
            async with client(toy.plugin(parse=parse, token_step="token")) as reader:
                first, *others = (asyncio.create_task(reader.read(account(server.base_url))) for _ in range(5))
                await asyncio.sleep(0.05)
                await cancelled(first)
                assert all(snapshot.balances for snapshot in await asyncio.gather(*others))
                assert server.counts["/token"] == 2

    run(go())


def test_who_waits_for_a_name_is_served_when_another_is_cancelled(
    run: Run[None], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    known = threading.Event()

    def look_up(host: str, port: int) -> connection.Addresses:
        asked.append(host)
        known.wait(10)
        return found("127.0.0.1", port)

    found = connection.look_up

    async def go() -> None:
        with HostileServer("not_tls") as server:
            monkeypatch.setattr(connection, "look_up", look_up)
            port = server.base_url.rsplit(":", 1)[1]
            async with client() as reader:
                of = account(f"https://api.example.test:{port}")
                first, second = (asyncio.create_task(reader.read(of)) for _ in range(2))
                await until(lambda: bool(asked))
                await cancelled(first)
                assert asked == ["api.example.test"]
                known.set()
                with pytest.raises(NetworkError, match="TLS"):
                    await second

    run(go())


def test_reads_cancelled_at_any_moment_leave_nothing_behind(run: Run[None]) -> None:
    async def go() -> None:
        before = sockets()
        with serve(delay_s=0.005) as server:
            async with client(toy.plugin(one_at_a_time=True)) as reader:
                for _ in range(60):
                    tasks = [
                        asyncio.create_task(reader.read(account(server.base_url, f"a{number % 3}")))
                        for number in range(6)
                    ]
                    await asyncio.sleep(random.random() * 0.03)
                    for task in tasks:
                        task.cancel()
                    for end in await asyncio.gather(*tasks, return_exceptions=True):
                        assert isinstance(end, Snapshot | asyncio.CancelledError)
                assert (await reader.read(account(server.base_url, "a0"))).balances
                ours: Any = reader._transport
            assert not ours._lines
            assert not any(lock.locked() for lock in reader._locks.values())
        await until(lambda: sockets() <= before)

    run(go())


def test_ending_the_iteration_early_cancels_what_is_under_way(run: Run[None]) -> None:
    async def go() -> None:
        with serve() as server, HostileServer("hang") as slow:
            async with client() as reader:
                accounts = [account(slow.base_url), account(server.base_url)]
                began = time.monotonic()
                async with aclosing(reader.read_many(accounts)) as outcomes:
                    async for outcome in outcomes:
                        assert outcome.account is accounts[1]
                        break
                assert time.monotonic() - began < 5
                assert len(asyncio.all_tasks()) == 1

    run(go())


def test_a_connection_that_was_given_up_before_the_loop_made_it_is_closed(run: Run[None]) -> None:
    async def go() -> None:
        before = sockets()
        with serve() as server:
            host, port = server.base_url.split("//")[1].split(":")
            lines: set[Line] = set()
            line = Line(None, monotonic=time.monotonic, open_ones=lines)
            line.close()
            await line.connect(host, int(port))
            assert not line.usable
            await until(lambda: not lines)
        await until(lambda: sockets() <= before)

    run(go())


@pytest.mark.parametrize("ticks", range(8))
def test_a_connection_whose_making_is_cancelled_takes_no_other_with_it(run: Run[None], ticks: int) -> None:
    async def go() -> None:
        before = sockets()
        with serve() as server:
            async with client() as reader:
                for _ in range(10):
                    reading = asyncio.create_task(reader.read(account(server.base_url)))
                    for _ in range(ticks):
                        await asyncio.sleep(0)
                    reading.cancel()
                    await asyncio.wait([reading])  # on some days it was quicker, and is done
                    ours, theirs = socket.socketpair()  # takes the lowest number that is free
                    gc.collect()
                    ours.send(b"still there")
                    assert theirs.recv(20) == b"still there"
                    ours.close()
                    theirs.close()
        await until(lambda: sockets() <= before)

    run(go())
