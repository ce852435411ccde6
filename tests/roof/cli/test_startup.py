"""Start-up: what is imported when, and what is said where something is missing."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from keyword import iskeyword
from pathlib import Path

import click
import pytest

from coffers.cli import app
from coffers.cli.app import COMMANDS

from .conftest import Result, process

Cli = Callable[..., Result]
Write = Callable[..., Path]


def imported_by(code: str) -> set[str]:
    told = subprocess.run(
        [sys.executable, "-c", f"import sys\n{code}\nprint(*sys.modules, file=sys.stderr)"],
        capture_output=True, text=True, check=True, timeout=30,
    )  # fmt: skip
    return set(told.stderr.split())


def test_the_version_is_told_before_anything_is_imported() -> None:
    modules = imported_by("sys.argv = ['coffers', '--version']\nfrom coffers.__main__ import main\nassert main() == 0")
    assert not modules & {"click", "attrs", "coffers.cli", "coffers.errors"}
    assert process("--version").out == process("-v", "--version").out != ""


def test_help_imports_no_plugin_and_nothing_heavy() -> None:
    modules = imported_by("from coffers.cli import run\nassert run(['--help']).code == 0")
    heavy = {"rich", "urllib3", "cattrs", "platformdirs", "coffers.client", "coffers_toybox", "aiohttp"}
    assert "coffers.cli.app" in modules
    assert not modules & heavy


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself_without_plugins(name: str) -> None:
    modules = imported_by(f"from coffers.cli import run\nassert run([{name!r}, '--help']).code == 0")
    assert "coffers_toybox" not in modules


def test_the_overview_names_every_command() -> None:
    folder = Path(sys.modules["coffers.cli"].__file__ or "").parent / "commands"
    modules = {name.replace("-", "_") + "_" * iskeyword(name) for name in COMMANDS}
    assert {path.stem for path in folder.glob("*.py")} - {"__init__"} == modules
    with click.Context(app) as ctx:
        for name in COMMANDS:
            command = app.get_command(ctx, name)
            assert command is not None
            assert command.name == name
            # -v at its own place too, and no way to give a secret.
            assert {"key", "password", "secret", "token"}.isdisjoint(
                option.strip("-") for parameter in command.params for option in parameter.opts
            )
            assert any("-v" in parameter.opts for parameter in command.params)


def test_without_the_extra_it_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "click.py").write_text("raise ModuleNotFoundError(\"No module named 'click'\", name='click')\n")
    result = process("balances", env=dict(os.environ, PYTHONPATH=str(tmp_path)))
    assert result == (2, "", 'coffers: the command line needs more packages: pip install "coffers[cli]"\n')


def test_without_a_part_of_the_extra_likewise(tmp_path: Path) -> None:
    (tmp_path / "rich").mkdir()
    (tmp_path / "rich" / "__init__.py").write_text("raise ModuleNotFoundError(\"No 'rich'\", name='rich')\n")
    result = process("balances", env=dict(os.environ, PYTHONPATH=str(tmp_path)))
    assert result == (2, "", 'coffers: the command line needs more packages: pip install "coffers[cli]"\n')


def test_unknown_commands_and_none_at_all(cli: Cli) -> None:
    result = cli("balnces")
    assert (result.code, result.out) == (2, "")
    assert "balnces" in result.err
    result = cli()
    assert (result.code, result.out) == (2, "")
    assert "balances" in result.err
