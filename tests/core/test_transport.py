"""The transport against a server that does everything wrong: right error, in time, and nothing shown."""

from __future__ import annotations

import gc
import logging
import pickle
import socket
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from coffers import BadResponseError, CoffersError, ConfigError, NetworkError, PluginError, TimedOutError
from coffers.plugin import Response, SignedRequest
from coffers.testing.hostile import BEHAVIOURS, Behaviour, HostileServer, Visit, answer, http_answer
from coffers.transport import MAX_IDLE_S, Endpoint, HttpTransport
from coffers.transport import connection as connection_module
from tests.core.faces import FACES, choose, make_transport

CANARY = "canary-6f1d"
face = pytest.fixture(autouse=True, params=FACES)(choose)

MESSAGE = SignedRequest("POST", "api", f"/v1/balance?key={CANARY}", (("X-Api-Key", CANARY),), f"key={CANARY}".encode())
IN_TIME_S = 3.0

#: What each behaviour is to the transport: an error and words of its message, or the status of an answer.
EXPECTED: dict[str, tuple[type[CoffersError], str] | int] = {
    "refuse": (NetworkError, "refused"),
    "never_accept": (TimedOutError, "deadline"),
    "full_backlog": (TimedOutError, "deadline"),
    "slow_reader": (TimedOutError, "deadline"),
    "hang": (TimedOutError, "deadline"),
    "reset": (NetworkError, "broke"),
    "reset_in_body": (NetworkError, "broke"),
    "empty_answer": (NetworkError, "without an answer"),
    "headers_cut": (NetworkError, "cut short"),
    "random_bytes": (BadResponseError, "not HTTP"),
    "http_0_9": (BadResponseError, "not HTTP"),
    "bad_header_line": (BadResponseError, "header"),
    "control_characters": (BadResponseError, "control characters"),
    "switch_protocols": (BadResponseError, "protocol"),
    "endless_headers": (BadResponseError, "64 KiB"),
    "endless_header_line": (BadResponseError, "64 KiB"),
    "endless_continue": (BadResponseError, "64 KiB"),
    "endless_headers_dribbled": (TimedOutError, "deadline"),
    "dribbled_headers": (TimedOutError, "deadline"),
    "dribbled_body": (TimedOutError, "deadline"),
    "dribbled_chunk_size": (TimedOutError, "deadline"),
    "endless_chunks": (BadResponseError, "1024 KiB"),
    "endless_trailers": (BadResponseError, "too long"),
    "endless_body": (BadResponseError, "1024 KiB"),
    "oversized_body": (BadResponseError, "1024 KiB"),
    "length_too_small": (BadResponseError, "longer than it says"),
    "length_too_large": (NetworkError, "cut short"),
    "two_lengths": (BadResponseError, "two lengths"),
    "negative_length": (BadResponseError, "length"),
    "huge_length": (BadResponseError, "length"),
    "malformed_chunk": (BadResponseError, "chunk"),
    "chunk_too_long": (BadResponseError, "chunk"),
    "huge_chunk": (BadResponseError, "1024 KiB"),
    "chunks_cut": (NetworkError, "cut short"),
    "body_cut": 200,  # nobody can tell; over TLS one can, and does (see the TLS tests)
    "unknown_transfer_encoding": (BadResponseError, "transfer encoding"),
    "gzip_bomb": (BadResponseError, "1024 KiB"),
    "deflate_bomb": (BadResponseError, "1024 KiB"),
    "truncated_gzip": (BadResponseError, "compressed"),
    "damaged_gzip": (BadResponseError, "compressed"),
    "gzip_and_garbage": (BadResponseError, "compressed"),
    "unknown_encoding": (BadResponseError, "content encoding"),
    "redirect_loop": 302,
    "portal_redirect": 302,
    "portal_page": 200,
    "html_as_json": 200,
    "unauthorized_empty": 401,
    "forbidden_page": 403,
    "wrong_content_type": 200,
    "wrong_charset": 200,
    "no_content": 204,
    "status_500": 500,
    "status_502": 502,
    "status_504": 504,
    **{f"429_{kind}": 429 for kind in ("seconds", "date", "bad", "negative", "absurd")},
    **{f"503_{kind}": 503 for kind in ("seconds", "date", "bad", "negative", "absurd")},
    "tls_stall": (TimedOutError, "deadline"),
    "tls_dribble": (TimedOutError, "deadline"),
    "tls_cut": (NetworkError, ""),  # a reset or an end, as the system has it
    "not_tls": (NetworkError, "TLS"),
}


