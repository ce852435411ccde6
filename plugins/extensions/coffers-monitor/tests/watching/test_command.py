"""`coffers watch` as a process of its own: its lines, its config, its ends."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TextIO

import pytest

from coffers import Response
from tests.core.loopback import Asked, Loopback, serve

pytestmark = pytest.mark.usefixtures("installed")

JSON = (("Content-Type", "application/json"),)
OK = Response(200, JSON, b'{"currency": "EUR", "balance": "1234567890.123456789012345678", "on_hold": "2.00"}')
#: Generous: a busy machine may need it, a good run does not.
PATIENCE_S = 60


class Process:
    """The command under test; its lines are read as they come."""

    def __init__(self, *arguments: object) -> None:
        command = [sys.executable, "-m", "coffers", "watch", *map(str, arguments)]
        self.running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.out: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.err: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._readers = [
            threading.Thread(target=self._read, args=pair, daemon=True)
            for pair in ((self.running.stdout, self.out), (self.running.stderr, self.err))
        ]
        for reader in self._readers:
            reader.start()

    @staticmethod
    def _read(stream: TextIO, lines: queue.SimpleQueue[str]) -> None:
        with stream:
            for line in stream:
                lines.put(line.rstrip("\n"))

    def line(self, stream: queue.SimpleQueue[str], so: Callable[[str], bool] = lambda line: True) -> str:
        """The next line of which it is so."""
        until = time.monotonic() + PATIENCE_S
        while True:
            line = stream.get(timeout=max(0.01, until - time.monotonic()))
            if so(line):
                return line

    def end(self, number: int = signal.SIGTERM) -> int:
        self.running.send_signal(number)
        code = self.running.wait(PATIENCE_S)
        for reader in self._readers:
            reader.join(PATIENCE_S)
        return code


@pytest.fixture
def begin() -> Iterator[Callable[..., Process]]:
    processes: list[Process] = []

    def start(*arguments: object) -> Process:
        processes.append(Process(*arguments))
        return processes[-1]

    yield start
    for process in processes:
        process.running.kill()
        process.running.wait()


def write(folder: Path, server: Loopback, *names: str, monitor: str = 'every = "1s"', keys: str = "") -> Path:
    """A config with these accounts, put in the place of the one before in one step."""
    path = folder / "config.toml"
    tables = [
        f'[accounts.{name}]\nprovider = "acme"\nkey = "env:COFFERS_TEST_KEY"\nbase_url = "{server.base_url}/{name}"\n'
        f"timeout = 300\n{keys}"
        for name in names
    ]
    new = folder / "config.new"
    new.write_text(f"[monitor]\n{monitor}\n" + "\n".join(tables))
    new.chmod(0o600)
    new.replace(path)
    return path


def about(name: str) -> Callable[[str], bool]:
    return lambda line: f"  {name}  " in line or f'"account": "{name}"' in line


def test_a_line_for_each_read_with_every_digit(tmp_path: Path, begin: Callable[..., Process]) -> None:
    with serve(lambda asked: Response(503) if "bad" in asked.path else OK) as server:
        process = begin("--config", write(tmp_path, server, "shop", "bad"))
        shop = process.line(process.out, about("shop"))
        bad = process.line(process.out, about("bad"))
        process.line(process.out, about("shop"))
        assert process.end() == 0
    assert shop.endswith("  shop  1234567890.123456789012345678 EUR")
    assert "  bad  unavailable: " in bad


def test_machines_get_json(tmp_path: Path, begin: Callable[..., Process]) -> None:
    with serve(lambda asked: Response(401) if "bad" in asked.path else OK) as server:
        process = begin("--jsonl", "--config", write(tmp_path, server, "shop", "bad"))
        shop: dict[str, Any] = json.loads(process.line(process.out, about("shop")))
        bad: dict[str, Any] = json.loads(process.line(process.out, about("bad")))
        process.end()
    assert shop["at"].endswith("Z")
    assert shop["elapsed_s"] >= 0
    [row] = shop["balances"]
    assert (shop["provider"], shop["status"], row["total"], row["pending"]) == (
        "acme", "ok", "1234567890.123456789012345678", None,
    )  # fmt: skip
    assert (bad["status"], bad["error"]["kind"], bad["error"]["retry_after"]) == ("error", "auth", None)
    assert "balances" not in bad


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly_even_while_reads_hang(
    tmp_path: Path, begin: Callable[..., Process], number: int
) -> None:
    release, hanging = threading.Event(), threading.Event()

    def answer(asked: Asked) -> Response:
        if "stuck" in asked.path:
            hanging.set()
            release.wait(PATIENCE_S * 2)
        return OK

    with serve(answer) as server:
        process = begin("--config", write(tmp_path, server, "stuck", "shop"))
        process.line(process.out, about("shop"))
        assert hanging.wait(PATIENCE_S)
        assert process.end(number) == 0  # the read would hang for longer than this waits
        assert process.err.empty()
        release.set()


def test_a_new_config_takes_over_and_a_bad_one_changes_nothing(tmp_path: Path, begin: Callable[..., Process]) -> None:
    with serve(lambda asked: OK) as server:
        process = begin("--config", write(tmp_path, server, "one"))
        process.line(process.out, about("one"))
        write(tmp_path, server, "two", monitor='every = "soon"')
        assert "cannot be used; the one before stays in use" in process.line(process.err)
        assert 'monitor.every: must be a span like "90s"' in process.line(process.err)
        while not process.out.empty():
            process.out.get()
        process.line(process.out, about("one"))
        write(tmp_path, server, "two", monitor='every = "1s"')
        assert "1 accounts are watched" in process.line(process.err)
        process.line(process.out, about("two"))
        assert process.end() == 0


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
def test_a_paused_account_is_read_when_somebody_asks(tmp_path: Path, begin: Callable[..., Process]) -> None:
    with serve(lambda asked: Response(401)) as server:
        config = write(tmp_path, server, "shop")
        process = begin("--config", config)
        assert "shop: its key was refused 2 times in a row; it is paused" in process.line(process.err)
        before = len(server.asked)
        asking = begin("--config", config, "--resume", "shop")
        assert asking.running.wait(PATIENCE_S) == 0
        assert process.line(process.err) == "coffers: shop: is read now, as was asked"
        assert "it is paused" in process.line(process.err)
        assert len(server.asked) == before + 2
        process.running.send_signal(signal.SIGHUP)
        assert "the config was read again" in process.line(process.err)
        assert process.line(process.err) == "coffers: shop: is read now, as was asked"
        assert process.end() == 0
        assert "canary" not in "".join(process.out.get() for _ in range(process.out.qsize()))


def test_a_pause_outlives_a_kill_until_the_config_changes_or_somebody_asks(
    tmp_path: Path, begin: Callable[..., Process]
) -> None:
    with serve(lambda asked: Response(401)) as server:
        config = write(tmp_path, server, "shop")
        process = begin("--config", config)
        assert "shop: its key was refused 2 times in a row; it is paused" in process.line(process.err)
        process.end(signal.SIGKILL)
        write(tmp_path, server, "shop", "other")  # which is no other config of the shop
        process = begin("--config", config)
        assert "shop: its key was refused 2 times before this began; it is paused" in process.line(process.err)
        assert "other: its key was refused 2 times in a row" in process.line(process.err)
        assert len([asked for asked in server.asked if "shop" in asked.path]) == 2
        asking = begin("--config", config, "--resume", "shop")
        assert asking.running.wait(PATIENCE_S) == 0
        process.line(process.out, about("shop"))
        process.end(signal.SIGKILL)
        process = begin("--config", config)  # it was read once or twice since somebody asked
        process.line(process.err, lambda line: "shop: its key was refused 2 times" in line)
        process.end(signal.SIGKILL)
        assert len([asked for asked in server.asked if "shop" in asked.path]) in (4, 5)
        (tmp_path / "roots.pem").write_text("")
        write(tmp_path, server, "shop", "other", keys="ca_file = 'roots.pem'\n")
        process = begin("--config", config)
        process.line(process.out, about("shop"))
        process.line(process.out, about("other"))
        assert process.end() == 0


@pytest.mark.skipif(os.name != "posix", reason="the lock is POSIX's")
def test_a_second_service_of_one_config_is_refused(tmp_path: Path, begin: Callable[..., Process]) -> None:
    with serve(lambda asked: OK) as server:
        config = write(tmp_path, server, "shop", monitor='every = "1h"')
        first = begin("--config", config)
        first.line(first.out, about("shop"))
        second = begin("--config", config)
        assert second.running.wait(PATIENCE_S) == 2
        refusal = second.line(second.err)
        assert f"runs on this machine already (process {first.running.pid})" in refusal
        assert len(server.asked) == 1
        asking = begin("--config", config, "--resume", "shop")
        assert asking.running.wait(PATIENCE_S) == 0
        waiting = begin("--config", config)  # for the one before to end
        assert first.end(signal.SIGKILL) == -signal.SIGKILL
        waiting.line(waiting.out, about("shop"))
        assert waiting.end() == 0


@pytest.mark.skipif(os.name != "posix", reason="the lock is POSIX's")
def test_where_nothing_can_be_locked_it_says_so_and_goes_on(
    tmp_path: Path, begin: Callable[..., Process], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    with serve(lambda asked: OK) as server:
        process = begin("--config", write(tmp_path, server, "shop", monitor='database = "sqlite:///kept.sqlite3"'))
        assert "cannot be used (Not a directory): a second service of this config" in process.line(process.err)
        process.line(process.out, about("shop"))
        assert process.end() == 0


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
def test_a_signal_ends_it_while_another_program_holds_the_database(
    tmp_path: Path, begin: Callable[..., Process]
) -> None:
    monitor = 'every = "1s"\ndatabase = "sqlite:///kept.sqlite3"'
    with serve(lambda asked: OK) as server:
        process = begin("--config", write(tmp_path, server, "shop", monitor=monitor))
        process.line(process.out, about("shop"))
        with contextlib.closing(sqlite3.connect(tmp_path / "kept.sqlite3")) as other:
            other.execute("BEGIN EXCLUSIVE")
            asked = len(server.asked)
            while len(server.asked) < asked + 1:
                time.sleep(0.01)
            time.sleep(0.2)  # so that the read is handed over, as a rule; the test holds either way
            assert process.end() == 0


def test_who_asks_where_nobody_watches_is_told(tmp_path: Path, begin: Callable[..., Process]) -> None:
    with serve() as server:
        config = write(tmp_path, server, "shop")
        asking = begin("--config", config, "--resume", "nosuch")
        assert asking.running.wait(PATIENCE_S) == 2
        assert "no account 'nosuch'" in asking.line(asking.err)
        asking = begin("--config", config, "--resume", "shop")
        assert asking.running.wait(PATIENCE_S) == 5
        assert "so nothing was asked" in asking.line(asking.err)


def test_every_read_is_kept_judged_told_and_on_the_page(tmp_path: Path, begin: Callable[..., Process]) -> None:
    (tmp_path / "hook.key").write_text("canary-hook-key-0123456789")
    (tmp_path / "hook.key").chmod(0o600)
    told: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    def answer(asked: Asked) -> Response:
        if "hook" in asked.path:
            told.put(asked.body)
        return Response(503) if "bad" in asked.path else OK

    with serve(answer) as server:
        monitor = f"""every = "1s"
