"""Sending on an event loop: what `HttpTransport` does with threads, by the same rules and with the same errors.

Part of floor 5. Imports asyncio, so it is imported for `coffers.aio` alone. Every wait for a name, a connection, a
handshake lies inside one time limit, and every wait for an answer has a timer: both end at the deadline, and at once
when the transport is closed.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, TypeVarTuple

from coffers.aside import Aside
from coffers.errors import CoffersError, NetworkError, TimedOutError
from coffers.messages import Response, SignedRequest

from . import Endpoint, Origin, connection
from .line import Line
from .shelf import Shelf
from .tls import Tls
from .wire import request_bytes

if TYPE_CHECKING:
    import ssl

__all__ = ["AsyncHttpTransport", "AsyncTransport"]

A = TypeVarTuple("A")
T = TypeVar("T")


class AsyncTransport(Protocol):
    """What an async client needs of a transport; give `AsyncClient` another one to answer without a network."""

    async def send(self, message: SignedRequest, endpoint: Endpoint, deadline: float) -> Response:
        """Send `message` to `endpoint`; see `Transport.send`. When it is cancelled, nothing of it may be left over."""
        ...

    async def close(self) -> None:
        """Close every connection and wait until they are closed; a `send` under way ends with `NetworkError`."""
        ...


class AsyncHttpTransport:
    """HTTP/1.1 over kept-alive connections on one event loop. See `Transport` for what it raises.

    A connection is used again only after an answer that was read to its clean end, within `MAX_IDLE_S` seconds; one
    whose exchange was cancelled is closed. Errors name the host and nothing else of the message. There is no switch
    that turns verification off.

    Args:
        monotonic: the clock deadlines are told by, in seconds.
    """

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._closed = False
        self._origins: dict[Endpoint, Origin] = {}
        self._shelf: Shelf[Origin, Line] = Shelf(monotonic)
        self._connecting: set[asyncio.Timeout] = set()
        self._lines: set[Line] = set()
        self._aside = Aside()
        self._asked: dict[tuple[object, ...], asyncio.Task[Any]] = {}
        self._trust: dict[Path | None, ssl.SSLContext] = {}  # reading a CA bundle costs more than a read

    async def send(self, message: SignedRequest, endpoint: Endpoint, deadline: float) -> Response:
        """See `AsyncTransport.send`."""
        origin = self._origins.get(endpoint)
        if origin is None:
            origin = self._origins[endpoint] = Origin.of(endpoint)
        try:
            return await self._exchange(message, origin, deadline)
        except CoffersError as error:
            failure = origin.told(error, closed=self._closed)
        except Exception as error:  # noqa: BLE001  nothing foreign may escape: its text may hold the query
            failure = origin.told(connection.explain(error), closed=self._closed)
        try:
            raise failure
        finally:
            del failure  # an error must not hold the frame that holds the error

    async def close(self) -> None:
        """See `AsyncTransport.close`. A further `send` raises `NetworkError`."""
        self._closed = True
        self._aside.dismiss()
        for asked in self._asked.values():
            asked.cancel()
        for limit in self._connecting:
            with contextlib.suppress(RuntimeError):  # it is over already
                limit.reschedule(0.0)
        self._shelf.clear()
        for line in tuple(self._lines):
            line.close()
        while self._lines or self._connecting:
            await asyncio.sleep(0)  # all of them end within a few rounds of the loop

    async def _exchange(self, message: SignedRequest, origin: Origin, deadline: float) -> Response:
        left_s = deadline - self._monotonic()
        if left_s <= 0:
            raise TimedOutError("the deadline passed before anything was sent")
        if self._closed:
            raise NetworkError("the transport was closed")
        outgoing = request_bytes(message, prefix=origin.prefix, fixed_headers=origin.fixed_headers)
        line = self._shelf.take(origin) or await self._connected_within(left_s, origin, deadline)
        clean = False
        try:
            response, clean = await line.exchange(outgoing, message.method, deadline)
        finally:
            if clean and not self._closed:
                self._shelf.put(origin, line)
            else:
                line.close()
        return response

    async def _connected_within(self, left_s: float, origin: Origin, deadline: float) -> Line:
        async with asyncio.timeout(left_s) as limit:
            self._connecting.add(limit)
            try:
                return await self._connected(origin, deadline)
            finally:
                self._connecting.discard(limit)

    async def _connected(self, origin: Origin, deadline: float) -> Line:
        context = await self._trusted(origin.ca_file) if origin.tls else None
        addresses = await self._addresses(origin)
        fault: OSError = ConnectionAbortedError()
        for tried, (*_, (host, port, *_)) in enumerate(addresses):
            tls = None if context is None else Tls(context, origin.host)
            line = Line(tls, monotonic=self._monotonic, open_ones=self._lines)
            try:
                # A silent address gets its share of the time, not all of it.
                async with asyncio.timeout((deadline - self._monotonic()) / (len(addresses) - tried)):
                    await line.connect(host, port)
            except OSError as error:
                self._drop(line)
                fault = error
                continue
            except BaseException:
                self._drop(line)
                raise
            try:
                await line.agree()
            except BaseException:
                self._drop(line)
                raise
            return line
        raise fault

    def _drop(self, line: Line) -> None:
        line.close()
        self._lines.discard(line)  # uvloop does not tell when a connection is lost whose making was cancelled

    async def _addresses(self, origin: Origin) -> connection.Addresses:
        if connection.is_address(origin.host):
            return connection.look_up(origin.host, origin.port)
        return await self._ask(connection.look_up, origin.host, origin.port)

    async def _trusted(self, ca_file: Path | None) -> ssl.SSLContext:
        if ca_file not in self._trust:
            self._trust[ca_file] = await self._ask(connection.trust, ca_file)
        return self._trust[ca_file]

    async def _ask(self, function: Callable[[*A], T], *arguments: *A) -> T:
        """What a blocking function answers, asked in a thread, once for all who want to know it now."""
        question = (function, *arguments)
        asked: asyncio.Task[T] | None = self._asked.get(question)
        if asked is None:
            asked = self._asked[question] = asyncio.create_task(self._aside.call(function, *arguments))
            asked.add_done_callback(lambda asked: self._answered(question, asked))
        return await asyncio.shield(asked)

    def _answered(self, question: tuple[object, ...], asked: asyncio.Task[Any]) -> None:
        del self._asked[question]
        if not asked.cancelled():
            asked.exception()  # those who asked may be gone; then it is nobody's
