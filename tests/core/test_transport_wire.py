"""The bytes of HTTP: what is signed is what is sent, and what comes back is taken literally or refused."""

from __future__ import annotations

import http.client
import io
import socket
import zlib
from collections.abc import Callable, Iterator
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coffers import BadResponseError, ConfigError, NetworkError, PluginError
from coffers.plugin import Response, SignedRequest
from coffers.testing.hostile import HostileServer, answer, http_answer
from coffers.transport import Endpoint, HttpTransport
from coffers.transport.wire import MAX_BODY, MAX_HEAD, MAX_MEMBERS, read_answer, request_bytes
from tests.core.test_transport import soon

# --- the message out -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server() -> Iterator[HostileServer]:
    with HostileServer(answer(http_answer())) as running:
        yield running


@pytest.fixture(scope="module")
def sender() -> Iterator[HttpTransport]:
    running = HttpTransport()
    yield running
    running.close()


VISIBLE = st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="#")
TARGETS = st.text(VISIBLE, max_size=60).map(lambda text: f"/{text}")
VALUES = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=40)
HEADERS = st.lists(st.tuples(st.from_regex(r"X-[!#$%&'*+.^_`|~0-9A-Za-z-]{1,20}", fullmatch=True), VALUES), max_size=5)


@settings(max_examples=150, deadline=None)
@given(method=st.sampled_from(["GET", "POST", "PUT", "DELETE"]), target=TARGETS, headers=HEADERS, body=st.binary())
def test_sent_equals_signed(
    server: HostileServer,
    sender: HttpTransport,
    method: str,
    target: str,
    headers: list[tuple[str, str]],
    body: bytes,
) -> None:
    message = SignedRequest(method, "api", target, tuple(headers), body)
    sender.send(message, Endpoint(server.base_url + "/pre/fix"), soon())
    first, *lines = server.requests[-1].partition(b"\r\n\r\n")[0].decode("ascii").split("\r\n")
    assert first == f"{method} /pre/fix{target} HTTP/1.1"
    assert lines[0] == f"Host: {server.base_url[7:]}"
    assert lines[1].startswith("User-Agent: coffers/")
    assert lines[2] == "Accept-Encoding: identity"
    length = [f"Content-Length: {len(body)}"] if body or method in ("POST", "PUT") else []
    assert lines[3:] == [f"{name}: {value}" for name, value in headers] + length
    assert server.requests[-1].partition(b"\r\n\r\n")[2] == body


def test_a_large_body_arrives_whole(server: HostileServer, sender: HttpTransport) -> None:
    body = bytes(range(256)) * 4096
    sender.send(SignedRequest("POST", "api", "/", (), body), Endpoint(server.base_url), soon())
    assert server.requests[-1].endswith(b"\r\n\r\n" + body)


def test_awkward_targets_are_left_alone(server: HostileServer, sender: HttpTransport) -> None:
    for target in ("/a%2fb?q=a%2cb|c", "//x/../y/./z", "/?", '/q?a=%zz&b=[]{}^`\\"', "/%7Euser?x=1;y=2"):
        sender.send(SignedRequest("GET", "api", target, (), b""), Endpoint(server.base_url), soon())
        assert server.requests[-1].startswith(f"GET {target} HTTP/1.1\r\n".encode())


def rendered(*headers: tuple[str, str], method: str = "GET", target: str = "/") -> bytes:
    message = SignedRequest(method, "api", target, headers, b"")
    return request_bytes(
        message, prefix="", fixed_headers="Host: h\r\nUser-Agent: ours\r\nAccept-Encoding: identity\r\n"
    )


def test_the_message_may_name_its_own_user_agent_and_encoding() -> None:
    assert rendered(("user-agent", "theirs")) == (
        b"GET / HTTP/1.1\r\nHost: h\r\nAccept-Encoding: identity\r\nuser-agent: theirs\r\n\r\n"
    )
    assert rendered(("Accept-Encoding", "gzip")) == (
        b"GET / HTTP/1.1\r\nHost: h\r\nUser-Agent: ours\r\nAccept-Encoding: gzip\r\n\r\n"
    )


@pytest.mark.parametrize("method", ["get", "GET ", "", "GET\r\n"])
def test_a_method_that_cannot_be_sent(method: str) -> None:
    with pytest.raises(PluginError):
        rendered(method=method)


@pytest.mark.parametrize("target", ["", "x", "http://h/", "/a b", "/a#b", "/ä", "/a\r\nX: y", "/\x7f"])
def test_a_target_that_cannot_be_sent(target: str) -> None:
    with pytest.raises(PluginError):
        rendered(target=target)


