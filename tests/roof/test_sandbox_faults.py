"""Every fault of the sandbox, seen from a plain HTTP client."""

from __future__ import annotations

import contextlib
import gzip
import http.client
import json
import socket
import time
from collections.abc import Iterator
from decimal import Decimal
from email.utils import parsedate_to_datetime

import pytest

from coffers import Client, TimedOutError
from coffers.plugin import reply_json
from coffers.sandbox import FAULTS, Fault, Sandbox
from coffers.sandbox.wire import _PLAYS
from tests.roof.sandbox_toy import ask, balances_of, part, registry, sandbox

MIB = 1024 * 1024


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with sandbox(clock=lambda: 1_700_000_000) as running:
        yield running
        assert running.errors == ()


@pytest.fixture(autouse=True)
def quiet(capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """No fault prints or logs anything."""
    yield
    assert capfd.readouterr() == ("", "")
    assert caplog.text == ""


def _last(box: Sandbox) -> tuple[int | None, str | None]:
    last = box["toy"].last
    assert last is not None
    return last.status, last.fault


def test_every_fault_does_something_and_says_what() -> None:
    for kind, row in FAULTS.items():
        assert row.instead or row.alter or kind in _PLAYS or kind == "clock_skew"
        assert row.description
        assert "\n" not in row.description
        assert all(f"`{name}`" in row.description for name in row.options)
    assert set(_PLAYS) <= set(FAULTS)


def test_latency(box: Sandbox) -> None:
    box["toy"].misbehave("latency", seconds=0.1)
    began = time.monotonic()
    assert balances_of(box).status == 200
    assert time.monotonic() - began >= 0.1
    assert _last(box) == (200, "latency")


def test_latency_delays_no_other_account(box: Sandbox) -> None:
    box.add_account("slow", "toy").misbehave("hang")
    with socket.create_connection(("127.0.0.1", box.port), timeout=5) as waiting:
        waiting.sendall(b"GET /slow/x HTTP/1.1\r\nHost: localhost\r\n\r\n")
        began = time.monotonic()
        assert balances_of(box).status == 200
        assert time.monotonic() - began < 5


def test_rate_limited(box: Sandbox) -> None:
    box["toy"].misbehave("rate_limited", retry_after=7)
    reply = balances_of(box)
    assert (reply.status, reply.headers["Retry-After"]) == (429, "7")
    assert _last(box) == (429, "rate_limited")


@pytest.mark.parametrize("status", [500, 502, 503, 504, 599])
def test_server_error(box: Sandbox, status: int) -> None:
    box["toy"].misbehave("server_error", status=status)
    assert balances_of(box).status == status


def test_truncated(box: Sandbox) -> None:
    whole = balances_of(box).body
    box["toy"].misbehave("truncated")
    with pytest.raises(http.client.IncompleteRead) as caught:
        balances_of(box)
    assert caught.value.partial == whole[: len(whole) // 2]
    assert caught.value.expected == len(whole) - len(whole) // 2


def test_truncated_even_where_there_is_nothing_to_cut() -> None:
    box = Sandbox([part(answer=lambda *_: reply_json(1))])
    with box:
        box["toy"].misbehave("truncated")
        with pytest.raises(http.client.IncompleteRead):
            ask(box, "/toy/x")


def test_dribbled(box: Sandbox) -> None:
    box["toy"].misbehave("dribbled", seconds=0.01)
    began = time.monotonic()
    assert ask(box, "/toy/plain").body == b"balance:12.50\n"
    assert time.monotonic() - began >= 0.13


@pytest.mark.parametrize("size", [MIB + 1, 3 * MIB])
def test_oversized(box: Sandbox, size: int) -> None:
    box["toy"].misbehave("oversized", size=size)
    body = balances_of(box).body
    assert len(body) == size
    assert json.loads(body) == {"balances": {"USD": 12.5, "BTC": 0.1}}


def test_oversized_and_compressed(box: Sandbox) -> None:
    box["toy"].misbehave("oversized", gzip=True)
    reply = balances_of(box)
    assert reply.headers["Content-Encoding"] == "gzip"
    assert len(reply.body) < 10_000
    assert len(gzip.decompress(reply.body)) == MIB + 1


@pytest.mark.parametrize("status", [200, 403, 503])
def test_html(box: Sandbox, status: int) -> None:
    box["toy"].misbehave("html", status=status)
    reply = balances_of(box)
    assert (reply.status, reply.headers["Content-Type"]) == (status, "text/html; charset=utf-8")
    assert reply.body.startswith(b"<!DOCTYPE html>")


def test_hang(box: Sandbox) -> None:
    box["toy"].misbehave("hang")
    with pytest.raises(TimeoutError):
        ask(box, "/toy/plain", timeout_s=0.1)
    assert _last(box) == (None, "hang")


def test_wrong_content_type(box: Sandbox) -> None:
    box["toy"].misbehave("wrong_content_type", content_type="image/png")
    reply = balances_of(box)
    assert reply.headers["Content-Type"] == "image/png"
    assert b'"USD": 12.50' in reply.body


def test_reset(box: Sandbox) -> None:
    box["toy"].misbehave("reset")
    with pytest.raises(ConnectionResetError):
        ask(box, "/toy/plain")
    assert _last(box) == (None, "reset")


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirect(box: Sandbox, status: int) -> None:
    box["toy"].misbehave("redirect", status=status, location="http://127.0.0.1:1/x")
    reply = balances_of(box)
    assert (reply.status, reply.headers["Location"]) == (status, "http://127.0.0.1:1/x")


def test_empty(box: Sandbox) -> None:
    box["toy"].misbehave("empty")
    reply = balances_of(box)
    assert (reply.status, reply.headers["Content-Length"], reply.body) == (200, "0", b"")


@pytest.mark.parametrize("seconds", [3600, -90.5])
def test_clock_skew(box: Sandbox, seconds: float) -> None:
    box["toy"].misbehave("clock_skew", seconds=seconds)
    reply = ask(box, "/toy/x")
    assert float(json.loads(reply.body)["time_s"]) == 1_700_000_000 + seconds
    assert parsedate_to_datetime(reply.headers["Date"]).timestamp() == int(1_700_000_000 + seconds)


@pytest.mark.parametrize("kind", ["rate_limited", "server_error", "html", "redirect", "reset", "hang"])
def test_a_fault_in_place_of_an_answer_does_not_reach_the_part(kind: str) -> None:
    calls: list[str] = []

    def answer(call: object, account: object) -> object:
        calls.append("asked")
        return reply_json({})

    with Sandbox([part(answer=answer)]) as box:
        box["toy"].misbehave(kind)
        with contextlib.suppress(TimeoutError, ConnectionResetError):
            ask(box, "/toy/x", timeout_s=0.1)
        assert calls == []
        box["toy"].misbehave(None)
        ask(box, "/toy/x")
        assert calls == ["asked"]


def test_a_fault_ends_after_its_times(box: Sandbox) -> None:
    box["toy"].misbehave("server_error", times=2)
    fault = box["toy"].fault
    assert fault is not None
    assert (fault.kind, fault.times, fault.options["status"]) == ("server_error", 2, 503)
    assert [balances_of(box).status for _ in range(4)] == [503, 503, 200, 200]
    assert box["toy"].fault is None
    assert box["toy"].requests == 4


def test_a_fault_lasts_until_told_otherwise(box: Sandbox) -> None:
    box["toy"].misbehave("server_error")
    assert [balances_of(box).status for _ in range(3)] == [503, 503, 503]
    box["toy"].misbehave("html", times=5)
    assert balances_of(box).status == 200
    box["toy"].misbehave(None)
    assert balances_of(box).headers["Content-Type"] == "application/json"


def test_a_fault_concerns_its_own_account(box: Sandbox) -> None:
    box.add_account("other", "toy").misbehave("server_error")
    assert balances_of(box).status == 200
    assert balances_of(box, "other").status == 503


def test_the_client_recovers_from_one_fault_and_gives_up_on_a_lasting_one(box: Sandbox) -> None:
    with Client(registry=registry(), timeout_s=5, sleep=lambda _: None) as client:
        box["toy"].misbehave("rate_limited", times=1, retry_after=0)
        assert len(client.read(box["toy"].account()).balances) == 2
        assert box["toy"].requests == 2
    with Client(registry=registry(), timeout_s=0.2) as client:
        box["toy"].misbehave("dribbled", seconds=0.05)
        with pytest.raises(TimedOutError):
            client.read(box["toy"].account())


@pytest.mark.parametrize(
    ("kind", "options", "words"),
    [
        ("latncy", {}, "did you mean 'latency'"),
        ("zzz", {}, "there are: latency, "),
        ("latency", {"second": 1}, "no such option; it has: seconds, times"),
        ("latency", {"cls": 1}, "no such option"),
        ("latency", {"seconds": -1}, "seconds must be a number from 0 to 3600"),
        ("latency", {"seconds": "1"}, "seconds must be a number"),
        ("latency", {"seconds": True}, "seconds must be a number"),
        ("latency", {"seconds": float("nan")}, "seconds must be a number"),
        ("latency", {"seconds": Decimal("inf")}, "seconds must be a number"),
        ("latency", {"seconds": Decimal("nan")}, "seconds must be a number"),
        ("latency", {"seconds": 10**400}, "seconds must be a number"),
        ("rate_limited", {"retry_after": 1.5}, "retry_after must be a whole number"),
        ("server_error", {"status": 404}, "status must be a whole number from 500 to 599"),
        ("oversized", {"gzip": 1}, "gzip must be true or false"),
        ("redirect", {"location": "a\r\nb"}, "location must be a text of printable ASCII"),
        ("redirect", {"location": ""}, "location must be a text"),
        ("html", {"times": 0}, "times must be a whole number from 1"),
        ("html", {"times": "2"}, "times must be a whole number"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(kind: str, options: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Fault.of(kind, **options)


def test_options_take_exact_numbers() -> None:
    assert Fault.of("latency", seconds=Decimal("0.25")).options["seconds"] == 0.25
    assert Fault.of("server_error", status=Decimal(501)).options["status"] == 501
