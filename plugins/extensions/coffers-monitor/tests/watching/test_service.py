"""The service over real connections: who is read when, who is left alone, and how it ends."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest

from coffers import Account, Registry, Resolver, Response, Secret
from coffers.aio import AsyncClient
from coffers_monitor.facts import Attempt
from coffers_monitor.watching.pace import Pace
from coffers_monitor.watching.service import Watch, Watched
from tests.core import toy
from tests.core.loopback import OK, Asked, Loopback, serve

KEY = "canary-key-0123456789"
OFTEN, SELDOM = Pace(0.05), Pace(3600)
LIMITED = Response(429, (("Retry-After", "7000"),))
REFUSED = Response(401)


@attrs.define
class Running:
    """A service under test, and what came of it."""

    watch: Watch
    attempts: list[Attempt]
    told: list[str]
    task: asyncio.Task[None]

    def reads(self, name: str) -> list[Attempt]:
        return [attempt for attempt in self.attempts if attempt.account == name]


@asynccontextmanager
async def running(
    *watched: Watched, on_attempt: Callable[[Attempt], timedelta | None] = lambda attempt: None, **facts: Any
) -> AsyncIterator[Running]:
    attempts: list[Attempt] = []
    told: list[str] = []

    def keep(attempt: Attempt) -> timedelta | None:
        attempts.append(attempt)
        return on_attempt(attempt)

    resolver = Resolver()
    client = AsyncClient(registry=Registry([toy.plugin(**facts)], installed=False), resolver=resolver)
    watch = Watch(named(*watched), keep, client=client, resolver=resolver, tell=told.append)
    service = Running(watch, attempts, told, asyncio.create_task(watch.run()))
    try:
        yield service
    finally:
        watch.stop()
        await asyncio.wait_for(asyncio.shield(service.task), 60)


def named(*watched: Watched) -> dict[str, Watched]:
    return {one.account.name: one for one in watched}


def account(server: Loopback, name: str = "shop", key: Any = None, **more: Any) -> Account:
    fields = {"key": key or Secret(KEY)}
    return Account(name, "toy", fields, base_url=f"{server.base_url}/{name}", timeout_s=more.pop("timeout_s", 60))


async def until(so: Callable[[], object]) -> None:
    """Wait until it is so; the test's own time limit ends it otherwise."""
    while not so():
        await asyncio.sleep(0.01)


def name_of(asked: Asked) -> str:
    return asked.path.split("/")[1]


def test_each_account_is_read_at_its_own_interval() -> None:
    async def scenario(server: Loopback) -> None:
        often, seldom = Watched(account(server, "often"), OFTEN), Watched(account(server, "seldom"), SELDOM)
        async with running(often, seldom) as service:
            await until(lambda: len(service.reads("often")) >= 5 and service.reads("seldom"))
            assert len(service.reads("seldom")) == 1
        [read] = service.reads("seldom")
        assert (read.error, read.provider) == (None, "toy")
        assert read.rows is not None
        assert [(str(row.spendable), row.place.currency) for row in read.rows] == [("12.50", "USD")]
        assert service.told == []

    with serve() as server:
        asyncio.run(scenario(server))


def test_one_that_hangs_is_read_once_at_a_time_and_holds_up_no_other() -> None:
    release = threading.Event()
    at_once: Counter[str] = Counter()
    most: Counter[str] = Counter()

    def answer(asked: Asked) -> Response:
        name = name_of(asked)
        at_once[name] += 1
        most[name] = max(most[name], at_once[name])
        if name == "stuck":
            release.wait(60)
        at_once[name] -= 1
        return OK

    async def scenario(server: Loopback) -> None:
        async with running(*(Watched(account(server, name), OFTEN) for name in ("stuck", "fine"))) as service:
            await until(lambda: len(service.reads("fine")) >= 8)
            assert service.reads("stuck") == []
            release.set()
            await until(lambda: len(service.reads("stuck")) >= 3)

    with serve(answer) as server:
        asyncio.run(scenario(server))
    assert most == {"stuck": 1, "fine": 1}