@contextmanager
def transport(monotonic: Callable[[], float] = time.monotonic) -> Iterator[HttpTransport]:
    sender, end = make_transport(monotonic=monotonic)
    try:
        yield sender
    finally:
        end()


def soon(seconds: float = 5.0) -> float:
    return time.monotonic() + seconds


def send(sender: HttpTransport, server: HostileServer, message: SignedRequest = MESSAGE) -> Response:
    return sender.send(message, Endpoint(server.base_url), soon())


def assert_tells_nothing(error: CoffersError) -> None:
    """Neither its texts nor what hangs on it lead to the message."""
    assert CANARY not in f"{error} {error!r} {error.facts()} {pickle.dumps(error)!r}"
    assert error.__context__ is None
    assert error.__cause__ is None
    trace, shown = error.__traceback__, []
    while trace is not None:
        if "/coffers/" in trace.tb_frame.f_code.co_filename:
            shown.append(repr(trace.tb_frame.f_locals))
        trace = trace.tb_next
    assert shown
    assert CANARY not in "".join(shown)


# --- every behaviour -----------------------------------------------------------------------------------------------


def test_every_behaviour_is_expected_here() -> None:
    assert set(EXPECTED) == set(BEHAVIOURS)
    assert all(behaviour.summary for behaviour in BEHAVIOURS.values())


FAULTS = [(name, *expected) for name, expected in EXPECTED.items() if isinstance(expected, tuple)]
ANSWERS = [(name, expected) for name, expected in EXPECTED.items() if isinstance(expected, int)]


@pytest.mark.parametrize(("name", "cls", "words"), FAULTS)
def test_fault(name: str, cls: type[CoffersError], words: str, caplog: pytest.LogCaptureFixture) -> None:
    timeout_s = 0.25 if cls is TimedOutError else 5.0
    with caplog.at_level(logging.DEBUG), HostileServer(name) as server, transport() as sender:
        began = time.monotonic()
        with pytest.raises(CoffersError) as caught:
            sender.send(MESSAGE, Endpoint(server.base_url), began + timeout_s)
        took = time.monotonic() - began
    assert type(caught.value) is cls
    assert words in caught.value.message
    assert caught.value.message.startswith(server.base_url.split("//")[1] + ": ")
    assert_tells_nothing(caught.value)
    assert took < timeout_s + IN_TIME_S
    assert (took >= timeout_s - 0.002) == (cls is TimedOutError)  # uvloop's clock counts milliseconds
    assert CANARY not in caplog.text


@pytest.mark.parametrize(("name", "status"), ANSWERS)
def test_answer(name: str, status: int, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), HostileServer(name) as server, transport() as sender:
        assert send(sender, server).status == status
        assert len(server.requests) == 1, "a redirect was followed or a request repeated"
    assert CANARY not in caplog.text


@pytest.mark.parametrize("name", [name for name, *_ in FAULTS if BEHAVIOURS[name].stage == "request"])
def test_a_connection_is_not_used_again_after_a_fault(name: str) -> None:
    with HostileServer([name, answer(http_answer())]) as server, transport() as sender:
        with pytest.raises(CoffersError):
            sender.send(MESSAGE, Endpoint(server.base_url), soon(0.15))
        assert send(sender, server).status == 200
        assert server.connections == 2


