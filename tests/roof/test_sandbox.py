"""The sandbox as a server: addresses, prefixes, what a part sees, starting and stopping, crashes."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import socket
import threading
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime

import pytest

from coffers import AuthError, Client, ConfigError, PluginError
from coffers.plugin import SandboxReply
from coffers.sandbox import Sandbox, wire
from tests.roof.sandbox_toy import KEY, ask, balances_of, part, registry, sandbox


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with sandbox() as running:
        yield running
        assert running.errors == ()


# --- prefixes ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        ("/toy/v1/x", "/v1/x", []),
        ("/toy/", "/", []),
        ("/toy", "/", []),
        ("/toy?a=1", "/", [["a", "1"]]),
        ("/toy//double//slash", "//double//slash", []),
        ("/toy/a%2Fb%20c/%7E?q=a%2Cb%7Cc", "/a%2Fb%20c/%7E", [["q", "a,b|c"]]),
        ("/toy/../other/./x", "/../other/./x", []),
        ("/toy/toy/x", "/toy/x", []),
        ("/toy/-/accounts", "/-/accounts", []),
        ("/toy/x?a=1&a=2&b=&c+d=e+f&=g", "/x", [["a", "1"], ["a", "2"], ["b", ""], ["c d", "e f"], ["", "g"]]),
        ("/toy/x?u=http://h/?z#=1", "/x", [["u", "http://h/?z#=1"]]),
        ("/toy/x?key=%D0%BA", "/x", [["key", "к"]]),
        ("/toy/x;y=1:z@w", "/x;y=1:z@w", []),
    ],
)
def test_the_prefix_goes_and_the_rest_stays(box: Sandbox, target: str, path: str, query: list[list[str]]) -> None:
    seen = json.loads(ask(box, target).body)
    assert (seen["path"], seen["query"]) == (path, query)


@pytest.mark.parametrize("target", ["/", "/other/x", "/toyx/y", "/%74oy/x", "//toy/x", "/Toy/x", "/-"])
def test_an_unknown_prefix_is_404_and_is_not_repeated(box: Sandbox, target: str) -> None:
    reply = ask(box, target)
    assert (reply.status, reply.headers["Content-Type"]) == (404, "text/plain; charset=utf-8")
    assert reply.body == b"no such account; the path begins with one of: toy\n"


def test_a_part_sees_method_headers_and_body_as_sent(box: Sandbox) -> None:
    body = bytes(range(256)) * 200
    reply = ask(box, "/toy/x", method="PUT", body=body, headers={"x-ODD-case": "a  b", "Content-Encoding": "gzip"})
    seen = json.loads(reply.body)
    assert seen["method"] == "PUT"
    assert seen["body"].encode("latin-1") == body
    assert ["x-ODD-case", "a  b"] in seen["headers"]
    assert reply.headers.get_all("X-Toy") == ["one", "two"]


def test_a_part_sees_the_sandbox_clock_and_so_does_the_client() -> None:
    with sandbox(clock=lambda: 1_000_000_000.25) as box:
        reply = ask(box, "/toy/x")
    assert json.loads(reply.body)["time_s"] == "1000000000.25"
    assert parsedate_to_datetime(reply.headers["Date"]).timestamp() == 1_000_000_000


def test_one_connection_serves_many_requests(box: Sandbox) -> None:
    with socket.create_connection(("127.0.0.1", box.port), timeout=5) as connection, connection.makefile("rb") as lines:
        for _ in range(3):
            connection.sendall(b"HEAD /toy/plain HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert lines.readline() == b"HTTP/1.1 200 OK\r\n"
            while lines.readline() != b"\r\n":
                pass
    assert box["toy"].requests == 3


# --- who may ask -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1", "127.0.0.1:80", "[::1]", "[::1]:80"])
def test_loopback_names_may_ask(box: Sandbox, host: str) -> None:
    assert ask(box, "/toy/plain", host=host).body == b"balance:12.50\n"


@pytest.mark.parametrize("target", ["/toy/plain", "/-/accounts", "/unknown"])
@pytest.mark.parametrize(
    "host",
    ["rebound.example", "127.0.0.1.example", "localhost.example", "10.0.0.1", "", None, "[::1", "user@localhost"],
)
def test_other_names_may_not(box: Sandbox, host: str | None, target: str) -> None:
    assert ask(box, target, host=host).status in (400, 403)
    assert box["toy"].requests == 0


def test_it_listens_on_loopback_alone(box: Sandbox) -> None:
    with pytest.raises(OSError), socket.create_connection(("127.0.0.2", box.port), timeout=1):
        pass


# --- starting and stopping ---------------------------------------------------------------------------------------


def test_it_starts_and_stops_at_once_and_leaves_no_thread() -> None:
    before = threading.active_count()
    box = sandbox()
    began = time.monotonic()
    box.start()
    started = time.monotonic()
    hanging = socket.create_connection(("127.0.0.1", box.port), timeout=5)
    box["toy"].misbehave("hang")
    hanging.sendall(b"GET /toy/x HTTP/1.1\r\nHost: localhost\r\n\r\n")
    _until(lambda: box["toy"].requests == 1)
    stopping = time.monotonic()
    box.stop()
    assert started - began < 5
    assert time.monotonic() - stopping < 5
    assert threading.active_count() <= before  # another test's may have ended meanwhile
    assert hanging.recv(100) == b""
    hanging.close()
    gc.collect()  # an unclosed socket or loop would warn here


def test_start_and_stop_may_be_called_twice() -> None:
    box = sandbox()
    box.stop()
    assert box.start() is box
    port = box.port
    assert box.start().port == port
    box.stop()
    box.stop()
    assert not box.running


def test_state_outlives_a_restart() -> None:
    box = sandbox()
    with box:
        box["toy"].top_up("USD", "0.01")
        assert balances_of(box).status == 200
    with box:
        assert json.loads(balances_of(box).body, parse_float=str)["balances"]["USD"] == "12.51"
        assert box["toy"].requests == 2


def test_a_stopped_sandbox_has_no_address() -> None:
    box = sandbox()
    with pytest.raises(ConfigError, match="start it first"):
        _ = box["toy"].base_url


def test_a_port_in_use_is_said_in_plain_words() -> None:
    with sandbox() as first:
        second = sandbox(port=first.port)
        with pytest.raises(ConfigError) as caught:
            second.start()
        text = f"port {first.port} of 127.0.0.1 is in use; choose another, or 0 for any free one"
        assert caught.value.message == text
        assert not second.running
        port = first.port
    with second:
        assert second.port == port
        assert balances_of(second).status == 200


def test_a_port_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"port 70000 of 127\.0\.0\.1 cannot be used"):
        sandbox(port=70000).start()


# --- crashes and logs --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("path", "error"), [("crash", LookupError), ("odd", TypeError)])
def test_a_crash_of_a_part_is_a_500_with_its_class_alone(
    path: str, error: type[Exception], capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with sandbox() as box:
        reply = ask(box, f"/toy/{path}")
        assert reply.status == 500
        assert reply.body == f"the sandbox part of toy failed: {error.__name__}\n".encode()
        [crash] = box.errors
        assert (crash.account, crash.provider, type(crash.error)) == ("toy", "toy", error)
        assert KEY not in repr(crash)
        assert balances_of(box).status == 200
    assert capfd.readouterr() == ("", "")
    assert [record.getMessage() for record in caplog.records] == [f"the sandbox part of toy raised {error.__name__}"]


def test_garbage_on_the_connection_is_quiet(box: Sandbox, capfd: pytest.CaptureFixture[str]) -> None:
    with socket.create_connection(("127.0.0.1", box.port), timeout=5) as connection:
        connection.sendall(b"\x16\x03\x01 not http\r\n\r\n")
        assert connection.recv(100).startswith((b"HTTP/1.0 400", b"HTTP/1.1 400"))
    assert balances_of(box).status == 200
    assert capfd.readouterr() == ("", "")


def test_the_log_has_account_method_and_status_and_only_when_asked(
    box: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    balances_of(box)
    assert caplog.text == ""
    with caplog.at_level(logging.DEBUG, "coffers.sandbox"):
        ask(box, "/toy/plain?key=made-up-key", headers={"Authorization": KEY})
        assert [record.getMessage() for record in caplog.records] == ["toy: GET -> 200"]


@pytest.mark.parametrize(
    "reply",
    [
        SandboxReply(b"", status=99),
        SandboxReply(b"", status=1000),
        SandboxReply("text"),  # type: ignore[arg-type]  # what a careless part may do
        SandboxReply(b"", content_type="a\r\nb"),
        SandboxReply(b"", headers=(("X-Two", "a\nb"),)),
        SandboxReply(b"", headers=(("X Two", "a"),)),
    ],
)
def test_a_reply_that_cannot_be_sent_is_a_crash_of_its_part(reply: SandboxReply) -> None:
    with sandbox(part(answer=lambda *_: reply)) as box:
        got = ask(box, "/toy/x")
        assert (got.status, got.body[:31]) == (500, b"the sandbox part of toy failed:")
        assert [crash.account for crash in box.errors] == ["toy"]


def test_a_reply_may_have_no_content_type_and_set_its_own_date() -> None:
    reply = SandboxReply(b"x", content_type="", headers=(("Date", "Sun, 06 Nov 1994 08:49:37 GMT"),))
    with sandbox(part(answer=lambda *_: reply)) as box:
        got = ask(box, "/toy/x")
    assert got.headers.get_all("Date") == ["Sun, 06 Nov 1994 08:49:37 GMT"]
    assert (got.status, got.body) == (200, b"x")


def test_trouble_outside_the_parts_is_remembered_too(capfd: pytest.CaptureFixture[str]) -> None:
    def clock() -> float:
        raise ZeroDivisionError

    with sandbox(clock=clock) as box:
        assert ask(box, "/toy/x").status == 500
        assert [(crash.account, type(crash.error)) for crash in box.errors] == [("", ZeroDivisionError)]
    assert capfd.readouterr() == ("", "")


def test_trouble_in_the_loop_is_remembered_and_a_lost_connection_is_not(capfd: pytest.CaptureFixture[str]) -> None:
    def fail(error: Exception) -> None:
        raise error

    def answer(call: object, account: object) -> SandboxReply:
        loop = asyncio.get_running_loop()
        loop.call_soon(fail, ConnectionResetError())
        loop.call_soon(fail, ZeroDivisionError())
        return SandboxReply(b"")

    with sandbox(part(answer=answer)) as box:
        assert ask(box, "/toy/x").status == 200
    assert [type(crash.error) for crash in box.errors] == [ZeroDivisionError]
    assert capfd.readouterr() == ("", "")


def test_a_server_that_cannot_start_raises_where_it_was_started(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    before = threading.active_count()
    monkeypatch.setattr(wire.web, "Server", refuse)
    box = sandbox()
    with pytest.raises(ZeroDivisionError):
        box.start()
    monkeypatch.undo()
    _until(lambda: threading.active_count() <= before)
    with box:
        assert balances_of(box).status == 200


def test_a_server_that_fails_while_stopping_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(wire.web.Server, "shutdown", fail)
    with sandbox() as box:
        assert balances_of(box).status == 200
    assert [type(crash.error) for crash in box.errors] == [ZeroDivisionError]


# --- accounts and parts ------------------------------------------------------------------------------------------


def test_a_client_reads_it(box: Sandbox) -> None:
    with Client(registry=registry()) as client:
        read = client.read(box["toy"].account()).balances
        assert {balance.currency: str(balance.total) for balance in read} == {"USD": "12.50", "BTC": "0.10000000"}
        box["toy"].revoke_key()
        with pytest.raises(AuthError):
            client.read(box["toy"].account())
        box["toy"].restore_key()
        assert client.read(box["toy"].account()).balances == read


def test_further_accounts_have_a_state_of_their_own(box: Sandbox) -> None:
    other = box.add_account("other.one", "toy", fields={"key": "another"}, balances={"EUR": "7"})
    box.add_account("third", "toy")
    assert other.base_url == f"{box.url}/other.one"
    assert json.loads(balances_of(box, "other.one", "another").body) == {"balances": {"EUR": 7}}
    assert balances_of(box, "other.one", KEY).status == 401
    other.revoke_key()
    assert balances_of(box, "third").status == 200
    assert list(box.accounts) == ["toy", "other.one", "third"]


@pytest.mark.parametrize(
    ("name", "provider", "words"),
    [
        ("toy", "toy", "already"),
        ("-", "toy", "account name"),
        ("a/b", "toy", "account name"),
        ("x", "nobody", "no sandbox part for 'nobody'; there are: toy"),
    ],
)
def test_an_account_that_cannot_be_is_refused(box: Sandbox, name: str, provider: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        box.add_account(name, provider)
    assert list(box.accounts) == ["toy"]


def test_an_unknown_account_is_named_with_the_known_ones(box: Sandbox) -> None:
    with pytest.raises(ConfigError, match="no account 'shop'; it has: toy"):
        _ = box["shop"]


def test_opening_balances_may_be_given() -> None:
    box = sandbox(opening={"toy": {"JPY": "5"}})
    assert {code: str(amount) for code, amount in box["toy"].balances.items()} == {"JPY": "5"}
    with pytest.raises(ConfigError, match="no sandbox part for 'toi'"):
        sandbox(opening={"toi": {}})


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ([part(), part()], "two sandbox parts have the id 'toy'"),
        ([part(balances={"USD": "1,5"})], "opening balance of USD is not a plain decimal number"),
        ([part(balances={"USD": 1.5})], "opening balance of USD is not a plain decimal number"),
        ([part(fields={"key": ""})], "field key must be a non-empty text"),
    ],
)
def test_a_part_that_cannot_be_served_is_refused(parts: list[object], words: str) -> None:
    with pytest.raises(PluginError, match=words):
        Sandbox(parts)  # type: ignore[arg-type]  # some are wrong on purpose


def _until(done: object, within_s: float = 5) -> None:
    assert callable(done)
    latest = time.monotonic() + within_s
    while not done():
        assert time.monotonic() < latest
        time.sleep(0.005)
