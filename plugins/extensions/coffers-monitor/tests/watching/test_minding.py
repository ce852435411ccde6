"""Beside the reading: a clock that is set back, a config that changes, somebody who asks; on an injected clock."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import attrs

from coffers import Account, ConfigError, Registry, Secret
from coffers.aio import AsyncClient
from coffers_monitor.config import Settings
from coffers_monitor.watching.asking import Requests
from coffers_monitor.watching.changes import Reloading
from coffers_monitor.watching.minding import mind
from coffers_monitor.watching.pace import Pace
from coffers_monitor.watching.plan import Plan
from coffers_monitor.watching.service import Watch, Watched
from tests.core import toy
from tests.core.loopback import Loopback, serve


async def until(so: Callable[[], object]) -> None:
    """Wait until it is so; the test's own time limit ends it otherwise."""
    while not so():
        await asyncio.sleep(0.01)


@attrs.define
class World:
    """A watch that is minded: its clock, its file, what it said, who was read."""

    folder: Path
    server: Loopback
    now: float = 10_000.0
    told: list[str] = attrs.field(factory=list)
    read: list[str] = attrs.field(factory=list)
    hurry: asyncio.Event = attrs.field(factory=asyncio.Event)

    @property
    def file(self) -> Path:
        return self.folder / "names"

    def plan(self) -> Plan:
        names = self.file.read_text().split()
        if "bad" in names:
            raise ConfigError("bad it is")
        accounts = [Account(name, "toy", {"key": Secret("k" * 9)}, base_url=self.server.base_url) for name in names]
        return Plan(Settings(), {one.name: Watched(one, Pace(3600)) for one in accounts})

    async def live(self, story: Callable[[Watch], object]) -> None:
        config = Reloading(self.file, self.plan)
        client = AsyncClient(registry=Registry([toy.plugin()], installed=False))

        def keep(attempt: object) -> None:
            self.read.append(attempt.account)  # type: ignore[attr-defined]  # an Attempt

        watch = Watch(config.current.accounts, keep, client=client, tell=self.told.append)
        minding = asyncio.create_task(
            mind(
                watch,
                config,
                Requests(self.folder / "requests"),
                tell=self.told.append,
                hurry=self.hurry,
                look_every_s=0.01,
                clock=lambda: self.now,
                monotonic=lambda: 0.0,
            )
        )
        running = asyncio.create_task(watch.run())
        try:
            await story(watch)  # type: ignore[misc]  # each story is a coroutine function
        finally:
            watch.stop()
            await running
            minding.cancel()


def lived(folder: Path, names: str, story: Callable[[World, Watch], object]) -> World:
    """What comes of a story with these accounts."""
    (folder / "names").write_text(names)

    async def begin(server: Loopback) -> World:
        world = World(folder, server)
        await world.live(lambda watch: story(world, watch))
        return world

    with serve() as server:
        return asyncio.run(begin(server))


def test_a_clock_that_is_set_back_has_every_account_read_anew(tmp_path: Path) -> None:
    async def story(world: World, watch: Watch) -> None:
        await until(lambda: sorted(world.read) == ["one", "two"])
        world.now -= 3  # nobody minds
        await asyncio.sleep(0.1)
        assert world.told == []
        world.now -= 4000
        await until(lambda: sorted(world.read) == ["one", "one", "two", "two"])

    world = lived(tmp_path, "one two", story)
    assert world.told == ["the machine's clock was set back by 4000 s; every account is read anew"]


def test_a_clock_that_is_set_forward_is_no_news(tmp_path: Path) -> None:
    async def story(world: World, watch: Watch) -> None:
        await until(lambda: world.read == ["one"])
        world.now += 100_000
        await asyncio.sleep(0.1)

    assert lived(tmp_path, "one", story).told == []


def test_a_config_that_changes_is_followed_and_a_bad_one_is_not(tmp_path: Path) -> None:
    async def story(world: World, watch: Watch) -> None:
        await until(lambda: world.read == ["one"])
        world.file.write_text("one bad")
        await until(lambda: len(world.told) == 2)
        assert watch.next_read("one") is not None
        world.file.write_text("two three")
        await until(lambda: sorted(world.read) == ["one", "three", "two"])
        assert watch.next_read("one") is None

    assert lived(tmp_path, "one", story).told == [
        "the config has changed and cannot be used; the one before stays in use:",
        "  bad it is",
        "the config was read again; 2 accounts are watched",
    ]


def test_who_asks_is_served_and_who_hurries_has_all_read_again(tmp_path: Path) -> None:
    async def story(world: World, watch: Watch) -> None:
        await until(lambda: world.read == ["one"])
        (tmp_path / "requests").mkdir()
        (tmp_path / "requests/one").touch()
        await until(lambda: world.read == ["one", "one"])
        (tmp_path / "requests/nosuch").touch()
        await until(lambda: len(world.told) == 2)
        world.hurry.set()
        await until(lambda: len(world.told) == 3)
        soon = watch.next_read("one")
        assert soon is not None
        assert soon - datetime.now(UTC) > timedelta(minutes=50)  # it is not paused, so it goes on as it is

    assert lived(tmp_path, "one", story).told == [
        "one: is read now, as was asked",
        "nosuch: was asked for, and there is no such account",
        "the config was read again; 1 accounts are watched",
    ]
