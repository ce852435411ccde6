"""A loopback server that answers in every way a server should not, for tests of anything that speaks HTTP.

Roof; standard library only. It listens on a loopback address alone, and every thread of it ends with its `with` block::

    with HostileServer("gzip_bomb") as server:
        read(server.base_url)

A behaviour is a name of `BEHAVIOURS`, what `answer(...)` makes of raw bytes, or a sequence of these: one a request,
the last one again and again.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterable
from types import TracebackType

from .behaviours import BEHAVIOURS
from .visit import Behaviour, HungUpError, Visit, answer, http_answer

__all__ = ["BEHAVIOURS", "Behaviour", "HostileServer", "Visit", "answer", "http_answer"]


class HostileServer:
    """A server on a loopback address that behaves as told; a context manager.

    For an expired, foreign or self-signed certificate give a context that holds one and any behaviour.

    Args:
        behaviour: a name of `BEHAVIOURS`, a `Behaviour`, or a sequence of these: one a request, the last one repeated.
        tls: the server's side of TLS; None for plain HTTP.
        address: ``127.0.0.1`` or ``::1``.

    Attributes:
        base_url: scheme, address and port.
        requests: the raw bytes of every request, in order.
        connections: how many connections were accepted.

    Raises:
        KeyError: there is no behaviour of that name.
    """

    def __init__(
        self,
        behaviour: str | Behaviour | Iterable[str | Behaviour],
        *,
        tls: ssl.SSLContext | None = None,
        address: str = "127.0.0.1",
    ) -> None:
        given = [behaviour] if isinstance(behaviour, str | Behaviour) else behaviour
        self._script = [BEHAVIOURS[one] if isinstance(one, str) else one for one in given]
        self._tls = tls
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._sockets: list[socket.socket] = []
        self.requests: list[bytes] = []
        self.connections: int = 0
        self._listener = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
        self._listener.bind((address, 0))
        port = self._listener.getsockname()[1]
        first = self._script[0]
        scheme = "https" if tls is not None else first.scheme
        self.base_url: str = f"{scheme}://{f'[{address}]' if ':' in address else address}:{port}"

    def __enter__(self) -> HostileServer:
        first = self._script[0]
        if first.name == "full_backlog":
            self._listener.listen(0)
            for _ in range(4):
                filler = socket.socket(self._listener.family)
                filler.setblocking(False)
                filler.connect_ex(self._listener.getsockname())
                self._sockets.append(filler)
        elif first.name != "refuse":
            self._listener.listen(256)
        if first.stage != "port":
            self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the accepting thread
        self._listener.close()
        with self._lock:
            sockets, threads = list(self._sockets), list(self._threads)
        for one in sockets:
            with contextlib.suppress(OSError):
                socket.socket.shutdown(one, socket.SHUT_RDWR)
        for thread in threads:
            thread.join(timeout=10)
            if thread.is_alive():  # pragma: no cover  only a behaviour at fault gets here
                raise RuntimeError("a thread of the server did not end")
        for one in sockets:
            one.close()

    def _start(self, work: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=work, args=args, name="hostile-server", daemon=True)
        with self._lock:
            self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._stopping.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self.connections += 1
                self._sockets.append(connection)
            self._start(self._serve, connection)

    def _next(self, stage: str) -> Behaviour | None:
        """The next behaviour if it is of that stage."""
        with self._lock:
            behaviour = self._script[0]
            if behaviour.stage != stage:
                return None
            if len(self._script) > 1:
                del self._script[0]
            return behaviour

    def _serve(self, connection: socket.socket) -> None:
        try:
            # Ends when either side does; what goes wrong on the way is what was asked for.
            with contextlib.suppress(OSError, HungUpError):
                early = self._next("connection")
                if early is not None:
                    early.act(Visit(connection, self._stopping))
                    return
                if self._tls is not None:
                    connection = self._tls.wrap_socket(connection, server_side=True)
                    with self._lock:
                        self._sockets.append(connection)
                visit = Visit(connection, self._stopping)
                while request := _read_request(connection):
                    visit.request = request
                    with self._lock:
                        self.requests.append(request)
                    behaviour = self._next("request")
                    if behaviour is None:
                        return
                    behaviour.act(visit)
        finally:
            connection.close()


def _read_request(connection: socket.socket) -> bytes:
    """The raw bytes of one request; empty when there is none."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            return b""
        data += more
    head, _, _ = data.partition(b"\r\n\r\n")
    size = len(head) + 4
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            size += int(value)
    while len(data) < size:
        more = connection.recv(65536)
        if not more:
            return b""
        data += more
    return data
