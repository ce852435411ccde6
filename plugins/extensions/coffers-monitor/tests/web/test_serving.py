"""`coffers serve`: where it listens, what it refuses, how it ends; a process of its own where that matters."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner
from made_up_month import Month, made_up_month
from served_page import TOKEN

from coffers import ConfigError, Secret
from coffers_monitor.web.command import serve_command
from coffers_monitor.web.serving import Place, check_token, read_token, serve

HERE = Path(__file__).parent

#: `coffers serve` over the made-up month, as a program.
PROGRAM = """
import contextlib
from made_up_month import made_up_month
from coffers_monitor.web.command import serve_command
serve_command(lambda config: contextlib.nullcontext(made_up_month())).main(prog_name="serve")
"""


@contextlib.contextmanager
def running(*arguments: str, **environment: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The program, and the address it tells."""
    path = os.pathsep.join([str(HERE), *filter(None, sys.path)])
    command = [sys.executable, "-c", PROGRAM, "--port", "0", *arguments]
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path, **environment}
    ) as program:
        try:
            assert program.stderr is not None
            line = program.stderr.readline()
            match = re.match(r"Serving at (http://\S+); stop it with Ctrl-C", line)
            assert match, line
            yield program, match[1]
        finally:
            program.kill()


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_it_serves_until_told_to_stop(name: str) -> None:
    with running() as (program, url), httpx.Client(timeout=60) as client:
        assert url.startswith("http://127.0.0.1:")
        assert client.get(url).status_code == 200  # the connection stays open, and does not keep it from ending
        program.send_signal(getattr(signal, name))
        program.wait(60)
        assert program.stderr is not None
        assert "Traceback" not in program.stderr.read()


def test_a_token_from_the_environment_is_asked_for_and_never_told() -> None:
    with running("--token", "env:PAGE_TOKEN", PAGE_TOKEN=TOKEN) as (program, url):
        assert httpx.get(url, timeout=60).headers["location"] == "/login"
        assert httpx.get(url, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=60).status_code == 200
        program.terminate()
        program.wait(60)
        assert program.stderr is not None
        assert TOKEN not in program.stderr.read()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "page.example", "10.0.0.1"])
def test_where_others_could_look_a_token_is_needed(host: str) -> None:
    with pytest.raises(ConfigError) as refused:
        serve(lambda: pytest.fail("must not be made"), Place(host, 0), token=None)
    assert f"{host} can be reached from other machines, so a token is needed" in refused.value.message
    assert "secrets.token_urlsafe(32)" in refused.value.message
    assert "--token file:PATH" in refused.value.message


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_loopback_is_this_machine_alone(host: str) -> None:
    assert Place(host).is_loopback


def test_a_port_that_is_taken_is_told() -> None:
    with running() as (_, url):
        port = int(url.rstrip("/").rpartition(":")[2])
        with pytest.raises(ConfigError, match=f"cannot listen on 127.0.0.1 port {port} .*choose another with --port"):
            serve(lambda: pytest.fail("must not be made"), Place(port=port), token=None)


def test_a_token_is_read_from_where_it_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "token"
    file.write_text(TOKEN + "\n")
    file.chmod(0o600)
    monkeypatch.setenv("PAGE_TOKEN", TOKEN)
    assert read_token("env:PAGE_TOKEN").reveal() == TOKEN
    assert read_token(f"file:{file}").reveal() == TOKEN
    assert read_token("file:token", tmp_path).reveal() == TOKEN


def test_a_token_is_refused_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHORT", "hunter2")
    monkeypatch.delenv("NOT_SET", raising=False)
    open_to_all = tmp_path / "token"
    open_to_all.write_text(TOKEN)
    open_to_all.chmod(0o644)
    for reference, told in (
        (TOKEN, "write a reference to it"),
        ("env:NOT_SET", "the environment variable NOT_SET is not set"),
        ("env:SHORT", "shorter than 20 characters"),
        ("file:/nowhere/token", "does not exist"),
        (f"file:{open_to_all}", "chmod o-r"),
    ):
        with pytest.raises(ConfigError) as refused:
            read_token(reference)
        assert told in refused.value.message
        assert not any(secret in refused.value.message for secret in (TOKEN, "hunter2"))


def test_a_token_of_twenty_characters_will_do() -> None:
    assert check_token(Secret("x" * 20)).reveal() == "x" * 20
    with pytest.raises(ConfigError):
        check_token(Secret("x" * 19))


def test_the_command_refuses_before_anything_is_opened() -> None:
    def never(config: Path | None) -> contextlib.AbstractContextManager[Month]:
        pytest.fail("must not be opened")

    command = serve_command(never)
    with pytest.raises(ConfigError, match="a secret and must not stand here"):
        command.main(["--token", TOKEN], standalone_mode=False)


def test_the_command_gives_the_config_on_and_closes_what_it_opened(tmp_path: Path) -> None:
    seen: list[object] = []

    @contextlib.contextmanager
    def opened(config: Path | None) -> Iterator[Month]:
        seen.append(config)
        try:
            yield made_up_month()
        finally:
            seen.append("closed")

    with pytest.raises(ConfigError, match="a token is needed"):
        serve_command(opened).main(
            ["--config", str(tmp_path / "config.toml"), "--host", "0.0.0.0"], standalone_mode=False
        )
    assert seen == [tmp_path / "config.toml", "closed"]


def test_help_says_what_it_does() -> None:
    told = CliRunner().invoke(serve_command(lambda _: contextlib.nullcontext(made_up_month())), ["--help"]).output
    for part in ("whether all is well", "--token REFERENCE", "--host-name NAME", "/api/v1", "/metrics"):
        assert part in told
