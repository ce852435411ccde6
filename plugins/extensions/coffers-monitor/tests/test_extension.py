"""What the command line gets of this package, and what that costs."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import click
import pytest

from coffers.extensions import Extensions
from coffers_monitor import extension


def test_the_hooks_import_nothing_heavy() -> None:
    path = extension.__file__.rpartition("/coffers_monitor/")[0]
    code = f"import sys; sys.path.insert(0, {path!r}); import coffers_monitor.extension; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    modules = {name.partition(".")[0] for name in run.stdout.split()}
    assert not modules & {"apscheduler", "asyncio", "click", "sqlalchemy", "starlette", "apprise", "alembic"}
    ours = {name for name in run.stdout.split() if name.startswith("coffers_monitor")}
    assert ours == {"coffers_monitor", "coffers_monitor.extension"}


def test_it_keeps_the_contract() -> None:
    extensions = Extensions([], given={"monitor": extension})
    assert extensions.faults == ()
    assert "watch" in extensions.commands


@pytest.mark.parametrize("name", sorted(extension.coffers_register_commands()))
def test_every_command_is_where_it_says(name: str) -> None:
    module, _, attribute = extension.coffers_register_commands()[name].at.partition(":")
    command = getattr(import_module(module), attribute)
    assert isinstance(command, click.Command)
    assert command.name == name
