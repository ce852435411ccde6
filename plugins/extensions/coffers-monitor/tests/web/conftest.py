"""What the tests of the page share: a made-up month, and real servers on loopback."""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

sys.path.insert(0, str(Path(__file__).parent))

from made_up_month import NOW, Month, made_up_month

from coffers import Secret
from coffers_monitor.web.app import make_app

TOKEN = "correct-horse-battery-staple"

Serve = Callable[..., str]


@pytest.fixture
def month() -> Month:
    return made_up_month()


@contextlib.contextmanager
def served(view: Any, token: str | None = None, names: tuple[str, ...] = ()) -> Iterator[str]:
    """The app on a free port of loopback, served as `coffers serve` does; its address."""
    app = make_app(view, token=Secret(token) if token else None, names=names, clock=lambda: NOW)
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, lifespan="on", log_config=None, access_log=False, server_header=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        limit = time.monotonic() + 60
        while not server.started:
            assert thread.is_alive()
            assert time.monotonic() < limit
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(60)
        listener.close()
        assert not thread.is_alive()


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serve a view until the test ends."""
    with contextlib.ExitStack() as stack:
        yield lambda *args, **more: stack.enter_context(served(*args, **more))


@pytest.fixture
def page(serve: Serve, month: Month) -> Iterator[httpx.Client]:
    """A client of the month's page, without a token."""
    with httpx.Client(base_url=serve(month), timeout=60) as client:
        yield client


@pytest.fixture
def locked(serve: Serve, month: Month) -> Iterator[httpx.Client]:
    """A client of the month's page, which asks for `TOKEN`; it has not got it."""
    with httpx.Client(base_url=serve(month, token=TOKEN), timeout=60) as client:
        yield client