database = "sqlite:///kept.sqlite3"
page = "https://money.example.com/"
[[monitor.rules]]
below = {{ critical = "1234567891" }}
[[monitor.notify]]
webhook = "{server.base_url}/hook"
secret = "file:hook.key"
"""
        config = write(tmp_path, server, "shop", "bad", monitor=monitor)
        process = begin("--config", config, "--serve", "--port", "0")
        page = process.line(process.err).removeprefix("coffers: the page is at ")
        message = json.loads(told.get(timeout=PATIENCE_S))
        with urllib.request.urlopen(page, timeout=PATIENCE_S) as shown:
            text = shown.read().decode()
        assert process.end() == 0
        assert process.err.empty()
    assert message["title"] == "CRITICAL shop EUR: 1234567890.123456789012345678 EUR left, below 1234567891 EUR"
    assert "All accounts: https://money.example.com/" in message["text"]
    assert "unavailable" in text
    assert "1234567890" in text.replace("</span>", "").replace("<span class=g>", "")
    command = [sys.executable, "-m", "coffers", "history", "--csv", "--config", str(config)]
    history = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "1234567890.123456789012345678" in history
    assert "unavailable" in history
    assert "canary" not in history + text + str(message)


def test_the_page_follows_the_config(tmp_path: Path, begin: Callable[..., Process]) -> None:
    """In one process with the watch, and in one of its own, where a bad config changes nothing."""

    def shown(page: str) -> str:
        with urllib.request.urlopen(page, timeout=PATIENCE_S) as answer:
            text: str = answer.read().decode()
        return text

    def until(page: str, word: str) -> None:
        """Ask until it is there; the test's own time limit ends it otherwise."""
        while word not in shown(page):
            time.sleep(0.1)

    database = 'every = "1s"\ndatabase = "sqlite:///kept.sqlite3"'
    with serve(lambda asked: OK) as server:
        config = write(tmp_path, server, "first", monitor=database)
        watch = begin("--config", config, "--serve", "--port", "0")
        pages = [watch.line(watch.err).removeprefix("coffers: the page is at ")]
        watch.line(watch.out, about("first"))
        command = [sys.executable, "-m", "coffers", "serve", "--port", "0", "--config", str(config)]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as serving:
            try:
                assert serving.stderr is not None
                pages.append(serving.stderr.readline().split()[2].rstrip(";"))
                for page in pages:
                    until(page, "first")
                write(tmp_path, server, "second", monitor=database)
                watch.line(watch.out, about("second"))
                for page in pages:
                    until(page, "second")
                write(tmp_path, server, "third", monitor='every = "soon"')
                watch.line(watch.err, lambda line: "cannot be used" in line)
                assert all("second" in shown(page) for page in pages)
            finally:
                serving.kill()
        assert watch.end() == 0


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
def test_a_signal_ends_it_while_a_channel_hangs(tmp_path: Path, begin: Callable[..., Process]) -> None:
    (tmp_path / "hook.key").write_text("canary-hook-key-0123456789")
    (tmp_path / "hook.key").chmod(0o600)
    release, hanging = threading.Event(), threading.Event()

    def answer(asked: Asked) -> Response:
        if "hook" in asked.path:
            hanging.set()
            release.wait(PATIENCE_S * 2)
        return OK

    with serve(answer) as server:
        rule = f"""[[monitor.rules]]\nbelow = "1234567891"
[[monitor.notify]]\nwebhook = "{server.base_url}/hook"\nsecret = "file:hook.key"
"""
        process = begin("--config", write(tmp_path, server, "shop", monitor=f'every = "1s"\n{rule}'))
        assert hanging.wait(PATIENCE_S)
        assert process.end() == 0  # the channel would hang for longer than this waits
        release.set()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[monitor]\nevry = 1\n", "monitor.evry: is not a key of [monitor]; did you mean `every`?"),
        ("[accounts]\n", "has no accounts"),
        ("[[monitor.rules]]\nblow = 1\n", "monitor.rules[0].blow: is not a key of a rule; did you mean `below`?"),
        ("[[monitor.notify]]\n", "monitor.notify[0]: needs either apprise or webhook"),
        ("[monitor]\nkeep = 1\n", "monitor.keep: must be a table"),
        ("[monitor]\npage = 'ftp://x'\n", "monitor.page: is not an address; write https://HOST"),
        ("[monitor]\ndatabase = 'postgresql://u:canary@h/d'\n", "monitor.database: holds a password"),
    ],
)
def test_a_config_that_cannot_be_used_is_told_at_once(
    tmp_path: Path, begin: Callable[..., Process], text: str, told: str
) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text)
    path.chmod(0o600)
    process = begin("--config", path)
    assert process.running.wait(PATIENCE_S) == 2
    assert process.line(process.err, lambda line: told in line)


def test_a_reader_that_leaves_ends_it(tmp_path: Path) -> None:
    with serve(lambda asked: OK) as server:
        config = write(tmp_path, server, "shop")
        command = [sys.executable, "-m", "coffers", "watch", "--config", str(config)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
            assert running.stdout is not None
            assert "shop" in running.stdout.readline()
            running.stdout.close()
            assert running.wait(PATIENCE_S) == 141
            assert running.stderr is not None
            assert running.stderr.read() == ""
