"""One visit to the hostile server, what a behaviour can do with it, and the raw bytes of well-formed answers.

Roof; standard library only.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

__all__ = ["HTML", "JSON", "Behaviour", "HungUpError", "Visit", "answer", "http_answer"]

#: Seconds between two bytes of a dribble.
DRIBBLE_S: Final = 0.02

HTML: Final = b"<!DOCTYPE html><html><head><title>Sorry</title></head><body>Please come back later.</body></html>"
JSON: Final = b'{"balance": "1000.00", "currency": "USD"}'


class HungUpError(Exception):
    """The visit is over: the server stops, or the behaviour ended the connection."""


class Visit:
    """One connection, as a behaviour sees it.

    Attributes:
        socket: the connection.
        request: the raw bytes of the request that is to be answered; empty before the first one.
    """

    def __init__(self, connection: socket.socket, stopping: threading.Event) -> None:
        self.socket = connection
        self.request = b""
        self._stopping = stopping

    def send(self, data: bytes) -> None:
        """Send all of it at once."""
        if self._stopping.is_set():
            raise HungUpError
        self.socket.sendall(data)

    def send_for_ever(self, data: bytes) -> None:
        """Send it again and again, as fast as the other side takes it."""
        while True:
            self.send(data)

    def dribble(self, data: bytes) -> None:
        """Send it byte by byte, slowly."""
        for position in range(len(data)):
            self.send(data[position : position + 1])
            self._stopping.wait(DRIBBLE_S)

    def sip(self) -> None:
        """Take what the other side sends byte by byte, slowly, and answer nothing."""
        while not self._stopping.is_set() and self.socket.recv(1):
            self._stopping.wait(DRIBBLE_S)

    def hang(self) -> None:
        """Do nothing until the server is stopped."""
        self._stopping.wait()
        raise HungUpError

    def hang_up(self) -> None:
        """End the connection; over TLS without its farewell."""
        raise HungUpError

    def say_goodbye(self) -> None:
        """End the connection properly; over TLS with its farewell."""
        if isinstance(self.socket, ssl.SSLSocket):
            self.socket.settimeout(5)
            with contextlib.suppress(OSError, ValueError):
                self.socket.unwrap()
        raise HungUpError

    def reset(self) -> None:
        """Break the connection: the other side sees a reset."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise HungUpError


@dataclass(frozen=True)
class Behaviour:
    """One way to misbehave.

    Attributes:
        name: its name in `BEHAVIOURS`.
        summary: what it does, one line.
        act: answers one request; the connection then waits for another one.
        stage: ``"request"`` acts on a request, ``"connection"`` before any is read, ``"port"`` never accepts one.
        scheme: ``"https"`` where the address must promise TLS.
        kinds: the kinds of error a read of any provider may end in; empty where it may end well.
    """

    name: str
    summary: str
    act: Callable[[Visit], None]
    stage: Literal["port", "connection", "request"] = "request"
    scheme: Literal["http", "https"] = "http"
    kinds: frozenset[str] = frozenset()


def http_answer(status: str = "200 OK", body: bytes = JSON, *headers: str, content_type: str | None = None) -> bytes:
    """The raw bytes of a well-formed answer with its length.

    Args:
        status: code and phrase.
        body: its body.
        headers: further lines, ``"Name: value"``.
        content_type: its content type; JSON or HTML by the look of the body if None.
    """
    content_type = content_type or ("text/html; charset=utf-8" if body.startswith(b"<") else "application/json")
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {content_type}", *headers, f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def answer(raw: bytes, *, then_close: bool = False) -> Behaviour:
    """The behaviour of answering with these bytes.

    Args:
        raw: status line, headers and body.
        then_close: whether the connection is ended after it, properly.
    """

    def act(visit: Visit) -> None:
        visit.send(raw)
        if then_close:
            visit.say_goodbye()

    return Behaviour("answer", "answers with the bytes it was given", act)
