"""`coffers demo` and `coffers sandbox`."""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click

from coffers import Registry

from .conftest import Result, process, start

Cli = Callable[..., Result]
Write = Callable[..., Path]


def test_demo_reads_every_installed_provider(cli: Cli) -> None:
    result = cli("demo", "--json")
    assert (result.code, result.err) == (0, "")
    accounts = {account["account"]: account for account in json.loads(result.out)["accounts"]}
    assert set(accounts) == {provider.id for provider in Registry().list()}
    assert accounts["toybox"]["balances"][0]["total"] == "12.3400"
    table = cli("demo")
    assert "12.3400" in table.out


def test_demo_without_a_provider_says_what_to_install(tmp_path: Path) -> None:
    core = tmp_path / "core"
    core.mkdir()
    packages = Path(click.__file__).parents[1]
    for entry in packages.iterdir():  # what is installed here, without the plugins
        if "coffers" not in entry.name:
            (core / entry.name).symlink_to(entry)
    (core / "coffers").symlink_to(Path(sys.modules["coffers"].__file__ or "").parent)
    for pth in core.glob("*.pth"):
        pth.unlink()
    for command in ("demo", "init"):
        ended = subprocess.run(
            [sys.executable, "-S", "-m", "coffers", command],
            env=dict(os.environ, PYTHONPATH=str(core)), capture_output=True, text=True, check=False, timeout=30,
        )  # fmt: skip
        assert (ended.returncode, ended.stdout) == (2, "")
        assert "pip install coffers-NAME" in ended.stderr


def test_demo_without_the_sandbox_extra(tmp_path: Path) -> None:
    (tmp_path / "aiohttp.py").write_text("raise ModuleNotFoundError(\"No 'aiohttp'\", name='aiohttp')\n")
    result = process("demo", env=dict(os.environ, PYTHONPATH=f"{tmp_path}{os.pathsep}{os.environ['PYTHONPATH']}"))
    assert result == (2, "", 'coffers: the sandbox needs more packages: pip install "coffers[sandbox]"\n')


def test_sandbox_serves_the_config_it_prints(cli: Cli, tmp_path: Path) -> None:
    folder = tmp_path / "box"
    with start("sandbox", "--config-dir", folder) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        told = [running.stderr.readline() for _ in range(2)]
        assert str(folder / "config.toml") in told[1]
        result = cli("balances", "toybox", "--json", "--config", folder / "config.toml")
        running.send_signal(signal.SIGINT)
        out, err = running.stdout.read(), running.stderr.read()
    assert running.returncode == 0
    assert json.loads(result.out)["accounts"][0]["balances"][0]["total"] == "12.3400"
    assert out == (folder / "config.toml").read_text()
    assert "rate_limited" in err
    assert "Traceback" not in err
    assert "toy-made-up-key" not in out
    assert stat.S_IMODE((folder / "config.toml").stat().st_mode) == 0o600
    shutil.rmtree(folder)
    with start("sandbox") as running:
        assert running.stderr is not None
        lines: list[str] = []
        while not lines or "Faults" not in lines[-1]:
            lines.append(running.stderr.readline())
        running.send_signal(signal.SIGINT)
        out, _ = running.communicate(timeout=20)
    assert 'key = "env:COFFERS_SANDBOX_TOYBOX_KEY"' in out
    assert any("export COFFERS_SANDBOX_TOYBOX_KEY=" in line for line in lines)
