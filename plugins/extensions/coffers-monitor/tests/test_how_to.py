"""The how-to "Get alerts in a chat", done as it is written: from nothing to a message, its configs and commands."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from coffers import Registry
from coffers.sandbox import Sandbox
from coffers_monitor.watching.plan import read_plan

from .notify.receivers import web_server

ROOT = Path(__file__).parents[4]
HOW_TO = (ROOT / "docs/how-to/alerts.md").read_text("utf-8")
README = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
#: Generous: a busy machine may need it, a good run does not.
PATIENCE_S = 60


def examples(page: str) -> str:
    """The config that the examples of a page make together."""
    return "\n".join(re.findall(r"^```toml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL))


@pytest.mark.usefixtures("acme_installed")
@pytest.mark.parametrize("page", [HOW_TO, README], ids=["how-to", "README"])
def test_the_examples_of_a_page_are_a_config_that_is_accepted(page: str, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    account = '[accounts.shop]\nprovider = "acme"\nkey = "file:shop.key"\n'
    config.write_text(examples(page) if account in page else account + examples(page))
    config.chmod(0o600)
    plan = read_plan(config, Registry())
    assert plan.accounts.keys() == {"shop"}
    assert len(plan.parts.rules) >= 3
    assert [channel.kind for channel in plan.parts.channels] == ["apprise", "webhook"]


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
@pytest.mark.usefixtures("acme_installed", "installed")
def test_who_does_what_the_page_says_gets_an_alert(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COFFERS_CONFIG", str(tmp_path / "config.toml"))

    def command(line: str) -> list[str]:
        assert f"\n    {line}\n" in HOW_TO or f"`{line}`" in HOW_TO
        return [sys.executable, "-u", "-m", *line.split()]

    def run(line: str) -> str:
        done = subprocess.run(command(line), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done
        return done.stdout

    with Sandbox() as sandbox, web_server() as chat:
        sandbox.config_toml(tmp_path / "secrets")
        key = (tmp_path / "secrets/acme.key").read_text()
        text = examples(HOW_TO.partition("\n## 7.")[0])
        text = text.replace('provider = "acme"\n', f'provider = "acme"\nbase_url = "{sandbox["acme"].base_url}"\n')
        url = chat.url.replace("http://", "json://")
        for name, content in (("config.toml", text), ("shop.key", f"{key}\n"), ("chat.url", f"{url}/room\n")):
            (tmp_path / name).touch(0o600)
            (tmp_path / name).write_text(content)
        assert re.search(r"^shop +acme +EUR +12\.50 ", run("coffers balances"), re.MULTILINE)
        assert run("coffers notify --test") == "chat: delivered\n"
        with subprocess.Popen(command("coffers watch"), stdout=subprocess.PIPE, text=True) as watch:
            try:
                until = time.monotonic() + PATIENCE_S
                while len(chat.requests) < 2:
                    assert time.monotonic() < until
                    time.sleep(0.1)
                watch.send_signal(signal.SIGINT)
                assert watch.wait(PATIENCE_S) == 0
            finally:
                watch.kill()
        test, alert = (body.decode() for _, _, body in chat.requests)
        assert "This is a test of the channel chat" in test
        assert "CRITICAL shop EUR: 12.50 EUR left, below 1000000000 EUR" in alert
        assert "chat: delivered: CRITICAL shop EUR: 12.50 EUR left" in run("coffers notify --list")
