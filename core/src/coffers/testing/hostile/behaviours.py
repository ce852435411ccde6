"""What a server can do wrong: each way is a function of one visit, registered by name with one line about it.

Roof; standard library only. To add a way, write a function here; nothing else changes.
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Final, Literal

from .visit import HTML, JSON, Behaviour, Visit, http_answer

__all__ = ["BEHAVIOURS"]

_ALL: dict[str, Behaviour] = {}

#: Whole and well-formed, so it reaches the provider's `parse`, and no provider's answer.
_STRANGE: Final = b'{"greeting": "hello, stranger"}'

#: Every behaviour by name.
BEHAVIOURS: Final[Mapping[str, Behaviour]] = MappingProxyType(_ALL)


#: How a read may end. Where an answer has no end, a slow machine may meet the deadline before the bound.
_BAD: Final = frozenset({"bad_response"})
_BAD_OR_LATE: Final = frozenset({"bad_response", "timeout"})
_LATE: Final = frozenset({"timeout"})
_NETWORK: Final = frozenset({"network"})


def _behaviour(
    kinds: frozenset[str] = _BAD,
    stage: Literal["port", "connection", "request"] = "request",
    scheme: Literal["http", "https"] = "http",
) -> Callable[[Callable[[Visit], None]], Callable[[Visit], None]]:
    def register(act: Callable[[Visit], None]) -> Callable[[Visit], None]:
        name = act.__name__.strip("_")
        _ALL[name] = Behaviour(name, (act.__doc__ or "").strip(), act, stage, scheme, kinds)
        return act

    return register


# --- no answer -----------------------------------------------------------------------------------------------------


@_behaviour(_NETWORK, stage="port")
def _refuse(visit: Visit) -> None:
    """nothing listens on the port"""


@_behaviour(_LATE, stage="port")
def _never_accept(visit: Visit) -> None:
    """the system takes the connection, the server never does"""


@_behaviour(_NETWORK | _LATE, stage="port")
def _full_backlog(visit: Visit) -> None:
    """connecting itself hangs: the queue of waiting connections is full (on Linux)"""


@_behaviour(_LATE, stage="connection")
def _slow_reader(visit: Visit) -> None:
    """reads the request byte by byte, slowly, and never answers"""
    visit.sip()


@_behaviour(_LATE)
def _hang(visit: Visit) -> None:
    """reads the request and never answers"""
    visit.hang()


@_behaviour(_NETWORK)
def _reset(visit: Visit) -> None:
    """reads the request and breaks the connection"""
    visit.reset()


@_behaviour(_NETWORK)
def _reset_in_body(visit: Visit) -> None:
    """breaks the connection in the middle of the body"""
    visit.send(http_answer()[:-10])
    visit.reset()


@_behaviour(_NETWORK)
def _empty_answer(visit: Visit) -> None:
    """ends the connection without an answer"""
    visit.hang_up()


@_behaviour(_NETWORK)
def _headers_cut(visit: Visit) -> None:
    """ends the connection in the middle of the headers"""
    visit.send(http_answer()[:40])
    visit.hang_up()


# --- no HTTP -------------------------------------------------------------------------------------------------------


@_behaviour()
def _random_bytes(visit: Visit) -> None:
    """answers with noise and keeps the connection open"""
    visit.send(random.Random(1).randbytes(4096))  # noqa: S311  noise, no secret
    visit.hang()


@_behaviour()
def _http_0_9(visit: Visit) -> None:
    """answers with a bare body, as before HTTP/1.0"""
    visit.send(JSON)
    visit.hang_up()


@_behaviour()
def _bad_header_line(visit: Visit) -> None:
    """answers with a header line that is none"""
    visit.send(http_answer("200 OK", JSON, "this is no header"))


@_behaviour()
def _control_characters(visit: Visit) -> None:
    """answers with NUL and escape characters in a header"""
    visit.send(http_answer("200 OK", JSON, "X-Bell: \x00\x1b[31m"))


@_behaviour()
def _switch_protocols(visit: Visit) -> None:
    """answers 101 and goes on in a protocol nobody asked for"""
    visit.send(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: chat\r\nConnection: Upgrade\r\n\r\nhello")
    visit.hang()


# --- without an end ------------------------------------------------------------------------------------------------


@_behaviour(_BAD_OR_LATE)
def _endless_headers(visit: Visit) -> None:
    """sends headers for ever"""
    visit.send(b"HTTP/1.1 200 OK\r\n")
    visit.send_for_ever(b"X-More: " + b"m" * 1000 + b"\r\n")


@_behaviour(_BAD_OR_LATE)
def _endless_header_line(visit: Visit) -> None:
    """sends one header line that never ends"""
    visit.send(b"HTTP/1.1 200 OK\r\nX-More: ")
    visit.send_for_ever(b"m" * 1000)


@_behaviour(_BAD_OR_LATE)
def _endless_continue(visit: Visit) -> None:
    """sends 100 Continue for ever"""
    visit.send_for_ever(b"HTTP/1.1 100 Continue\r\n\r\n")


@_behaviour(_BAD_OR_LATE)
def _endless_headers_dribbled(visit: Visit) -> None:
    """sends headers for ever, byte by byte"""
    visit.dribble(b"HTTP/1.1 200 OK\r\n" + b"X-More: m\r\n" * 10_000)


@_behaviour(_LATE)
def _dribbled_headers(visit: Visit) -> None:
    """sends proper headers, byte by byte, and takes long"""
    visit.dribble(http_answer("200 OK", JSON, "X-Slow: " + "z" * 5000))


@_behaviour(_LATE)
def _dribbled_body(visit: Visit) -> None:
    """sends the headers at once and the body byte by byte"""
    body = b'{"balance": "' + b"1" * 5000 + b'"}'
    raw = http_answer("200 OK", body)
    visit.send(raw[: -len(body)])
    visit.dribble(body)


@_behaviour(_LATE)
def _dribbled_chunk_size(visit: Visit) -> None:
    """sends the size of a chunk byte by byte"""
    visit.send(_CHUNKED)
    visit.dribble(b"1" + b" " * 5000)


@_behaviour(_BAD_OR_LATE)
def _endless_chunks(visit: Visit) -> None:
    """sends chunks for ever"""
    visit.send(_CHUNKED)
    visit.send_for_ever(b"400\r\n" + b"x" * 1024 + b"\r\n")


@_behaviour(_BAD_OR_LATE)
def _endless_trailers(visit: Visit) -> None:
    """sends trailers for ever"""
    visit.send(_CHUNKED + b"2\r\n{}\r\n0\r\n")
    visit.send_for_ever(b"X-More: m\r\n")


@_behaviour(_BAD_OR_LATE)
def _endless_body(visit: Visit) -> None:
    """sends a body without a length for ever"""
    visit.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
    visit.send_for_ever(b"x" * 4096)


@_behaviour(_BAD_OR_LATE)
def _oversized_body(visit: Visit) -> None:
    """sends a body of 3 MiB with its length"""
    visit.send(http_answer("200 OK", b'"' + b"x" * (3 * 1024 * 1024) + b'"'))


# --- wrong ends ----------------------------------------------------------------------------------------------------

_CHUNKED: Final = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"


def _with_length(text: str) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " + text.encode() + b"\r\n\r\n" + JSON


@_behaviour()
def _length_too_small(visit: Visit) -> None:
    """names a length smaller than the body"""
    visit.send(_with_length(str(len(JSON) - 5)))


@_behaviour(_NETWORK)
def _length_too_large(visit: Visit) -> None:
    """names a length larger than the body and ends the connection"""
    visit.send(_with_length(str(len(JSON) + 5)))
    visit.hang_up()


@_behaviour()
def _two_lengths(visit: Visit) -> None:
    """names two different lengths"""
    visit.send(_with_length(f"{len(JSON)}\r\nContent-Length: 7"))


@_behaviour()
def _negative_length(visit: Visit) -> None:
    """names a negative length"""
    visit.send(_with_length("-5"))


@_behaviour()
def _huge_length(visit: Visit) -> None:
    """names a length of more than 64 bits"""
    visit.send(_with_length("9" * 5000))


@_behaviour()
def _malformed_chunk(visit: Visit) -> None:
    """names a chunk size that is no number"""
    visit.send(_CHUNKED + b"ZZ\r\n" + JSON + b"\r\n0\r\n\r\n")


@_behaviour()
def _chunk_too_long(visit: Visit) -> None:
    """sends more in a chunk than its size says"""
    visit.send(_CHUNKED + b"5\r\n" + JSON + b"\r\n0\r\n\r\n")


@_behaviour()
def _huge_chunk(visit: Visit) -> None:
    """names a chunk size of petabytes"""
    visit.send(_CHUNKED + b"FFFFFFFFFFFFFF\r\n" + JSON)
    visit.hang()


@_behaviour(_NETWORK)
def _chunks_cut(visit: Visit) -> None:
    """ends the connection before the last chunk"""
    visit.send(_CHUNKED + b"%x\r\n" % len(JSON) + JSON + b"\r\n")
    visit.hang_up()


@_behaviour()
def _body_cut(visit: Visit) -> None:
    """names no length and ends the connection; over TLS without its farewell, so nobody knows whether that was all"""
    visit.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" + _STRANGE)
    visit.hang_up()


@_behaviour()
def _unknown_transfer_encoding(visit: Visit) -> None:
    """names a transfer encoding that nobody knows"""
    visit.send(http_answer("200 OK", JSON, "Transfer-Encoding: rot13"))


# --- compressed ----------------------------------------------------------------------------------------------------


@cache
def _bomb(bits: int) -> bytes:
    stream, block = zlib.compressobj(9, zlib.DEFLATED, bits), bytes(1024 * 1024)
    return b"".join(stream.compress(block) for _ in range(64)) + stream.flush()


def _gzipped(body: bytes) -> bytes:
    stream = zlib.compressobj(9, zlib.DEFLATED, 31)
    return stream.compress(body) + stream.flush()


@_behaviour(_BAD_OR_LATE)
def _gzip_bomb(visit: Visit) -> None:
    """64 MiB in 64 KiB of gzip"""
    visit.send(http_answer("200 OK", _bomb(31), "Content-Encoding: gzip"))


@_behaviour(_BAD_OR_LATE)
def _deflate_bomb(visit: Visit) -> None:
    """64 MiB in 64 KiB of deflate"""
    visit.send(http_answer("200 OK", _bomb(15), "Content-Encoding: deflate"))


@_behaviour()
def _truncated_gzip(visit: Visit) -> None:
    """a gzip body that lacks its end"""
    visit.send(http_answer("200 OK", _gzipped(JSON)[:-6], "Content-Encoding: gzip"))


@_behaviour()
def _damaged_gzip(visit: Visit) -> None:
    """a body that is called gzip and is not"""
    visit.send(http_answer("200 OK", JSON, "Content-Encoding: gzip"))


@_behaviour()
def _gzip_and_garbage(visit: Visit) -> None:
    """a gzip body with something behind its end"""
    visit.send(http_answer("200 OK", _gzipped(JSON) + b"garbage", "Content-Encoding: gzip"))


@_behaviour()
def _unknown_encoding(visit: Visit) -> None:
    """names a content encoding that nobody asked for"""
    visit.send(http_answer("200 OK", JSON, "Content-Encoding: br"))


# --- well-formed, and not what was asked for -----------------------------------------------------------------------


def _as_asked(raw: Callable[[Visit], bytes], name: str, summary: str, *kinds: str) -> None:
    _ALL[name] = Behaviour(name, summary, lambda visit: visit.send(raw(visit)), kinds=frozenset(kinds) or _BAD)


def _plain(name: str, summary: str, raw: bytes, *kinds: str) -> None:
    _as_asked(lambda _: raw, name, summary, *kinds)


def _target(visit: Visit) -> str:
    return visit.request.split(b" ", 2)[1].decode("latin-1")


_as_asked(lambda visit: http_answer("302 Found", b"", f"Location: {_target(visit)}"),
          "redirect_loop", "redirects to the very same address, query and all")  # fmt: skip
_plain("portal_redirect", "a captive portal: redirects to another host",
       http_answer("302 Found", HTML, "Location: http://login.portal.example/"))  # fmt: skip
_plain("portal_page", "a captive portal: 200 and a page for people", http_answer("200 OK", HTML))
_plain("html_as_json", "200 and a page, called JSON", http_answer("200 OK", HTML, content_type="application/json"))
_plain("unauthorized_empty", "401 without a body", http_answer("401 Unauthorized", b""), "auth")
_plain("forbidden_page", "403 and a proxy's page", http_answer("403 Forbidden", HTML), "unavailable")
_plain("wrong_content_type", "JSON that is called an image", http_answer(body=_STRANGE, content_type="image/png"))
_plain("wrong_charset", "UTF-8 that is called UTF-16",
       http_answer(body=_STRANGE, content_type="application/json; charset=utf-16"))  # fmt: skip
_plain("no_content", "204 without a body", b"HTTP/1.1 204 No Content\r\n\r\n",
       "bad_response", "rejected")  # a provider may take any status but 200 for a refusal  # fmt: skip
for _status, _phrase in ((500, "Internal Server Error"), (502, "Bad Gateway"), (504, "Gateway Timeout")):
    _plain(f"status_{_status}", f"{_status} and a page", http_answer(f"{_status} {_phrase}", HTML), "unavailable")

#: What `Retry-After` says in the behaviours ``429_...`` and ``503_...``; the date is one minute after the answer's own.
_RETRY_AFTER: Final = {
    "seconds": "1",
    "date": "Sat, 21 Nov 2026 03:01:00 GMT",
    "bad": "soon",
    "negative": "-60",
    "absurd": "9" * 40,
}
for _status, _phrase in ((429, "Too Many Requests"), (503, "Service Unavailable")):
    for _kind, _value in _RETRY_AFTER.items():
        _plain(
            f"{_status}_{_kind}",
            f"{_status} with a Retry-After: {_kind}",
            http_answer(f"{_status} {_phrase}", b"{}", "Date: Sat, 21 Nov 2026 03:00:00 GMT", f"Retry-After: {_value}"),
            "rate_limited" if _status == 429 else "unavailable",
        )

# --- TLS -----------------------------------------------------------------------------------------------------------


@_behaviour(_LATE, stage="connection", scheme="https")
def _tls_stall(visit: Visit) -> None:
    """accepts and never says a word of TLS"""
    visit.hang()


@_behaviour(_LATE, stage="connection", scheme="https")
def _tls_dribble(visit: Visit) -> None:
    """sends a TLS record byte by byte"""
    visit.dribble(b"\x16\x03\x03\x3f\xff" + b"\x02" + bytes(5000))


@_behaviour(_NETWORK, stage="connection", scheme="https")
def _tls_cut(visit: Visit) -> None:
    """ends the connection in the TLS handshake"""
    visit.socket.recv(1)
    visit.hang_up()


@_behaviour(_NETWORK, stage="connection", scheme="https")
def _not_tls(visit: Visit) -> None:
    """answers a TLS greeting in plain HTTP"""
    visit.socket.recv(4096)
    visit.send(http_answer("400 Bad Request", HTML))
    visit.hang_up()
