"""Whole commands, from the start of Python to its end, beside `python -c pass` and a script with urllib3 alone.

coffers is installed from its wheels, its bytecode compiled, with fifty plugins: the one that is read, and others that
fail when they are imported, so that a run in which one was imported cannot pass for a good one.
"""

from __future__ import annotations

import json
import random
import resource
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from bench.environment import Environment, NotMeasuredError, clean, run_quietly
from bench.figures import ratio, spread
from bench.plugins import add_plugin
from bench.server import AMOUNTS, KEY
from bench.serving import Server

HERE = Path(__file__).parent

#: How many plugins lie there besides the one that is read.
OTHER_PLUGINS = 49

_CONFIG = """\
[accounts.shop]
provider = "tally"
key = "env:TALLY_KEY"
base_url = "{base_url}"
ca_file = "{ca_file}"
"""


@attrs.frozen
class Command:
    """What is started.

    Attributes:
        name: as the page shows it.
        line: program and arguments.
        beside: the name of the command that does the same with urllib3 alone; empty for none.
        amounts: whether it prints each amount of the server's answer.
    """

    name: str
    line: tuple[str | Path, ...]
    beside: str = ""
    amounts: bool = False


def add_plugins(environment: Environment) -> None:
    """Put the plugin that is read and the others into `environment`."""
    add_plugin(environment.site)
    for number in range(OTHER_PLUGINS):
        add_plugin(environment.site, f"other{number}", "raise RuntimeError('a plugin that nobody asked for')\n")


def balances_command(environment: Environment, server: Server, scheme: str, folder: Path) -> tuple[str | Path, ...]:
    """The command that reads one account; its config goes into `folder`."""
    config = folder / f"{scheme}.toml"
    config.write_text(_CONFIG.format(base_url=server.base_url(scheme), ca_file=server.ca_file), "utf-8")
    config.chmod(0o600)
    return environment.bin / "coffers", "balances", "--json", "--config", config


def variables(folder: Path) -> dict[str, str]:
    """What the commands find in their environment."""
    return {"HOME": str(folder), "TALLY_KEY": KEY}


def commands(ours: Environment, urllib3: Environment, server: Server, folder: Path) -> list[Command]:
    """Everything that is measured; the first one is what the others are set beside."""
    found = [
        Command("python -c pass", (ours.python, "-c", "pass")),
        Command("coffers --version", (ours.bin / "coffers", "--version")),
        Command("coffers --help", (ours.bin / "coffers", "--help")),
        Command("python -c 'import coffers'", (ours.python, "-c", "import coffers")),
    ]
    for scheme in ("http", "https"):
        alone = f"a script with urllib3 alone, {scheme}"
        script = (urllib3.python, HERE / "scripts/urllib3_script.py", server.base_url(scheme), server.ca_file)
        balances = balances_command(ours, server, scheme, folder)
        found += [
            Command(alone, script, alone, amounts=True),
            Command(f"coffers balances --json, {scheme}", balances, alone, amounts=True),
        ]
    return found


def wall_and_cpu_s(command: Command, environment: Mapping[str, str]) -> tuple[float, float]:
    """Run it once: seconds by the clock, and of the processor."""
    cpu, wall = _children_s(), time.perf_counter()
    subprocess.run(command.line, env=clean(**environment), stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - wall, _children_s() - cpu


def measure(ours: Environment, urllib3: Environment, server: Server, folder: Path, *, rounds: int) -> dict[str, Any]:
    """Every command, in turns.

    Args:
        ours: with coffers and its plugins.
        urllib3: with urllib3 and nothing else.
        server: what is read.
        folder: for config files.
        rounds: how often each has its turn.

    Raises:
        NotMeasuredError: a command failed, or did not print every amount.
    """
    every = commands(ours, urllib3, server, folder)
    took: dict[str, list[tuple[float, float]]] = {command.name: [] for command in every}
    for command in every:
        check(command, run_quietly(command.line, **variables(folder)))
    for _ in range(rounds):
        for command in random.sample(every, len(every)):
            took[command.name].append(wall_and_cpu_s(command, variables(folder)))
    wall_s = {name: [wall for wall, _ in turns] for name, turns in took.items()}
    cpu_s = {name: [cpu for _, cpu in turns] for name, turns in took.items()}
    nothing = every[0].name
    rows = [
        {
            "command": command.name,
            "wall_ms": spread([1e3 * one for one in wall_s[command.name]], 1),
            "cpu_ms": spread([1e3 * one for one in cpu_s[command.name]], 1),
            "wall_ratio": ratio(wall_s[command.name], wall_s[nothing]),
            "cpu_ratio": ratio(cpu_s[command.name], cpu_s[nothing]),
            "beside": ratio(wall_s[command.name], wall_s[command.beside]) if command.beside else None,
        }
        for command in every
    ]
    return {"rounds": rounds, "plugins": 1 + OTHER_PLUGINS, "rows": rows}


def _children_s() -> float:
    """CPU seconds of all processes that were started here and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def check(command: Command, printed: bytes) -> None:
    """Raises `NotMeasuredError` if a command that shall print the amounts did not."""
    if not command.amounts:
        return
    text = json.dumps(json.loads(printed))
    absent = [currency for currency in AMOUNTS if f'"{currency}"' not in text]
    if absent:
        raise NotMeasuredError(f"{command.name} did not print {', '.join(absent)}")