@pytest.mark.parametrize("name", ["gzip_bomb", "deflate_bomb", "oversized_body", "endless_chunks", "endless_body"])
def test_memory_stays_small(name: str) -> None:
    with HostileServer(name) as server, transport() as sender:
        with pytest.raises(BadResponseError):  # the bomb is built, the modules are imported
            send(sender, server)
        gc.collect()
        tracemalloc.start()
        try:
            with pytest.raises(BadResponseError):
                send(sender, server)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < 16 * 1024 * 1024


# --- connections ---------------------------------------------------------------------------------------------------


def test_a_connection_is_kept_and_used_again() -> None:
    with HostileServer(answer(http_answer())) as server, transport() as sender:
        for _ in range(5):
            assert send(sender, server).body == b'{"balance": "1000.00", "currency": "USD"}'
        assert sender.send(MESSAGE, Endpoint(server.base_url + "/"), soon()).status == 200
        assert sender.send(MESSAGE, Endpoint(server.base_url + "/prefix"), soon()).status == 200
        assert server.connections == 1
        assert server.requests[-1].startswith(b"POST /prefix/v1/balance?key=")


@pytest.mark.parametrize(
    "raw",
    [
        http_answer("200 OK", b"{}", "Connection: close"),
        http_answer("200 OK", b"{}", "Connection: keep-alive, Close"),
        http_answer("200 OK", b"{}").replace(b"HTTP/1.1", b"HTTP/1.0"),
        http_answer("200 OK", b"{}") + b"\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\n\r\nrubbish",
    ],
)
def test_a_doubtful_connection_is_used_once(raw: bytes) -> None:
    with HostileServer(answer(raw)) as server, transport() as sender:
        assert send(sender, server).body in (b"{}", b"")
        assert send(sender, server).body in (b"{}", b"")
        assert server.connections == 2


def test_a_connection_that_the_server_ended_is_not_used() -> None:
    with HostileServer(answer(http_answer(), then_close=True)) as server, transport() as sender:
        send(sender, server)
        time.sleep(0.05)  # its end arrives
        send(sender, server)
        assert server.connections == 2


def test_an_idle_connection_grows_too_old() -> None:
    later = 0.0
    with HostileServer(_echo()) as server, transport(lambda: time.monotonic() + later) as sender:
        with ThreadPoolExecutor(4) as threads:
            for future in [threads.submit(send, sender, server) for _ in range(4)]:
                future.result()
        opened = server.connections
        later = MAX_IDLE_S - 1
        sender.send(MESSAGE, Endpoint(server.base_url), soon(60))
        assert server.connections == opened
        later += 2  # the others are too old now, the last one is not
        sender.send(MESSAGE, Endpoint(server.base_url), soon(60))
        assert server.connections == opened
        later += MAX_IDLE_S + 1
        sender.send(MESSAGE, Endpoint(server.base_url), soon(120))
        assert server.connections == opened + 1


def _echo() -> Behaviour:
    def act(visit: Visit) -> None:
        visit.send(http_answer("200 OK", visit.request.split(b" ", 2)[1]))

    return Behaviour("echo", "answers with the request's target", act)


def test_threads_share_a_transport() -> None:
    def reads(number: int) -> None:
        for turn in range(20):
            target = f"/{number}/{turn}"
            response = send(sender, server, SignedRequest("GET", "api", target, (), b""))
            assert response.body == target.encode()

    with HostileServer(_echo()) as server, transport() as sender, ThreadPoolExecutor(16) as threads:
        for future in [threads.submit(reads, number) for number in range(16)]:
            future.result()
        assert len(server.requests) == 320
        assert server.connections <= 16


def test_ipv6() -> None:
    try:
        server = HostileServer(answer(http_answer()), address="::1")
    except OSError:
        pytest.skip("no IPv6 here")
    with server, transport() as sender:
        assert send(sender, server).status == 200
        port = server.base_url.rsplit(":", 1)[1].encode()
        assert b"\r\nHost: [::1]:" + port + b"\r\n" in server.requests[0]


