"""What a read costs as accounts, installed providers and balances grow: each size in turns, the exponent fitted.

The cost is processor time; with many accounts and with many providers a read must cost what it costs with few of them
(exponent 0), with many balances no more than in proportion (exponent 1).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from bench.cold_start import Command, balances_command, check, variables, wall_and_cpu_s
from bench.environment import Environment, run_quietly
from bench.figures import exponent, spread
from bench.plugins import add_plugin
from bench.server import amounts
from bench.serving import Server
from bench.worker import Worker

HERE = Path(__file__).parent
COFFERS = HERE / "peers/coffers.py"

ACCOUNTS = (10, 100, 1_000, 10_000, 100_000)
PROVIDERS = (1, 5, 20, 50, 200)
BALANCES = (1, 10, 100, 1_000, 10_000)

#: Below so many balances the rest of a read is most of its cost, and would hide how that of balances grows.
BALANCES_FROM = 100

#: Reads that make a sample, at least: a single one is too short for the clock of a process.
READS = 1_000
#: Accounts read at once; what is measured is the cost, not the wait.
AT_ONCE = 16


def accounts(ours: Environment, server: Server, sizes: Sequence[int], *, rounds: int) -> dict[str, Any]:
    """A read of `read_many`, by how many accounts it was given."""
    memory: dict[int, list[float]] = {size: [] for size in sizes}

    def sample(size: int) -> float:
        times = max(1, READS // size)
        with Worker(COFFERS, ours, server, warm_up=1) as worker:
            worker.fan_out(2 * AT_ONCE, AT_ONCE)
            took = [worker.fan_out(size, AT_ONCE) for _ in range(times)]
        memory[size].append(took[-1].rss_peak_mib)
        return 1e6 * sum(one.cpu_s for one in took) / (size * times)

    found = _grown("accounts", "cpu_us", sizes, sample, rounds)
    for row in found["rows"]:
        row["rss_peak_mib"] = round(max(memory[row["size"]]), 1)
    return found


def balances(ours: Environment, server: Server, sizes: Sequence[int], *, rounds: int) -> dict[str, Any]:
    """A read, by how many balances the answer holds."""

    def sample(size: int) -> float:
        reads = max(5, READS // size)
        with Worker(COFFERS, ours, server, prefix=f"/{size}", amounts=amounts(size), warm_up=5) as worker:
            return 1e6 * worker.read(reads).cpu_s / reads

    return _grown("balances", "cpu_us", sizes, sample, rounds, fitted_from=BALANCES_FROM)


def providers(ours: Environment, server: Server, sizes: Sequence[int], folder: Path, *, rounds: int) -> dict[str, Any]:
    """A read, by how many providers are installed, each of them in use.

    Args:
        ours: with coffers; no plugin in it.
        server: what is read.
        sizes: how many.
        folder: for the packages.
        rounds: how often each size has its turn.
    """
    sites = _sites(sizes, folder)

    def sample(size: int) -> float:
        with Worker(HERE / "scripts/every_provider.py", ours, server, path=sites[size]) as worker:
            return 1e6 * worker.read(READS).cpu_s / READS

    return _grown("providers", "cpu_us", sizes, sample, rounds)


def starts(ours: Environment, server: Server, sizes: Sequence[int], folder: Path, *, rounds: int) -> dict[str, Any]:
    """The command that reads one account, by how many providers are installed; arguments as for `providers`."""
    sites = _sites(sizes, folder)
    command = Command("coffers balances --json", balances_command(ours, server, "http", folder), amounts=True)
    environments = {size: variables(folder) | {"PYTHONPATH": str(sites[size])} for size in sizes}
    for size in sizes:
        check(command, run_quietly(command.line, **environments[size]))
    return _grown("starts", "wall_ms", sizes, lambda size: 1e3 * wall_and_cpu_s(command, environments[size])[0], rounds)


def _sites(sizes: Sequence[int], folder: Path) -> dict[int, Path]:
    """A folder of packages for each size: the provider `tally` and others like it."""
    sites = {size: folder / f"{size}-providers" for size in sizes}
    for size, site in sites.items():
        add_plugin(site)
        for number in range(1, size):
            add_plugin(site, f"tally{number}")
    return sites


def _grown(
    of: str, unit: str, sizes: Sequence[int], sample: Callable[[int], float], rounds: int, *, fitted_from: int = 1
) -> dict[str, Any]:
    samples: dict[int, list[float]] = {size: [] for size in sizes}
    for _ in range(rounds):
        for size in random.sample(list(sizes), len(sizes)):
            samples[size].append(sample(size))
    rows: list[dict[str, Any]] = [{"size": size, unit: spread(samples[size], 1)} for size in sizes]
    fitted = [size for size in sizes if size >= fitted_from]
    return {
        "of": of,
        "unit": unit,
        "rounds": rounds,
        "exponent": exponent(fitted, [median(samples[size]) for size in fitted]),
        "fitted_from": fitted[0],
        "rows": rows,
    }
