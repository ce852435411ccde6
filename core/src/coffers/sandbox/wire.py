"""The HTTP server: a thread with its own event loop, and the faults that need the connection itself.

Roof; the only module that imports aiohttp. It binds 127.0.0.1 and nothing else. What to answer is decided by the
function it is given; here it is only put on the wire, well or badly.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
import struct
import threading
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from email.utils import formatdate
from typing import Any, Final

import attrs
from aiohttp import web

from coffers import ConfigError, SandboxReply

from .faults import Fault

__all__ = ["Delivery", "LoopbackServer", "Received"]

HOST: Final = "127.0.0.1"

#: aiohttp logs tracebacks of broken connections, which are our trade, and request lines, which may hold a key.
_SILENT: Final = logging.Logger("coffers.sandbox.silent", logging.CRITICAL + 1)  # noqa: LOG001  outside the tree on purpose: nobody can turn it on

#: How long `stop` lets an answer that is under way finish.
_GRACE_S: Final = 0.05


@attrs.frozen(repr=False)
class Received:
    """A request as it came in; `target` is the undecoded path and query."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


@attrs.frozen(repr=False)
class Delivery:
    """What to send, at what time of the sandbox's clock, and the fault to play while sending it."""

    reply: SandboxReply
    time_s: float
    fault: Fault | None = None


class LoopbackServer:
    """Serves `respond` on 127.0.0.1 until `close`.

    Args:
        respond: decides the answer; called in the server's thread, must not block.
        port: 0 takes a free one.
        on_trouble: told of an exception that nothing else has caught.

    Raises:
        ConfigError: the port cannot be had.
    """

    def __init__(
        self, respond: Callable[[Received], Delivery], *, port: int, on_trouble: Callable[[BaseException], None]
    ) -> None:
        self._respond = respond
        self._on_trouble = on_trouble
        listening = _listen(port)
        self.port: int = listening.getsockname()[1]
        self._stop = asyncio.Event()
        ready: Future[asyncio.AbstractEventLoop] = Future()
        self._thread = threading.Thread(
            target=self._run, args=(listening, ready), name=f"coffers-sandbox-{self.port}", daemon=True
        )
        self._thread.start()
        self._loop = ready.result()

    def close(self) -> None:
        """Stop serving, close every connection, join the thread. A second call does nothing."""
        with suppress(RuntimeError):  # the loop is closed already
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def _run(self, listening: socket.socket, ready: Future[asyncio.AbstractEventLoop]) -> None:
        with listening:
            try:
                asyncio.run(self._serve(listening, ready))
            except BaseException as error:  # noqa: BLE001  the starting thread waits for it
                if not ready.done():
                    ready.set_exception(error)
                else:
                    self._on_trouble(error)

    async def _serve(self, listening: socket.socket, ready: Future[asyncio.AbstractEventLoop]) -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._loop_trouble)
        protocols = web.Server(
            self._handle,
            handler_cancellation=True,
            access_log=None,
            logger=_SILENT,
            auto_decompress=False,
            max_line_size=64 * 1024,
            max_field_size=64 * 1024,
        )
        server = await loop.create_server(protocols, sock=listening)
        ready.set_result(loop)
        try:
            await self._stop.wait()
        finally:
            server.close()
            protocols.pre_shutdown()  # idle connections go at once
            await protocols.shutdown(_GRACE_S)

    def _loop_trouble(self, _: asyncio.AbstractEventLoop, context: Mapping[str, Any]) -> None:
        error = context.get("exception")
        if isinstance(error, BaseException) and not isinstance(error, ConnectionError):
            self._on_trouble(error)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        received = Received(
            request.method,
            request.raw_path,
            tuple((_text(name), _text(value)) for name, value in request.raw_headers),
            await request.read(),
        )
        try:
            delivery = self._respond(received)
            play = _PLAYS.get(delivery.fault.kind, _send) if delivery.fault else _send
            return await play(request, delivery)
        except ConnectionError:
            raise  # pragma: no cover  # the client has left; whether it is seen here is luck
        except Exception as error:
            self._on_trouble(error)
            raise


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def _listen(port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((HOST, port))
        listening.listen(256)
    except (OSError, OverflowError) as error:
        listening.close()
        reasons = {errno.EADDRINUSE: "is in use", errno.EACCES: "needs more rights than this process has"}
        reason = reasons.get(getattr(error, "errno", 0) or 0, "cannot be used")
        raise ConfigError(
            f"port {port} of {HOST} {reason}; choose another, or 0 for any free one", field="port"
        ) from None
    return listening


# --- putting it on the wire ----------------------------------------------------------------------------------------


def _response(delivery: Delivery) -> web.StreamResponse:
    reply = delivery.reply
    response = web.StreamResponse(status=reply.status)
    for name, value in reply.headers:
        response.headers.add(name, value)
    if reply.content_type:
        response.headers.setdefault("Content-Type", reply.content_type)
    response.headers.setdefault("Date", formatdate(delivery.time_s, usegmt=True))
    response.headers["Server"] = "coffers-sandbox"
    response.content_length = len(reply.body)
    return response


async def _send(request: web.BaseRequest, delivery: Delivery) -> web.StreamResponse:
    response = _response(delivery)
    await response.prepare(request)
    if delivery.reply.body and request.method != "HEAD":
        await response.write(delivery.reply.body)
    return response


async def _latency(request: web.BaseRequest, delivery: Delivery) -> web.StreamResponse:
    await asyncio.sleep(_seconds(delivery))
    return await _send(request, delivery)


async def _dribbled(request: web.BaseRequest, delivery: Delivery) -> web.StreamResponse:
    response = _response(delivery)
    await response.prepare(request)
    for byte in delivery.reply.body:
        await asyncio.sleep(_seconds(delivery))
        await response.write(bytes([byte]))
    return response


async def _truncated(request: web.BaseRequest, delivery: Delivery) -> web.StreamResponse:
    response = _response(delivery)
    body = delivery.reply.body
    response.content_length = max(1, len(body))
    response.force_close()  # the connection goes as soon as this is sent
    await response.prepare(request)
    await response.write(body[: len(body) // 2])
    return response


async def _reset(request: web.BaseRequest, delivery: Delivery) -> web.StreamResponse:
    if request.transport is not None:  # pragma: no branch  # it is None where the client has just left
        sock = request.transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # close with RST, not FIN
        request.transport.abort()
    return _response(delivery)


async def _hang(_: web.BaseRequest, __: Delivery) -> web.StreamResponse:
    while True:  # until cancelled: the client leaves or the server stops
        await asyncio.sleep(3600)


def _seconds(delivery: Delivery) -> float:
    return float(delivery.fault.options["seconds"]) if delivery.fault else 0.0


#: The faults that concern the connection, by kind; every other answer is simply sent.
_PLAYS: Final[Mapping[str, Callable[[web.BaseRequest, Delivery], Awaitable[web.StreamResponse]]]] = {
    "latency": _latency,
    "dribbled": _dribbled,
    "truncated": _truncated,
    "reset": _reset,
    "hang": _hang,
}