def test_localhost_tries_all_its_addresses() -> None:
    with HostileServer(answer(http_answer())) as server, transport() as sender:
        url = server.base_url.replace("127.0.0.1", "localhost")
        assert sender.send(MESSAGE, Endpoint(url), soon()).status == 200


def _address(server: HostileServer) -> tuple[str, int]:
    host, port = server.base_url.split("//")[1].rsplit(":", 1)
    return host, int(port)


@pytest.mark.parametrize("first", ["refuse", "full_backlog"])
def test_a_dead_address_does_not_spoil_the_next_one(first: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with HostileServer(first) as dead, HostileServer(answer(http_answer())) as alive, transport() as sender:
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", _address(server)) for server in (dead, alive)]
        monkeypatch.setattr(connection_module, "look_up", lambda host, port: found)
        response = sender.send(MESSAGE, Endpoint(alive.base_url), soon(0.5))
    assert response.status == 200


# --- names ---------------------------------------------------------------------------------------------------------


def test_a_name_that_is_none() -> None:
    with transport() as sender, pytest.raises(NetworkError) as caught:
        sender.send(MESSAGE, Endpoint(f"https://{'a' * 300}.invalid"), soon())
    assert caught.value.message.endswith("the name cannot be resolved")
    assert_tells_nothing(caught.value)


def test_a_slow_resolver_ends_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()
    monkeypatch.setattr(connection_module, "look_up", lambda host, port: released.wait(10))
    with transport() as sender:
        began = time.monotonic()
        with pytest.raises(TimedOutError) as caught:
            sender.send(MESSAGE, Endpoint("https://api.example.test"), began + 0.2)
        assert time.monotonic() - began < 0.2 + IN_TIME_S
        released.set()
    assert_tells_nothing(caught.value)


# --- the deadline --------------------------------------------------------------------------------------------------


def test_a_deadline_that_has_passed_sends_nothing() -> None:
    with HostileServer(answer(http_answer())) as server, transport() as sender:
        with pytest.raises(TimedOutError):
            sender.send(MESSAGE, Endpoint(server.base_url), time.monotonic())
        assert server.connections == 0


@pytest.mark.parametrize("name", ["never_accept", "slow_reader"])
def test_a_server_that_does_not_read_is_left_at_the_deadline(name: str) -> None:
    large = SignedRequest("POST", "api", "/", (), bytes(16 * 1024 * 1024))
    with HostileServer(name) as server, transport() as sender:
        began = time.monotonic()
        with pytest.raises(TimedOutError):
            sender.send(large, Endpoint(server.base_url), began + 0.25)
        assert time.monotonic() - began < 0.25 + IN_TIME_S


def test_the_deadline_is_looked_at_before_every_wait() -> None:
    jump = 0.0

    def take_long(visit: Visit) -> None:
        nonlocal jump
        jump = 100.0  # our clock; the answer itself comes at once
        visit.send(http_answer()[:20])
        visit.hang()

    behaviour = Behaviour("take_long", "lets our clock pass the deadline", take_long)
    with HostileServer(behaviour) as server, transport(lambda: time.monotonic() + jump) as sender:
        began = time.monotonic()
        with pytest.raises(TimedOutError):
            send(sender, server)
        assert time.monotonic() - began < IN_TIME_S


# --- closing -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["hang", "full_backlog", "tls_stall", "tls_dribble", "endless_headers_dribbled", "dribbled_body"]
)
def test_close_ends_what_is_under_way(name: str) -> None:
    with HostileServer(name) as server, transport() as sender, ThreadPoolExecutor(1) as threads:
        sent = threads.submit(sender.send, MESSAGE, Endpoint(server.base_url), soon(20))
        time.sleep(0.15)
        assert not sent.done()
        _assert_close_ends(sender, sent)


