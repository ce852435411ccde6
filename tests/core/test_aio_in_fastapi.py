"""The async client inside a web application: made at its start, shared by its requests, closed at its end."""

from __future__ import annotations

import json
import socket
import threading
import time
import urllib.request
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI

from coffers import Account, CoffersError, Registry, Secret
from coffers.aio import AsyncClient
from tests.core import toy
from tests.core.faces import FACES
from tests.core.loopback import serve


def application(upstream: str, clients: list[AsyncClient]) -> FastAPI:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncClient(registry=Registry([toy.plugin()], installed=False)) as client:
            clients.append(client)
            yield

    app = FastAPI(lifespan=lifespan)

    @app.get("/balances/{name}")
    async def balances(name: str) -> dict[str, Any]:
        account = Account(name, "toy", {"key": Secret("canary-key-0123456789")}, base_url=f"{upstream}/{name}")
        try:
            snapshot = await clients[0].read(account)
        except CoffersError as error:
            return {"error": error.kind}
        return {row.currency: str(row.total) for row in snapshot.balances}

    return app


@contextmanager
def running(app: FastAPI, loop: Any) -> Iterator[str]:
    server = uvicorn.Server(uvicorn.Config(app, loop=loop, lifespan="on", log_level="critical", ws="none"))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            while not server.started and thread.is_alive():
                time.sleep(0.01)
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


@pytest.mark.parametrize("loop", FACES[1:])
def test_requests_share_a_client_that_lives_as_long_as_the_application(loop: str) -> None:
    clients: list[AsyncClient] = []

    def ask(name: str) -> Any:
        with urllib.request.urlopen(f"{base_url}/balances/{name}", timeout=20) as response:
            return json.load(response)

    with serve(delay_s=0.02) as upstream, running(application(upstream.base_url, clients), loop) as base_url:
        with ThreadPoolExecutor(8) as threads:
            answers = list(threads.map(ask, [f"a{number}" for number in range(24)]))
        assert answers == [{"USD": "12.50"}] * 24
        assert len(upstream.asked) == 24
        assert upstream.most_at_once > 1
    [client] = clients
    ours: Any = client._transport
    assert not ours._lines