def test_a_refused_key_is_left_alone_until_somebody_asks_or_its_config_changes() -> None:
    async def scenario(server: Loopback) -> None:
        shop = Watched(account(server), OFTEN)
        async with running(shop) as service:
            await until(service.watch.paused)
            assert len(service.attempts) == 2
            assert service.watch.next_read("shop") is None
            [line] = service.told
            assert "refused 2 times in a row; it is paused" in line
            assert KEY not in line

            service.watch.follow(named(attrs.evolve(shop, pace=Pace(0.06))))  # another interval is no other key
            assert service.watch.paused() == ("shop",)
            assert service.watch.next_read("shop") is None

            assert service.watch.resume("shop")
            await until(lambda: len(service.attempts) >= 4 and service.watch.paused())
            service.watch.follow(named(Watched(account(server, timeout_s=50), OFTEN)))
            await until(lambda: len(service.attempts) >= 6 and service.watch.paused())
            assert not service.watch.resume("nosuch")

    with serve(lambda asked: REFUSED) as server:
        asyncio.run(scenario(server))
        assert len(server.asked) == 6


def test_a_key_s_program_runs_again_after_a_refusal(tmp_path: Path) -> None:
    answer = tmp_path / "key"
    answer.write_text("old")

    def judge(asked: Asked) -> Response:
        if asked.headers["Authorization"] == "Bearer new":
            return OK
        answer.write_text("new")
        return REFUSED

    async def scenario(server: Loopback) -> None:
        async with running(Watched(account(server, key=f"cmd:cat {answer}"), OFTEN)) as service:
            await until(lambda: len(service.attempts) >= 2)
        assert [attempt.error for attempt in service.attempts[:2]] == ["auth", None]

    with serve(judge) as server:
        asyncio.run(scenario(server))


def test_a_wait_asked_for_is_the_next_read() -> None:
    async def scenario(server: Loopback) -> None:
        async with running(Watched(account(server), Pace(1000))) as service:
            await until(lambda: (wait := service.watch.next_read("shop")) and service.attempts and wait)
            [read] = service.attempts
            await until(lambda: service.watch.next_read("shop") == read.at + timedelta(seconds=7000))
        assert (read.error, read.retry_after_s, read.rows) == ("rate_limited", 7000, None)

    with serve(lambda asked: LIMITED) as server:
        asyncio.run(scenario(server))


def test_what_follows_from_a_read_may_ask_for_another_one_soon() -> None:
    async def scenario(server: Loopback) -> None:
        once = iter([timedelta(0)])
        shop = Watched(account(server), SELDOM)
        async with running(shop, on_attempt=lambda attempt: next(once, None)) as service:
            await until(lambda: len(service.attempts) == 2)
            later = service.watch.next_read("shop")
            assert later is not None
            assert later - service.attempts[1].at > timedelta(minutes=50)

    with serve() as server:
        asyncio.run(scenario(server))


def test_what_follows_from_a_read_may_fail_and_the_reading_goes_on() -> None:
    def fail(attempt: Attempt) -> None:
        raise ValueError(KEY)

    async def scenario(server: Loopback) -> None:
        async with running(Watched(account(server), OFTEN), on_attempt=fail) as service:
            await until(lambda: len(service.attempts) >= 3)
        assert (
            service.told[0]
            == "shop: what follows from a read failed: ValueError at test_service.py:"
            + (service.told[0].rpartition(":")[2])
        )
        assert KEY not in "".join(service.told)

    with serve() as server:
        asyncio.run(scenario(server))


def test_where_nobody_takes_the_lines_it_ends() -> None:
    def fail(attempt: Attempt) -> None:
        raise BrokenPipeError

    async def scenario(server: Loopback) -> None:
        with pytest.raises(BrokenPipeError):
            async with running(Watched(account(server), OFTEN), on_attempt=fail) as service:
                await asyncio.wait((service.task,))

    with serve() as server:
        asyncio.run(scenario(server))


