"""TLS between the bytes of the wire and those of HTTP; no sockets here.

Part of floor 5. asyncio has a TLS of its own, which will not do: it keeps a buffer of 256 KiB for each connection, a
quarter of a gigabyte for a thousand, and it does not tell an orderly end from a cut. The context is the same as the
sync transport's, so certificates and their names are verified by the same code.
"""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Iterator
from typing import Final

from coffers.errors import NetworkError

__all__ = ["Tls"]

_READ_SIZE: Final = 64 * 1024


class Tls:
    """The client's side of one TLS connection.

    Args:
        context: the trust store; it verifies.
        host: the name or address that the certificate must be for.
    """

    def __init__(self, context: ssl.SSLContext, host: str) -> None:
        self._arrived, self._leaving = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._side = context.wrap_bio(self._arrived, self._leaving, server_hostname=host.rstrip("."))
        self.agreed = False  #: whether the handshake is over

    def begin(self) -> None:
        """Start the handshake."""
        with contextlib.suppress(ssl.SSLWantReadError):
            self._side.do_handshake()

    def leaving(self) -> bytes:
        """What must go out now."""
        return self._leaving.read()

    def send(self, data: bytes) -> None:
        """Encrypt `data`; it is `leaving` then."""
        rest = memoryview(data)
        while rest:
            rest = rest[self._side.write(rest) :]

    def receive(self, data: bytes) -> Iterator[bytes]:
        """Take what came from the wire, none at all at its end, and yield what it says; none at all at an orderly end.

        Raises:
            ssl.SSLError: the handshake failed, or what came is not TLS.
            NetworkError: the end was not an orderly one.
        """
        if data:
            self._arrived.write(data)
        else:
            self._arrived.write_eof()
        try:
            if not self.agreed:
                self._side.do_handshake()
                self.agreed = True
            while plain := self._side.read(_READ_SIZE):
                yield plain
                if data and not self._side.pending() and not self._arrived.pending:
                    return  # to be told so costs an exception
            yield b""
        except ssl.SSLWantReadError:
            return
        except ssl.SSLEOFError:
            if not self.agreed:
                raise
            # An end without TLS's own farewell may be an attacker's cut: "balance: 100" made of "balance: 1000".
            fault = NetworkError("the answer was cut short: the TLS connection was not ended properly")
        else:
            return
        raise fault