@pytest.mark.parametrize("header", [("X", "a\r\nY: b"), ("X", "ä"), ("X Y", "a"), ("", "a"), ("X:", "a"), ("X", "\0")])
def test_a_header_that_cannot_be_sent_is_in_no_signed_message(header: tuple[str, str]) -> None:
    with pytest.raises((ValueError, ConfigError)):
        rendered(header)


@pytest.mark.parametrize("name", ["Host", "content-length", "Transfer-Encoding", "CONNECTION", "Expect"])
def test_a_header_that_is_the_transport_s_own(name: str) -> None:
    with pytest.raises(PluginError) as caught:
        rendered((name, "x"))
    assert name.lower() in caught.value.message


# --- the answer in -------------------------------------------------------------------------------------------------


def in_pieces(raw: bytes, size: int = 65536) -> Callable[[], bytes]:
    """What a socket's `recv` would give."""
    stream = io.BytesIO(raw)
    return lambda: stream.read(size)


def read(raw: bytes, *, size: int = 65536, method: str = "GET") -> Response:
    return read_answer(in_pieces(raw, size), method=method)[0]


NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9-]{0,15}", fullmatch=True).filter(
    lambda name: name.lower() not in ("content-length", "transfer-encoding", "content-encoding", "connection")
)
TEXTS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=30)