def test_accounts_come_and_go_and_the_others_go_on() -> None:
    async def scenario(server: Loopback) -> None:
        old, kept, new = (Watched(account(server, name), OFTEN) for name in ("old", "kept", "new"))
        async with running(old, kept) as service:
            await until(lambda: service.reads("old") and service.reads("kept"))
            service.watch.follow(named(kept, new))
            assert service.watch.next_read("old") is None
            await until(lambda: len(service.reads("new")) >= 2)
            gone = len(service.reads("old"))
            more = len(service.reads("kept"))
            await until(lambda: len(service.reads("kept")) >= more + 5)
            assert len(service.reads("old")) <= gone + 1  # the one that was under way
            slower = Watched(kept.account, SELDOM)
            service.watch.follow(named(slower, new))
            later = service.watch.next_read("kept")
            assert later is not None
            assert later - service.attempts[-1].at > timedelta(minutes=50)

    with serve() as server:
        asyncio.run(scenario(server))


def test_an_account_that_changes_while_it_is_read_is_read_again_at_once() -> None:
    release = threading.Event()

    def answer(asked: Asked) -> Response:
        if name_of(asked) == "old":
            release.wait(60)
            return REFUSED
        return OK

    async def scenario(server: Loopback) -> None:
        before = account(server, "shop")
        before = attrs.evolve(before, base_url=f"{server.base_url}/old", fields={"key": Secret(KEY)})
        async with running(Watched(before, SELDOM)) as service:
            await until(lambda: server.asked)
            service.watch.follow(named(Watched(account(server, "shop"), SELDOM)))
            release.set()
            await until(lambda: len(service.attempts) >= 2)
        assert [attempt.error for attempt in service.attempts[:2]] == ["auth", None]

    with serve(answer) as server:
        asyncio.run(scenario(server))


def test_a_provider_s_own_interval_is_kept_and_told() -> None:
    async def scenario(server: Loopback) -> None:
        async with running(Watched(account(server), Pace(0.05, least_s=500))) as service:
            await until(lambda: service.attempts)
            later = service.watch.next_read("shop")
            assert later is not None
            assert later - service.attempts[0].at > timedelta(seconds=400)
        assert service.told == ["shop: toy allows one read in 500 s; it is read so often and no more"]

    with serve() as server:
        asyncio.run(scenario(server))


def test_the_end_cancels_what_hangs_and_hands_over_what_is_finished() -> None:
    release, entered = threading.Event(), threading.Event()

    def answer(asked: Asked) -> Response:
        if name_of(asked) == "stuck":
            release.wait(60)
        return OK

    kept: list[str] = []

    def keep(attempt: Attempt) -> None:
        entered.set()
        ending.wait(60)
        kept.append(attempt.account)

    ending = threading.Event()

    async def scenario(server: Loopback) -> None:
        async with running(
            *(Watched(account(server, name), SELDOM) for name in ("fine", "stuck")), on_attempt=keep
        ) as service:
            await until(lambda: entered.is_set() and len(server.asked) == 2)
            service.watch.stop()
            asyncio.get_running_loop().call_later(0.1, ending.set)
            await asyncio.wait((service.task,))
        assert kept == ["fine"]
        assert [attempt.account for attempt in service.attempts] == ["fine"]

    with serve(answer) as server:
        asyncio.run(scenario(server))
        release.set()


def test_the_end_does_not_wait_for_ever_for_what_follows_from_a_read() -> None:
    never, entered = threading.Event(), threading.Event()

    def hang(attempt: Attempt) -> None:
        entered.set()
        never.wait(600)

    async def scenario(server: Loopback) -> None:
        async with running(Watched(account(server), SELDOM), on_attempt=hang) as service:
            await until(entered.is_set)
            service.watch.stop()
            await asyncio.wait((service.task,))  # for longer than the test's own time limit, if it waited
            assert service.task.exception() is None

    with serve() as server:
        asyncio.run(scenario(server))
    never.set()
