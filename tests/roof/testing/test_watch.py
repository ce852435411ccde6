"""The purity watch: each reach for the world is named with its place, and what is pure passes."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import hmac
import io
import json
import logging
import os
import random
import secrets
import socket
import subprocess
import sys
import tempfile
import threading
import time
import uuid
import warnings
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path, PurePosixPath
from types import FrameType
from typing import Any

import pytest

from coffers.testing.watch import ImpureError, Watch, other_time_zone

REACHES: list[tuple[Callable[[], object], str]] = [
    (lambda: time.time(), "time.time"),
    (lambda: time.time_ns(), "time.time_ns"),
    (lambda: time.monotonic(), "time.monotonic"),
    (lambda: time.perf_counter(), "time.perf_counter"),
    (lambda: time.process_time(), "time.process_time"),
    (lambda: time.sleep(0), "time.sleep"),
    (lambda: time.localtime(), "time.localtime"),
    (lambda: time.localtime(0), "time.localtime"),
    (lambda: time.ctime(), "time.ctime"),
    (lambda: dt.datetime.now(), "datetime.now"),  # noqa: DTZ005  the fault
    (lambda: dt.datetime.now(dt.UTC), "datetime.now"),
    (lambda: dt.datetime.utcnow(), "datetime.utcnow"),  # noqa: DTZ003  the fault
    (lambda: dt.date.today(), "date.today"),  # noqa: DTZ011  the fault
    (lambda: random.random(), "random.random"),
    (lambda: random.randint(1, 6), "random.randint"),
    (lambda: random.Random(1).random(), "random"),
    (lambda: secrets.token_hex(), "secrets.token_hex"),
    (lambda: uuid.uuid4(), "uuid.uuid4"),
    (lambda: os.urandom(1), "posix.urandom"),
    (lambda: os.environ["PATH"], "os."),
    (lambda: os.environ.get("HOME"), "os."),
    (lambda: os.getenv("HOME"), "os.getenv"),
    (lambda: os.getpid(), "posix.getpid"),
    (lambda: open(os.devnull), "open"),  # noqa: SIM115, PTH123  the fault
    (lambda: io.open(os.devnull), "open"),  # noqa: SIM115, UP020  the fault
    (lambda: Path(os.devnull).read_bytes(), "open"),
    (lambda: Path(os.devnull).exists(), "posix.stat"),
    (lambda: print(""), "builtins.print"),  # noqa: T201  the fault
    (lambda: socket.socket(), "socket."),
    (lambda: socket.create_connection(("127.0.0.1", 9)), "socket.create_connection"),
    (lambda: subprocess.run(["true"], check=False), "subprocess."),
    (lambda: tempfile.mkdtemp(), "tempfile."),
    (lambda: threading.Thread(target=str).start(), "thread"),
    (lambda: logging.getLogger("toy"), "logging.getLogger"),
    (lambda: logging.info("so"), "logging.info"),  # noqa: LOG015  the fault
    (lambda: warnings.warn("so", stacklevel=1), "warn"),
]


@pytest.mark.parametrize(("reach", "named"), REACHES)
def test_a_reach_for_the_world_ends_the_call_and_is_named(reach: Callable[[], object], named: str) -> None:
    watch = Watch()
    with pytest.raises(ImpureError) as caught:
        watch.over(reach)()
    assert named in str(caught.value)
    assert watch.reached == [str(caught.value)]


def test_the_place_is_where_the_plugin_asks() -> None:
    def sign() -> float:
        return time.time()

    watch = Watch()
    with pytest.raises(ImpureError) as caught:
        watch.over(sign)()
    assert str(caught.value) == f"time.time (at {__name__}:{sign.__code__.co_firstlineno + 1})"


def test_a_reach_that_is_swallowed_is_told_all_the_same() -> None:
    def sign() -> str:
        try:
            return str(time.time())
        except BaseException:  # noqa: BLE001  the fault
            return "sly"

    watch = Watch()
    assert watch.over(sign)() == "sly"
    assert len(watch.reached) == 1


def test_every_call_is_watched() -> None:
    watch = Watch()
    watched = watch.over(lambda clock: clock())
    for clock in (time.time, time.monotonic):
        with pytest.raises(ImpureError):
            watched(clock)
    assert [reached.split(" ")[0] for reached in watch.reached] == ["time.time", "time.monotonic"]


def test_what_is_pure_passes() -> None:
    def parse(text: str) -> Any:
        read = json.loads(text, parse_float=Decimal)
        digest = hmac.new(b"key", text.encode(), hashlib.sha256).hexdigest()
        when = dt.datetime.fromtimestamp(read["time"], dt.UTC)
        rows = list(csv.reader(io.StringIO("a,b")))
        assert (rows, PurePosixPath("/v1/rows").name) == ([["a", "b"]], "rows")
        return str(read["amount"]), len(digest), when.isoformat(), dt.datetime.fromisoformat("2026-11-21T04:00+01:00")

    watch = Watch()
    first = watch.over(parse)('{"amount": 1.50, "time": 0}')
    assert first[:3] == ("1.50", 64, "1970-01-01T00:00:00+00:00")
    assert watch.reached == []


def test_nothing_is_watched_afterwards() -> None:
    watch = Watch()
    watch.over(len)([])
    assert time.time() > 0
    with pytest.raises(ZeroDivisionError):
        watch.over(lambda: 1 // 0)()
    assert time.time() > 0
    assert watch.reached == []


def test_what_is_looked_at_without_being_watched() -> None:
    """The same, step by step: what Python calls while it watches is itself watched by nobody."""
    watch, frame = Watch(), sys._getframe()
    for event, subject in (
        ("call", None),  # of this test, which is in no module that touches the world
        ("return", None),
        ("c_call", len),
        ("c_call", "".join),
        ("c_call", os.fspath),
        ("c_call", dt.datetime.fromisoformat),
    ):
        watch._see(frame, event, subject)
    assert watch.reached == []
    world: list[Any] = [time.time, dt.datetime.now, random.Random(1).random, os.getpid]
    for subject in world:
        with pytest.raises(ImpureError):
            watch._see(frame, "c_call", subject)
    named = [reached.split(" ")[0] for reached in watch.reached]
    assert named == ["time.time", "datetime.now", "random.random", f"{os.name if os.name == 'nt' else 'posix'}.getpid"]
    with pytest.raises(ImpureError, match=r"random\.asks \(at "):
        watch._see(called("random", "asks"), "call", None)
    with pytest.raises(ImpureError, match=r"uuid\.uuid4 \(at "):
        watch._see(called("uuid", "uuid4"), "call", None)


def called(module: str, name: str) -> FrameType:
    """The frame of a function of that module."""
    space: dict[str, Any] = {"__name__": module, "sys": sys}
    exec(f"def {name}(): return sys._getframe()", space)
    frame = space[name]()
    assert isinstance(frame, FrameType)
    return frame


# --- where the machine is -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("zone", [None, "UTC", "XYZ-3"])
def test_another_time_zone_is_another_and_the_old_one_comes_back(
    zone: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TZ", raising=False)
    if zone:
        monkeypatch.setenv("TZ", zone)
    time.tzset()
    here = time.localtime(0)
    with other_time_zone():
        there = time.localtime(0)
    assert here.tm_gmtoff != there.tm_gmtoff
    assert time.localtime(0) == here
    assert os.environ.get("TZ") == zone
    monkeypatch.undo()
    time.tzset()


def test_a_system_that_cannot_be_told_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(time, "tzset")
    here = time.localtime(0)
    with other_time_zone():
        assert time.localtime(0) == here
