"""One suite for both clients: the async ones with the face of the sync ones, each on an event loop of its own.

A test module that says `face = pytest.fixture(autouse=True, params=FACES)(choose)` runs each test once for every face,
and makes its clients with `make_client`, its transports with `make_transport`.
"""

from __future__ import annotations

import asyncio
import importlib.util
import threading
from collections.abc import Coroutine, Iterable, Iterator
from concurrent.futures import Future
from types import TracebackType
from typing import Any, Self, TypeVar

import pytest

from coffers import Account, Client, HttpTransport, Outcome, Response, Snapshot
from coffers.aio import AsyncClient, AsyncHttpTransport
from coffers.plugin import SignedRequest
from coffers.transport import Endpoint

#: How it is driven: by threads, or by a loop; uvloop's too, where there is one.
FACES = ("threads", "asyncio", *(["uvloop"] if importlib.util.find_spec("uvloop") else []))

T = TypeVar("T")

_chosen = "threads"
_running: list[LoopThread] = []


def choose(request: pytest.FixtureRequest) -> Iterator[str]:
    """The body of a fixture: what the test's clients and transports are driven by."""
    global _chosen
    _chosen = request.param
    yield _chosen
    while _running:
        _running.pop().end()


def new_loop(face: str) -> asyncio.AbstractEventLoop:
    if face == "uvloop":
        import uvloop

        return uvloop.new_event_loop()
    return asyncio.new_event_loop()


class LoopThread:
    """An event loop in a thread. Whatever it complains of is an error at the end."""

    def __init__(self) -> None:
        self.loop = new_loop(_chosen)
        self.complaints: list[str] = []
        self.loop.set_exception_handler(lambda loop, context: self.complaints.append(str(context)))
        self._thread = threading.Thread(target=self.loop.run_forever, name="tests-loop", daemon=True)
        self._thread.start()
        _running.append(self)

    def begin(self, coroutine: Coroutine[Any, Any, T]) -> Future[T]:
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop)

    def __call__(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return self.begin(coroutine).result()

    def end(self) -> None:
        if self.loop.is_closed():
            return
        self(self.loop.shutdown_asyncgens())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()
        assert not self.complaints


class LoopTransport:
    """An `AsyncHttpTransport` with the face of `HttpTransport`."""

    def __init__(self, **more: Any) -> None:
        self._run = LoopThread()
        self._transport = AsyncHttpTransport(**more)

    def send(self, message: SignedRequest, endpoint: Endpoint, deadline: float) -> Response:
        return self._run(self._transport.send(message, endpoint, deadline))

    def close(self) -> None:
        if not self._run.loop.is_closed():
            self._run(self._transport.close())

    def end(self) -> None:
        self.close()
        self._run.end()


class _Threaded:
    """A sync transport with the face of an async one."""

    def __init__(self, transport: Any) -> None:
        self._transport = transport

    async def send(self, *arguments: Any) -> Response:
        return await asyncio.to_thread(self._transport.send, *arguments)

    async def close(self) -> None:
        self._transport.close()


class LoopClient:
    """An `AsyncClient` with the face of `Client`."""

    def __init__(self, *, transport: Any = None, sleep: Any = None, **more: Any) -> None:
        async def sleep_too(seconds: float) -> None:
            sleep(seconds)

        self._run = LoopThread()
        self._client = AsyncClient(
            transport=None if transport is None else _Threaded(transport),
            sleep=None if sleep is None else sleep_too,
            **more,
        )
        self.registry = self._client.registry

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
        self._run.end()

    def close(self) -> None:
        self._run(self._client.close())

    def read(self, account: Account) -> Snapshot:
        return self._run(self._client.read(account))

    def read_many(self, accounts: Iterable[Account], *, workers: int = 32, **more: Any) -> Iterator[Outcome]:
        outcomes = self._client.read_many(accounts, concurrency=workers, **more)
        return self._taken(outcomes)

    def _taken(self, outcomes: Any) -> Iterator[Outcome]:
        try:
            while (outcome := self._run(_next(outcomes))) is not None:
                yield outcome
        finally:
            self._run(outcomes.aclose())


async def _next(outcomes: Any) -> Outcome | None:
    return await anext(outcomes, None)  # type: ignore[no-any-return]  # the caller's


def make_client(**more: Any) -> Client:
    """A client of the chosen face."""
    made: Any = Client(**more) if _chosen == "threads" else LoopClient(**more)
    return made  # type: ignore[no-any-return]  # it has that face


def make_transport(**more: Any) -> Any:
    """A transport of the chosen face, and what ends it."""
    if _chosen == "threads":
        transport = HttpTransport(**more)
        return transport, transport.close
    threaded = LoopTransport(**more)
    return threaded, threaded.end
