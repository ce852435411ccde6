"""What the tests of the async client share: a loop, a client, and looking at what is left behind."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import pytest

from coffers import Account, Registry, Secret
from coffers.aio import AsyncClient
from tests.core import toy
from tests.core.faces import FACES, new_loop

KEY = "canary-key-0123456789"

T = TypeVar("T")
Run = Callable[[Coroutine[Any, Any, T]], T]


@pytest.fixture(params=FACES[1:], name="run")
def run_on_a_loop(request: pytest.FixtureRequest) -> Iterator[Callable[[Coroutine[Any, Any, Any]], Any]]:
    """Runs a coroutine on a loop of its own. Whatever the loop complains of, or leaves behind, is an error."""
    complaints: list[str] = []
    with asyncio.Runner(loop_factory=lambda: new_loop(request.param)) as runner:
        runner.get_loop().set_exception_handler(lambda loop, context: complaints.append(str(context)))
        yield runner.run
    assert not complaints


def client(*plugins: object, **more: Any) -> AsyncClient:
    return AsyncClient(registry=Registry(plugins or [toy.plugin()], installed=False), **more)


def account(base_url: str, name: str = "shop", provider: str = "toy", **more: Any) -> Account:
    return Account(name, provider, {"key": Secret(KEY)}, base_url=base_url, **more)


async def until(so: Callable[[], bool]) -> None:
    """Wait until it is so; the test's own time limit ends it otherwise."""
    while not so():
        await asyncio.sleep(0.005)


async def cancelled(task: asyncio.Task[Any]) -> None:
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def sockets() -> int:
    """How many sockets this process has open."""
    count = 0
    for entry in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # the listing's own is closed by now
            count += str(entry.readlink()).startswith("socket:")
    return count
