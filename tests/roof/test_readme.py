"""The README shows what a person sees."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")


def test_the_table_is_the_one_that_demo_prints() -> None:
    [shown] = re.findall(r"```text\n\$ coffers demo\n(.*?)```", README, re.DOTALL)
    run = subprocess.run([sys.executable, "-m", "coffers", "demo"], capture_output=True, text=True, check=True)
    printed = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ", "2026-11-21 03:00:00Z", run.stdout)
    assert [line.rstrip() for line in printed.splitlines()] == [line.rstrip() for line in shown.splitlines()]


def test_ci_runs_the_second_command_exactly() -> None:
    commands = re.findall(r"^    (python3 -m pip install nox.*)$", README, re.MULTILINE)
    assert [command.split("&& ")[1] for command in commands] == ["nox -s demo", "nox"]
    assert (Path(__file__).parents[2] / ".ci/run").read_text("utf-8").splitlines()[-1] == commands[1]
