"""`coffers notify --test` as a person runs it: the core's own command line, this command in it, real receivers."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from coffers_monitor.notify import letters
from coffers_monitor.store import Store

from .made import CHANNELS, low
from .receivers import mail_server, refusing_port, web_server

CANARY = "c4n4ry-7f3Kq9"

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path, installed: None) -> Run:
    """Runs `coffers` on a config with some channels."""

    def run(config: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        path = tmp_path / "config.toml"
        path.write_text(config)
        path.chmod(0o600)
        done = subprocess.run(
            [sys.executable, "-m", "coffers", "notify", *arguments, "--config", str(path)],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, **environment},
        )
        assert CANARY not in done.stdout + done.stderr
        return done

    return run


def test_every_channel_is_tried_and_told(run: Run) -> None:
    with mail_server() as mail, web_server() as web, refusing_port() as nobody:
        config = f"""
[[monitor.notify]]
apprise = "env:MAIL"
[[monitor.notify]]
name = "hook"
webhook = "{web.url}/x"
secret = "file:hook.key"
[[monitor.notify]]
name = "nobody"
webhook = "http://127.0.0.1:{nobody}"
secret = "env:MAIL"
[[monitor.notify]]
name = "unset"
apprise = "env:NOT_SET"
"""
        url = f"mailto://u:{CANARY}@127.0.0.1:{mail.port}/?from=a@example.com&to=b@example.com&mode=insecure"
        done = run(config, "--test", "-v", MAIL=url)
        lines = done.stdout.splitlines()
        assert (lines[0], lines[1].split(":")[0], done.returncode) == ("apprise: delivered", "hook", 5)
        assert lines[1].startswith("hook: failed: the file ")
        assert lines[2].startswith(f"nobody: failed: 127.0.0.1:{nobody}: ")
        assert lines[3] == "unset: failed: the environment variable NOT_SET is not set; set it"
        assert run(config, "--test", "apprise", MAIL=url).returncode == 0
        assert [letter["subject"] for letter in mail.letters] == ["coffers: a test"] * 2
        assert run(config, "--test", "nobody", "unset", MAIL=url).returncode == 69
        assert run(config, "--test", "unset").returncode == 2


def test_what_is_wrong_is_said_before_anything_is_sent(run: Run) -> None:
    with web_server() as web:
        good = f'[[monitor.notify]]\nwebhook = "{web.url}"\nsecret = "env:KEY"\n'
        done = run(good + f'[[monitor.notify]]\napprise = "{CANARY}"\n', "--test", KEY="k")
        assert (done.returncode, done.stdout) == (2, "")
        assert "config.toml:5 monitor.notify[1].apprise: is a secret" in done.stderr
        done = run(good, "--test", "hok", KEY="k")
        assert (done.returncode, done.stdout) == (2, "")
        assert "no channel 'hok'" in done.stderr
        assert run(good, KEY="k").returncode == 2
        assert run(good, "--test", "--list", KEY="k").returncode == 2
        done = run("", "--test")
        assert (done.returncode, done.stdout) == (2, "")
        assert "[[monitor.notify]]" in done.stderr
        assert not web.requests


def test_what_was_told_is_listed_with_what_became_of_it(run: Run, tmp_path: Path) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    with Store.open(f"sqlite:///{tmp_path / 'kept.sqlite3'}") as store:
        ages = {"sent": 1, "failed": 2, "lost": 3, "ancient": 24 * 8}

        def put(name: str, age: int) -> None:
            with store.begin() as transaction:
                for letter in letters([low(name, at=now - timedelta(hours=age))], CHANNELS[:1]):
                    transaction.put_notice(letter.id, letter.to_text(), letter.at)

        for name, age in ages.items():
            put(name, age)
        with store.begin() as transaction:
            transaction.put_notice("odd", "{}", now - timedelta(hours=4))
        for due in store.notices_due(now):
            if due.id.startswith("sent"):
                store.notice_sent(due, now)
            elif due.id.startswith(("failed", "lost")):
                store.notice_failed(due, "no answer", now if due.id.startswith("failed") else None)
        put("new", 0)
    config = '[monitor]\ndatabase = "sqlite:///kept.sqlite3"\n[[monitor.notify]]\nname = "chat"\napprise = "env:X"\n'
    done = run(config, "--list")
    assert (done.returncode, done.stderr) == (0, "")
    odd, lost, failed, sent, new = done.stdout.splitlines()
    assert odd.endswith(" a letter in the outbox cannot be read")
    assert " chat: given up (no answer): CRITICAL lost USD: 42.50 USD left, below 50 USD" in lost
    assert " chat: tried 1 times, again " in failed
    assert " (no answer): CRITICAL failed USD" in failed
    assert " chat: delivered: CRITICAL sent USD" in sent
    assert " chat: waiting: CRITICAL new USD" in new
    assert len(run(config, "--list", "chat").stdout.splitlines()) == 5
