"""The app on a free port of loopback, served as `coffers serve` does."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import uvicorn
from made_up_month import NOW

from coffers import Secret
from coffers_monitor.web.app import make_app

#: Made up.
TOKEN = "correct-horse-battery-staple"

Serve = Callable[..., str]


@contextlib.contextmanager
def served(view: Any, token: str | None = None, names: tuple[str, ...] = ()) -> Iterator[str]:
    """Serve what a view knows; the address."""
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
