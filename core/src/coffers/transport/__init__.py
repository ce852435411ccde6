"""Sending: one signed message out, one bounded answer back, before the deadline. The only package with a socket.

Floor 5. Never follows a redirect, never rewrites a byte of the message, never lets a foreign error or its text out,
never trusts an unverified certificate. Nothing happens at import time; sockets and TLS are imported at the first send.

    this file       `Endpoint`, `HttpTransport`: which connection to use, and every fault as one of our errors
    wire.py         the bytes of HTTP: the message out, the answer in, with its limits; no sockets
    shelf.py        connections that are kept for the next message; no sockets
    connection.py   sockets, names and TLS: every wait ends at the deadline
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

import attrs

from coffers._version import __version__
from coffers.errors import CoffersError, ConfigError, NetworkError, TimedOutError
from coffers.messages import Response, SignedRequest
from coffers.provider import check_base_url

from .shelf import MAX_IDLE_S, Shelf
from .wire import read_answer, request_bytes

if TYPE_CHECKING:
    import ssl

    from .connection import Connection

__all__ = ["MAX_IDLE_S", "Endpoint", "HttpTransport", "Origin", "Transport"]


@attrs.frozen
class Endpoint:
    """Where a message goes.

    Args:
        base_url: ``https://HOST[:PORT][/PREFIX]``; plain ``http`` to a loopback address only. The prefix goes before
            the message's target.
        ca_file: a PEM file of the certificate authorities to trust instead of the system's.
    """

    base_url: str
    ca_file: Path | None = None


class Transport(Protocol):
    """What a client needs of a transport; give `Client` another one to answer without a network."""

    def send(self, message: SignedRequest, endpoint: Endpoint, deadline: float) -> Response:
        """Send `message` to `endpoint`, byte for byte, and wait for the answer; whatever its status is.

        Args:
            message: what `sign` made.
            endpoint: where it goes.
            deadline: when to give up, in seconds of `time.monotonic`.

        Raises:
            NetworkError: name, connect, TLS, reset, closed, or an answer cut short.
            TimedOutError: the deadline passed.
            BadResponseError: an answer that is no HTTP, or beyond a limit.
            ConfigError: the base URL or CA file cannot be used; nothing was sent.
            PluginError: the message cannot be written as HTTP; nothing was sent.
        """
        ...

    def close(self) -> None:
        """Close every connection; a `send` under way in another thread ends with `NetworkError`."""
        ...


@attrs.frozen(cache_hash=True)
class Origin:
    """An endpoint taken apart, once. Equal where connections may be shared."""

    tls: bool
    host: str
    port: int
    ca_file: Path | None
    authority: str = attrs.field(eq=False)
    prefix: str = attrs.field(eq=False)
    fixed_headers: str = attrs.field(eq=False)

    @classmethod
    def of(cls, endpoint: Endpoint) -> Origin:
        """Take `endpoint` apart.

        Raises:
            ConfigError: its base URL cannot be used.
        """
        try:
            parts = urlsplit(check_base_url(endpoint.base_url))
        except ValueError as error:
            raise ConfigError(f"base_url {error}", field="base_url") from None
        host, tls = parts.hostname or "", parts.scheme == "https"
        usual_port = 443 if tls else 80
        port = parts.port or usual_port
        authority = (f"[{host}]" if ":" in host else host) + (f":{port}" if port != usual_port else "")
        fixed_headers = f"Host: {authority}\r\nUser-Agent: coffers/{__version__}\r\nAccept-Encoding: identity\r\n"
        return cls(tls, host, port, endpoint.ca_file, authority, parts.path, fixed_headers)

    def told(self, fault: CoffersError, *, closed: bool) -> CoffersError:
        """A new error that names the host: without a traceback, cause or context that leads to the message's bytes."""
        if closed:
            fault = NetworkError("the transport was closed")
        return type(fault)(f"{self.authority}: {fault.message}", field=fault.field)


class HttpTransport:
    """HTTP/1.1 over kept-alive connections; thread-safe. See `Transport` for what it raises.

    A connection is used again only after an answer that was read to its clean end, within `MAX_IDLE_S` seconds.
    Errors name the host and nothing else of the message. There is no switch that turns verification off.

    Args:
        monotonic: the clock deadlines are told by, in seconds.
    """

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()  # guards the next four
        self._closed = False
        self._origins: dict[Endpoint, Origin] = {}
        self._shelf: Shelf[Origin, Connection] = Shelf(monotonic)
        self._busy: set[Connection] = set()
        self._trust_lock = threading.Lock()
        self._trust: dict[Path | None, ssl.SSLContext] = {}  # reading a CA bundle costs more than a read

    def send(self, message: SignedRequest, endpoint: Endpoint, deadline: float) -> Response:
        """See `Transport.send`."""
        origin = self._origins.get(endpoint) or self._learn(endpoint)
        try:
            return self._exchange(message, origin, deadline)
        except CoffersError as error:
            failure = origin.told(error, closed=self._closed)
        except Exception as error:  # noqa: BLE001  nothing foreign may escape: its text may hold the query
            from .connection import explain

            failure = origin.told(explain(error), closed=self._closed)
        try:
            raise failure
        finally:
            del failure  # an error must not hold the frame that holds the error

    def close(self) -> None:
        """See `Transport.close`. A further `send` raises `NetworkError`."""
        with self._lock:
            self._closed = True
            for connection in self._busy:
                connection.abort()
            self._shelf.clear()

    def _learn(self, endpoint: Endpoint) -> Origin:
        return self._origins.setdefault(endpoint, Origin.of(endpoint))

    def _exchange(self, message: SignedRequest, origin: Origin, deadline: float) -> Response:
        if self._monotonic() >= deadline:
            raise TimedOutError("the deadline passed before anything was sent")
        outgoing = request_bytes(message, prefix=origin.prefix, fixed_headers=origin.fixed_headers)
        connection = self._take(origin)
        clean = False
        try:
            connection.begin(deadline)
            connection.send(outgoing)
            response, clean = read_answer(connection.receive, method=message.method)
        finally:
            self._put_back(connection, origin, clean=clean)
        return response

    def _take(self, origin: Origin) -> Connection:
        from .connection import Connection

        context = self._trusted(origin.ca_file) if origin.tls else None
        with self._lock:
            if self._closed:
                raise NetworkError("the transport was closed")
            connection = self._shelf.take(origin)
            if connection is None:
                connection = Connection(origin.host, origin.port, context=context, monotonic=self._monotonic)
            self._busy.add(connection)
            return connection

    def _put_back(self, connection: Connection, origin: Origin, *, clean: bool) -> None:
        with self._lock:
            self._busy.discard(connection)
            if clean and not self._closed:
                self._shelf.put(origin, connection)
                return
        connection.close()

    def _trusted(self, ca_file: Path | None) -> ssl.SSLContext:
        from .connection import trust

        with self._trust_lock:
            if ca_file not in self._trust:
                self._trust[ca_file] = trust(ca_file)
            return self._trust[ca_file]
