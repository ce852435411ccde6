"""One connection on an event loop: what `connection` does with a socket and a thread, done with callbacks.

Part of floor 5. What goes over it is `wire`'s, as in the sync transport; TLS is `tls`'s. It raises what sockets raise.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

from coffers.messages import Response

from .connection import is_silent
from .tls import Tls
from .wire import Reading, answer_steps

__all__ = ["Line"]


class Line(asyncio.Protocol):
    """One connection to one host, for one exchange at a time. Whoever connects sets a limit; an exchange has a timer.

    Args:
        tls: the client's side of TLS; None for plain HTTP.
        monotonic: the clock of deadlines, in seconds.
        open_ones: holds every line from the moment its loop looks after it until its socket is gone.
    """

    def __init__(
        self,
        tls: Tls | None,
        *,
        monotonic: Callable[[], float],
        open_ones: set[Line],
    ) -> None:
        self._tls = tls
        self._monotonic = monotonic
        self._open_ones = open_ones
        self._transport: asyncio.Transport | None = None  # None before it is made, and from its end on
        self._socket: Any = None
        self._closed = False
        self._waiter: asyncio.Future[None] | None = None
        self._deadline = 0.0
        self._steps: Reading | None = None
        self._answer: tuple[Response, bool] | None = None
        self._fault: Exception | None = None

    async def connect(self, host: str, port: int) -> None:
        """Connect to an address.

        The loop makes the socket and never lets go of it. One made here would be closed by uvloop, without a word, when
        its opening is cancelled; closed again later, it would take somebody else's connection with it.
        """
        await asyncio.get_running_loop().create_connection(lambda: self, host, port)

    async def agree(self) -> None:
        """With TLS, wait until both sides agree; the handshake began when the connection was made."""
        if self._tls is not None and not self._tls.agreed and self._fault is None:
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        if self._fault is not None:
            raise self._fault

    async def exchange(self, outgoing: bytes, method: str, deadline: float) -> tuple[Response, bool]:
        """Send a message and wait for its answer; a cancelled wait leaves the connection fit for nothing but `close`.

        Args:
            outgoing: the message as it goes on the wire.
            method: its method.
            deadline: when the wait ends, and nothing is taken from the connection any more; in the seconds of
                `monotonic`.

        Returns:
            The answer, and whether the connection is fit for another message.
        """
        loop = asyncio.get_running_loop()
        transport = self._transport
        assert transport is not None  # just opened, or just found usable
        self._deadline = deadline
        self._steps = steps = answer_steps(method)
        next(steps)
        if self._tls is None:
            transport.write(outgoing)
        else:
            self._tls.send(outgoing)
            self._flush(self._tls)
        self._waiter = loop.create_future()
        # A timer, not `asyncio.timeout`: that cancels the task and mends it again, and here is nothing to cancel.
        timer = loop.call_later(deadline - self._monotonic(), self._expire)
        try:
            await self._waiter
        finally:
            timer.cancel()
        answer, self._answer = self._answer, None
        if answer is None:
            raise self._fault or ConnectionAbortedError
        response, clean = answer
        # An answer that came before the whole message had gone out: the rest of it would precede the next one.
        return response, clean and not transport.get_write_buffer_size()

    @property
    def usable(self) -> bool:
        """Whether an idle connection is still open and silent, as far as the system knows by now."""
        return self._transport is not None and is_silent(self._socket)

    def close(self) -> None:
        """Close it at once."""
        self._closed = True
        if self._transport is not None:
            transport, self._transport = self._transport, None
            transport.abort()

    # --- what the loop calls ---------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is there."""
        if self._closed:  # whoever opened it was cancelled meanwhile
            cast("asyncio.Transport", transport).abort()
            return
        self._transport = cast("asyncio.Transport", transport)
        self._socket = transport.get_extra_info("socket")
        self._open_ones.add(self)
        if self._tls is not None:
            self._tls.begin()
            self._flush(self._tls)

    def data_received(self, data: bytes) -> None:
        """Bytes came; none at all at their end."""
        if self._tls is None:
            self._take(data)
        else:
            self._decrypt(data, self._tls)

    def eof_received(self) -> None:
        """No more bytes will come; the loop closes the connection after this."""
        self.data_received(b"")

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone."""
        self._transport = None
        self._open_ones.discard(self)
        self._fail(exc or ConnectionAbortedError())

    def _decrypt(self, data: bytes, tls: Tls) -> None:
        agreed_before = tls.agreed
        try:
            for plain in tls.receive(data):
                self._take(plain)
        except Exception as fault:  # noqa: BLE001  raised where somebody waits
            self._flush(tls)  # what TLS has to say about it
            self._fail(fault)
            return
        self._flush(tls)
        if tls.agreed and not agreed_before:
            self._wake()

    def _flush(self, tls: Tls) -> None:
        leaving = tls.leaving()
        if leaving and self._transport is not None:
            self._transport.write(leaving)

    def _take(self, data: bytes) -> None:
        """Read on with `data`, none at all at the end."""
        if self._steps is None:  # it speaks without being asked
            self.close()
            return
        try:
            if self._monotonic() >= self._deadline:
                raise TimeoutError
            self._steps.send(data)
        except StopIteration as end:
            self._steps = None
            self._answer = end.value
            self._wake()
        except Exception as fault:  # noqa: BLE001  raised where somebody waits
            self._fail(fault)

    def _expire(self) -> None:
        self._fail(TimeoutError())

    def _fail(self, fault: Exception) -> None:
        """Nothing can come of it any more."""
        self.close()
        self._steps = None
        self._fault = self._fault or fault
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
