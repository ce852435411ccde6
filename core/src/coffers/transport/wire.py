"""The bytes of HTTP/1.1: a signed message out, an answer in, every part of it bounded. No sockets here.

Part of floor 5. Reading is a generator that is sent what arrives, so that a socket in a thread and one on an event loop
are read by the same rules. Never guesses where an answer ends: a wrong end is a wrong number. Never shows a byte of
what it reads.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Generator
from typing import Final, TypeAlias

from coffers.errors import BadResponseError, NetworkError, PluginError
from coffers.messages import Response, SignedRequest

__all__ = ["MAX_BODY", "MAX_HEAD", "Reading", "answer_steps", "read_answer", "request_bytes"]

#: Most bytes of status line, headers, interim answers and trailers together.
MAX_HEAD: Final = 64 * 1024
#: Most bytes of a body, as received and again when decoded.
MAX_BODY: Final = 1024 * 1024
#: Most bytes spent on the sizes of chunks, so that tiny chunks cannot go on for ever.
MAX_CHUNK_SIZES: Final = 1024 * 1024
#: Most gzip members of one body.
MAX_MEMBERS: Final = 256

# --- the message out -----------------------------------------------------------------------------------------------

_METHOD = re.compile(r"[A-Z]+")
_TARGET = re.compile(r"/[!\"$-~]*")  # printable ASCII but space and '#'

#: Headers that say where a message goes and where it ends: the transport's alone.
_OURS: Final = frozenset({"connection", "content-length", "expect", "host", "te", "transfer-encoding", "upgrade"})
#: Headers that the transport adds unless the message has its own.
_ADDED: Final = frozenset({"accept-encoding", "user-agent"})
_METHODS_WITH_BODY: Final = frozenset({"PATCH", "POST", "PUT"})


def request_bytes(message: SignedRequest, *, prefix: str, fixed_headers: str) -> bytes:
    """The message as it goes on the wire: target, headers and body untouched.

    Args:
        message: what `sign` made.
        prefix: the base URL's path, put before the target.
        fixed_headers: rendered lines of Host, User-Agent and Accept-Encoding.

    Raises:
        PluginError: a part would not be one HTTP message; the part is not shown.
    """
    if not _METHOD.fullmatch(message.method) or not _TARGET.fullmatch(message.target):
        raise PluginError("the signed message has a method or target that cannot be sent; end `sign` in `seal`")
    lines = [f"{message.method} {prefix}{message.target} HTTP/1.1\r\n", fixed_headers]
    for name, value in message.headers:  # a `SignedRequest` holds no others than can be sent
        lowered = name.lower()
        if lowered in _OURS:
            raise PluginError(f"the signed message sets {lowered}, which belongs to the transport")
        if lowered in _ADDED:
            lines[1] = re.sub(rf"(?im)^{lowered}: .*\r\n", "", lines[1])
        lines.append(f"{name}: {value}\r\n")
    if message.body or message.method in _METHODS_WITH_BODY:
        lines.append(f"Content-Length: {len(message.body)}\r\n")
    lines.append("\r\n")
    return "".join(lines).encode("ascii") + message.body


# --- the answer in -------------------------------------------------------------------------------------------------

_START: Final = b"HTTP/1."
_STATUS_LINE = re.compile(r"HTTP/1\.([0-9]) +([1-9][0-9]{2})(?:[ \t].*)?")
_HEADER_NAME = re.compile(r"[!-9;-~]+")
#: What a head may hold. Counting bytes costs a tenth of searching for them.
_ALLOWED: Final = bytes(byte for byte in range(256) if byte in b"\t\r\n" or not (byte < 0x20 or byte == 0x7F))
_LENGTH = re.compile(r"[0-9]{1,19}")
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,16})[ \t]*(?:;.*)?")

#: Wants to be sent the next bytes each time it yields; none at all means that the other side has ended.
Reading: TypeAlias = Generator[None, bytes, tuple[Response, bool]]


class _Incoming:
    """Bytes received and not yet used."""

    __slots__ = ("buffer",)

    def __init__(self) -> None:
        self.buffer = bytearray()

    def more(self) -> Generator[None, bytes, bool]:
        """Wait for further bytes; False when there are none to come."""
        data = yield
        self.buffer += data
        return bool(data)

    def need_more(self) -> Generator[None, bytes]:
        if not (yield from self.more()):
            raise NetworkError("the answer was cut short")

    def take(self, size: int) -> Generator[None, bytes, bytearray]:
        """The next `size` bytes."""
        while len(self.buffer) < size:
            yield from self.need_more()
        return self.cut(size)

    def cut(self, size: int) -> bytearray:
        """Up to `size` bytes of those that are there."""
        taken = self.buffer[:size]
        del self.buffer[:size]
        return taken

    def line(self, longest: int) -> Generator[None, bytes, bytes]:
        """The next line without its end."""
        searched = 0
        while (end := self.buffer.find(b"\n", searched)) < 0:
            searched = len(self.buffer)
            if searched > longest:
                break
            yield from self.need_more()
        if not 0 <= end <= longest:
            raise BadResponseError("the answer has a line that is too long")
        line = bytes(self.cut(end + 1))
        return line[:-2] if line.endswith(b"\r\n") else line[:-1]


def read_answer(receive: Callable[[], bytes], *, method: str) -> tuple[Response, bool]:
    """One answer, its body decoded; see `answer_steps`.

    Args:
        receive: waits for some bytes; none at all means that the other side has ended.
        method: the method of the message that is answered.
    """
    steps = answer_steps(method)
    next(steps)
    try:
        while True:
            steps.send(receive())
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]  # a generator's return value is untyped here


def answer_steps(method: str) -> Reading:
    """Read one answer from the bytes that are sent in, and decode its body.

    Args:
        method: the method of the message that is answered.

    Returns:
        The answer, and whether the connection is fit for another message.

    Raises:
        BadResponseError: not HTTP/1, not framed beyond doubt, or over a limit.
        NetworkError: no answer, or one cut short.
    """
    incoming = _Incoming()
    version, status, headers = yield from _read_head(incoming)
    framing = [(known, value) for name, value in headers if (known := name.lower()) in _FRAMING]
    keeps = version != "0" and "close" not in _words(framing, "connection")
    if method == "HEAD" or status in (204, 304):
        return Response(status, headers, b""), keeps and not incoming.buffer
    body, framed = yield from _read_body(incoming, framing)
    if incoming.buffer.strip(b"\r\n"):
        raise BadResponseError("the answer is longer than it says")
    body = _decoded(body, _words(framing, "content-encoding"))
    return Response(status, headers, body), keeps and framed and not incoming.buffer


def _read_head(incoming: _Incoming) -> Generator[None, bytes, tuple[str, int, tuple[tuple[str, str], ...]]]:
    """Minor version, status and headers; interim answers (1xx) are passed over, within the same limit."""
    left = MAX_HEAD
    while True:
        head = yield from _head_bytes(incoming, left)
        left -= len(head)
        if head.translate(None, _ALLOWED) or head.count(b"\r") != head.count(b"\r\n"):
            raise BadResponseError("the answer's headers hold control characters")
        lines = head.decode("latin-1").split("\n")
        match = _STATUS_LINE.fullmatch(lines[0].rstrip("\r"))
        if match is None:
            raise BadResponseError("the answer has no status line")
        status = int(match[2])
        if status >= 200:
            return match[1], status, _headers(lines)
        if status == 101:
            raise BadResponseError("the answer switches to a protocol that nobody asked for")


def _head_bytes(incoming: _Incoming, longest: int) -> Generator[None, bytes, bytes]:
    """Everything up to the empty line, its own end included."""
    searched = 0
    while True:
        buffer = incoming.buffer
        if not _START.startswith(bytes(buffer[: len(_START)])):
            raise BadResponseError("the answer is not HTTP")
        end = _end_of_head(buffer, max(0, searched - 3))
        searched = len(buffer)
        if (end or searched) > longest:
            raise BadResponseError(f"the answer's headers are over {MAX_HEAD // 1024} KiB")
        if end:
            return bytes(incoming.cut(end))
        if not (yield from incoming.more()):
            raise NetworkError("the answer was cut short" if searched else "closed the connection without an answer")


def _end_of_head(buffer: bytearray, start: int) -> int:
    """Where the first empty line ends; 0 where there is none."""
    strict = buffer.find(b"\n\r\n", start)
    loose = buffer.find(b"\n\n", start, strict + 1 if strict >= 0 else None)
    if loose >= 0:
        return loose + 2
    return strict + 3 if strict >= 0 else 0


def _headers(lines: list[str]) -> tuple[tuple[str, str], ...]:
    """Names and values of the lines between the status line and the empty line."""
    due = lines[1:-2]  # behind the last header: the empty line and what follows its end
    parts = [line.partition(":") for line in due]
    names = [name for name, colon, _ in parts if colon]
    if len(names) == len(due) and "" not in names and _HEADER_NAME.fullmatch("".join(names)):
        return tuple([(name, value.strip(" \t\r")) for name, _, value in parts])
    return _odd_headers(due)


def _odd_headers(due: list[str]) -> tuple[tuple[str, str], ...]:
    """As `_headers`, where a line is folded, or none is there, or one is not understood."""
    headers: list[tuple[str, str]] = []
    for line in due:
        if line[0] in " \t" and headers:  # a folded line goes on where the last one ended
            name, value = headers[-1]
            headers[-1] = (name, f"{value} {line.strip()}".strip())
            continue
        name, colon, value = line.partition(":")
        if not colon or not _HEADER_NAME.fullmatch(name):
            raise BadResponseError("the answer has a header that is not understood")
        headers.append((name, value.strip(" \t\r")))
    return tuple(headers)


#: The headers that say where an answer ends and how its body is packed.
_FRAMING: Final = frozenset({"connection", "content-encoding", "content-length", "transfer-encoding"})


def _words(framing: list[tuple[str, str]], wanted: str) -> list[str]:
    """The comma-separated words of all headers of that name, in lower case."""
    return [
        word for name, value in framing if name == wanted for part in value.lower().split(",") if (word := part.strip())
    ]


def _read_body(incoming: _Incoming, framing: list[tuple[str, str]]) -> Generator[None, bytes, tuple[bytes, bool]]:
    """The body as received, and whether its end was marked by something better than the end of the connection."""
    codings = _words(framing, "transfer-encoding")
    lengths = set(_words(framing, "content-length"))
    if codings:
        if codings != ["chunked"]:
            raise BadResponseError("the answer has a transfer encoding that is not understood")
        return (yield from _read_chunks(incoming)), not lengths  # both headers at once: an odd server, used once
    if len(lengths) > 1:
        raise BadResponseError("the answer names two lengths")
    if lengths:
        length = lengths.pop()
        if not _LENGTH.fullmatch(length):
            raise BadResponseError("the answer's length is not a number")
        if int(length) > MAX_BODY:
            raise _too_large()
        return bytes((yield from incoming.take(int(length)))), True
    while (yield from incoming.more()):
        if len(incoming.buffer) > MAX_BODY:
            raise _too_large()
    if len(incoming.buffer) > MAX_BODY:
        raise _too_large()
    return bytes(incoming.cut(len(incoming.buffer))), False


def _read_chunks(incoming: _Incoming) -> Generator[None, bytes, bytes]:
    body = bytearray()
    sizes = 0
    while True:
        line = yield from incoming.line(1024)
        match = _CHUNK_SIZE.fullmatch(line)
        sizes += len(line)
        if match is None or sizes > MAX_CHUNK_SIZES:
            raise BadResponseError("the answer has a malformed chunk")
        size = int(match[1], 16)
        if size == 0:
            break
        if len(body) + size > MAX_BODY:
            raise _too_large()
        body += yield from incoming.take(size)
        if (yield from incoming.line(1024)):
            raise BadResponseError("the answer has a malformed chunk")
    left = MAX_HEAD
    while line := (yield from incoming.line(left)):  # trailers say nothing to us
        left -= len(line)
    return bytes(body)


def _too_large() -> BadResponseError:
    return BadResponseError(f"the answer's body is over {MAX_BODY // 1024} KiB")


# --- content encodings ---------------------------------------------------------------------------------------------

_GZIP_BITS: Final = 16 + zlib.MAX_WBITS


def _decoded(body: bytes, codings: list[str]) -> bytes:
    codings = [coding for coding in codings if coding != "identity"]
    if not codings:
        return body
    if codings not in (["gzip"], ["x-gzip"], ["deflate"]):
        raise BadResponseError("the answer has a content encoding that is not understood")
    if not body:
        return body
    if codings == ["deflate"]:
        bits, members = (zlib.MAX_WBITS if _is_zlib(body) else -zlib.MAX_WBITS), 1
    else:
        bits, members = _GZIP_BITS, MAX_MEMBERS
    try:
        return _inflated(body, bits, members)
    except zlib.error:
        pass
    raise BadResponseError("the answer's compressed body is damaged")


def _is_zlib(body: bytes) -> bool:
    """Whether it begins as zlib does; many servers mean the bare stream when they say deflate."""
    return body[0] & 0x0F == 8 and int.from_bytes(body[:2], "big") % 31 == 0


def _inflated(data: bytes, bits: int, members: int) -> bytes:
    decoded = bytearray()
    while data:
        if not members:
            raise BadResponseError("the answer's compressed body has something behind its end")
        members -= 1
        stream = zlib.decompressobj(bits)
        # At least one byte is asked for (0 would mean no limit); one beyond the limit shows that there is more.
        decoded += stream.decompress(data, MAX_BODY + 1 - len(decoded))
        if len(decoded) > MAX_BODY:
            raise _too_large()
        if not stream.eof:
            raise BadResponseError("the answer's compressed body is cut short")
        data = stream.unused_data
    return bytes(decoded)