@st.composite
def answers(draw: st.DrawFn) -> bytes:
    """A well-formed answer, framed in any of the three ways."""
    body = draw(st.binary(max_size=400))
    lines = [f"HTTP/1.1 {draw(st.integers(200, 599).filter(lambda code: code not in (204, 304)))} Some words"]
    lines += [f"{name}: {value}" for name, value in draw(st.lists(st.tuples(NAMES, TEXTS), max_size=6))]
    framing = draw(st.sampled_from(["length", "chunks", "end"]))
    payload = body
    if framing == "length":
        lines.append(f"Content-Length: {len(body)}")
    elif framing == "chunks":
        lines.append("Transfer-Encoding: chunked")
        payload = b""
        while body:
            size = draw(st.integers(1, len(body)))
            payload += b"%x;ext=1\r\n" % size + body[:size] + b"\r\n"
            body = body[size:]
        payload += b"0\r\nX-Trailer: t\r\n\r\n"
    interim = "HTTP/1.1 100 Continue\r\nX: y\r\n\r\n" * draw(st.integers(0, 2))
    return (interim + "\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + payload


class _Sock:
    """What `http.client` wants of a socket."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw

    def makefile(self, mode: str) -> io.BytesIO:
        return io.BytesIO(self.raw)


@settings(max_examples=200, deadline=None)
@given(raw=answers(), size=st.integers(1, 700))
def test_it_reads_what_the_standard_library_reads(raw: bytes, size: int) -> None:
    theirs = http.client.HTTPResponse(cast("socket.socket", _Sock(raw)), method="GET")
    theirs.begin()
    ours = read(raw, size=size)
    assert (ours.status, list(ours.headers), ours.body) == (theirs.status, theirs.getheaders(), theirs.read())
    theirs.close()


@settings(max_examples=300, deadline=None)
@given(raw=answers(), at=st.integers(0, 600), junk=st.binary(max_size=5), cut=st.booleans())
def test_damage_is_read_or_refused_but_never_crashes(raw: bytes, at: int, junk: bytes, cut: bool) -> None:
    damaged = raw[:at] if cut else raw[:at] + junk + raw[at + len(junk) :]
    try:
        response, _ = read_answer(in_pieces(damaged, 50), method="GET")
    except (BadResponseError, NetworkError) as error:
        assert error.message  # noqa: PT017  either way is right
    else:
        assert response.status >= 200


@pytest.mark.parametrize(
    ("raw", "body"),
    [
        (b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\n{}", b"{}"),
        (b"HTTP/1.1 200 \r\nContent-Length:2\r\n\r\n{}", b"{}"),
        (b"HTTP/1.0 200 OK\n\n{}", b"{}"),
        (b"HTTP/1.1 200 OK\nContent-Length: 2\n\r\n{}", b"{}"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2, 2\r\n\r\n{}", b"{}"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n02 \r\n{}\r\n00\r\n\r\n", b"{}"),
        (b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b""),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", b""),
    ],
)
@pytest.mark.parametrize("size", [1, 65536])
def test_what_is_tolerated(raw: bytes, body: bytes, size: int) -> None:
    assert read(raw, size=size).body == body


def test_the_answer_to_head_has_no_body() -> None:
    assert read(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n", method="HEAD").body == b""


def test_a_folded_header_is_one_header() -> None:
    raw = b"HTTP/1.1 200 OK\r\nX-Long: one\r\n  two\r\n\tthree\r\nX-Next: \xe9 \r\n\r\n"
    assert read(raw).headers == (("X-Long", "one two three"), ("X-Next", "é"))


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/2 200 OK\r\n\r\n",
        b"HTTP/1.1 099 Low\r\n\r\n",
        b"HTTP/1.1 2000 High\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"\r\nHTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n folded: first\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\n: nameless\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: a\rb\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2.0\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0x2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2, 3\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n{}\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;" + b"x" * 2000 + b"\r\n{}\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1" * 2000,
    ],
)
@pytest.mark.parametrize("size", [1, 65536])
def test_what_is_refused(raw: bytes, size: int) -> None:
    with pytest.raises(BadResponseError):
        read(raw, size=size)


def test_chunks_that_are_mostly_sizes() -> None:
    chunk = b"1;" + b"x" * 1000 + b"\r\n{\r\n"
    with pytest.raises(BadResponseError) as caught:
        read(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk * 1100 + b"0\r\n\r\n")
    assert "chunk" in caught.value.message


# --- limits, to the byte -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("over", [0, 1])
@pytest.mark.parametrize("size", [1000, 65536])
def test_headers_of_64_kib(over: int, size: int) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX: "
    raw = head + b"x" * (MAX_HEAD - len(head) - 4 + over) + b"\r\n\r\n"
    if over:
        with pytest.raises(BadResponseError):
            read(raw, size=size)
    else:
        assert read(raw, size=size).status == 200


def _gzip(body: bytes, bits: int = 31) -> bytes:
    stream = zlib.compressobj(9, zlib.DEFLATED, bits)
    return stream.compress(body) + stream.flush()


def _chunked(body: bytes) -> bytes:
    pieces = [body[at : at + 4096] for at in range(0, len(body), 4096)]
    framed = b"".join(b"%x\r\n" % len(piece) + piece + b"\r\n" for piece in pieces)
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + framed + b"0\r\n\r\n"


BODY_FRAMES: dict[str, Callable[[bytes], bytes]] = {
    "length": lambda body: http_answer("200 OK", body),
    "chunks": _chunked,
    "end": lambda body: b"HTTP/1.1 200 OK\r\n\r\n" + body,
    "gzip": lambda body: http_answer("200 OK", _gzip(body), "Content-Encoding: gzip"),
}


@pytest.mark.parametrize("frame", BODY_FRAMES)
@pytest.mark.parametrize("over", [0, 1])
@pytest.mark.parametrize("size", [65536, MAX_BODY * 2])
def test_bodies_of_1_mib(frame: str, over: int, size: int) -> None:
    body = b"x" * (MAX_BODY + over)
    raw = BODY_FRAMES[frame](body)
    if over:
        with pytest.raises(BadResponseError) as caught:
            read(raw, size=size)
        assert "1024 KiB" in caught.value.message
    else:
        assert read(raw, size=size).body == body


# --- content encodings ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", _gzip(b"hello")),
        ("GZip", _gzip(b"hello")),
        ("x-gzip", _gzip(b"hello")),
        ("gzip", _gzip(b"hel") + _gzip(b"") + _gzip(b"lo")),
        ("deflate", _gzip(b"hello", 15)),
        ("deflate", _gzip(b"hello", -15)),
        ("identity", b"hello"),
        ("", b"hello"),
        ("identity, gzip", _gzip(b"hello")),
    ],
)
def test_encodings(coding: str, body: bytes) -> None:
    assert read(http_answer("200 OK", body, f"Content-Encoding: {coding}")).body == b"hello"


def test_an_empty_body_is_empty_in_any_encoding() -> None:
    assert read(http_answer("401 Unauthorized", b"", "Content-Encoding: gzip")).body == b""


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", _gzip(b"hello")[:-1]),
        ("gzip", _gzip(b"hello")[:3]),
        ("gzip", _gzip(b"hello") + b"\x1f\x8b"),
        ("gzip", _gzip(b"hello") + b"x"),
        ("gzip", _gzip(b"hello")[:-5] + b"\0" * 5),
        ("gzip", _gzip(b"") * (MAX_MEMBERS + 1)),
        ("gzip", _gzip(b"hello", 15)),
        ("deflate", _gzip(b"hello", 15) + b"x"),
        ("deflate", _gzip(b"hello", -15)[:-1]),
        ("deflate", b"hello"),
        ("br", b"hello"),
        ("gzip, gzip", _gzip(_gzip(b"hello"))),
        ("zstd", b"hello"),
    ],
)
def test_bodies_that_are_not_what_their_encoding_says(coding: str, body: bytes) -> None:
    with pytest.raises(BadResponseError) as caught:
        read(http_answer("200 OK", body, f"Content-Encoding: {coding}"))
    assert "hello" not in caught.value.message