def test_close_ends_a_name_lookup(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()
    monkeypatch.setattr(connection_module, "look_up", lambda host, port: released.wait(10))
    with transport() as sender, ThreadPoolExecutor(1) as threads:
        sent = threads.submit(sender.send, MESSAGE, Endpoint("https://api.example.test"), soon(20))
        time.sleep(0.1)
        _assert_close_ends(sender, sent)
        released.set()


def _assert_close_ends(sender: HttpTransport, sent: Future[Response]) -> None:
    began = time.monotonic()
    sender.close()
    error = sent.exception(timeout=5)
    assert time.monotonic() - began < IN_TIME_S
    assert isinstance(error, NetworkError)
    assert error.message.endswith("the transport was closed")


def test_close_while_many_threads_send() -> None:
    def send_until_closed() -> NetworkError:
        while True:
            try:
                send(sender, server)
            except NetworkError as error:
                return error

    with HostileServer(_echo()) as server, transport() as sender, ThreadPoolExecutor(16) as threads:
        ends = [threads.submit(send_until_closed) for _ in range(16)]
        time.sleep(0.1)
        sender.close()
        assert all(end.result(timeout=15).message.endswith("the transport was closed") for end in ends)


def test_close_between_two_steps_of_connecting() -> None:
    with HostileServer(answer(http_answer())) as server:
        host, port = _address(server)
        line = connection_module.Connection(host, port, context=None, monotonic=time.monotonic)
        line.abort()
        with pytest.raises(ConnectionAbortedError):
            line.begin(soon())
        line.close()
        assert server.requests == []


def test_after_close_nothing_is_sent() -> None:
    with HostileServer(answer(http_answer())) as server, transport() as sender:
        send(sender, server)
        sender.close()
        sender.close()
        with pytest.raises(NetworkError) as caught:
            send(sender, server)
        assert caught.value.message.endswith("the transport was closed")
        assert len(server.requests) == 1


# --- what cannot be sent, and what nobody foresaw ------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    ["http://api.example.test", "ftp://127.0.0.1", "https://", f"https://user:{CANARY}@h", f"https://h?{CANARY}", "x"],
)
def test_a_base_url_that_cannot_be_used(url: str) -> None:
    with transport() as sender, pytest.raises(ConfigError) as caught:
        sender.send(MESSAGE, Endpoint(url), soon())
    assert caught.value.field == "base_url"
    assert CANARY not in str(caught.value)


def test_a_message_that_cannot_be_sent() -> None:
    broken = SignedRequest("GET", "api", f"/a b{CANARY}", (), b"")
    with HostileServer("hang") as server, transport() as sender:
        with pytest.raises(PluginError) as caught:
            send(sender, server, broken)
        assert server.connections == 0
    assert_tells_nothing(caught.value)


def test_the_unforeseen_is_a_network_error_without_its_text() -> None:
    def broken_clock() -> float:
        raise ValueError(CANARY)

    with transport(broken_clock) as sender, pytest.raises(NetworkError) as caught:
        sender.send(MESSAGE, Endpoint("http://127.0.0.1:9"), soon())
    assert "ValueError" in caught.value.message
    assert_tells_nothing(caught.value)


def test_an_interrupt_passes_and_the_connection_is_dropped(face: str) -> None:
    if face != "threads":
        pytest.skip("an interrupt ends a loop; that a read which is cancelled drops its connection is tried elsewhere")

    calls = 0

    def interrupted_clock() -> float:
        nonlocal calls
        calls += 1
        if calls == 9:  # within the second exchange, on the kept connection
            raise KeyboardInterrupt
        return time.monotonic()

    with HostileServer(answer(http_answer())) as server, transport(interrupted_clock) as sender:
        send(sender, server)
        with pytest.raises(KeyboardInterrupt):
            send(sender, server)
        assert server.connections == 1
        send(sender, server)
        assert server.connections == 2
