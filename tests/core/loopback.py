"""A well-behaved server on loopback for the tests of the client: what it answers is a function of what it is asked."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import attrs

from coffers.plugin import Response


@attrs.frozen
class Asked:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@attrs.define
class Loopback:
    """The running server, and what it saw."""

    base_url: str
    asked: list[Asked] = attrs.field(factory=list)
    at_once: int = 0
    most_at_once: int = 0
    lock: threading.Lock = attrs.field(factory=threading.Lock)

    @property
    def counts(self) -> Counter[str]:
        return Counter(asked.path for asked in self.asked)


OK = Response(200, (("Content-Type", "application/json"),), b'{"currency": "USD", "amount": "12.50"}')


@contextmanager
def serve(answer: Callable[[Asked], Response] = lambda asked: OK, *, delay_s: float = 0.0) -> Iterator[Loopback]:
    """Serve on a free port until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body in one packet: two would wait for each other

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            asked = Asked(self.command, self.path, dict(self.headers), body)
            with state.lock:
                state.asked.append(asked)
                state.at_once += 1
                state.most_at_once = max(state.most_at_once, state.at_once)
            if delay_s:
                time.sleep(delay_s)
            response = answer(asked)
            with state.lock:
                state.at_once -= 1
            self.send_response_only(response.status)
            for name, value in response.headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(response.body)))
            self.end_headers()
            self.wfile.write(response.body)

        do_GET = do_POST = handle_any

        def log_message(self, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

        def handle_error(self, request: object, client_address: object) -> None:
            pass  # a client that hangs up is what some tests are about

    server = Server(("127.0.0.1", 0), Handler)
    state = Loopback(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
