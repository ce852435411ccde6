"""What is to be reached, and whether a result does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs

Result = Mapping[str, Any]


@attrs.frozen
class Goal:
    """A figure and its limit.

    Attributes:
        name: what is measured.
        limit: the most it may be.
        figure: takes it out of a result; raises LookupError where it was not measured.
    """

    name: str
    limit: float
    figure: Callable[[Result], float]

    def told(self, result: Result) -> tuple[str, str]:
        """The figure, and the verdict: reached, missed, or not measured."""
        try:
            figure = self.figure(result)
        except LookupError:
            return "", "not measured"
        return f"{figure:g}", "reached" if figure <= self.limit else "missed"


def _row(rows: list[dict[str, Any]], **wanted: str) -> dict[str, Any]:
    for row in rows:
        if wanted.items() <= row.items():
            return row
    raise LookupError(wanted)


def _one_read(scheme: str) -> Callable[[Result], float]:
    return lambda result: _row(result["one_read"][scheme]["rows"], peer="coffers")["cpu_ratio"]["median"]


def _fan_out(scene: str, peer: str, figure: str) -> Callable[[Result], float]:
    return lambda result: _row(result["fan_out"][scene]["rows"], peer=peer)[figure]["median"]


def _start(command: str, figure: str) -> Callable[[Result], float]:
    return lambda result: _row(result["cold_start"]["rows"], command=command)[figure]["median"]


def _exponent(of: str) -> Callable[[Result], float]:
    return lambda result: result["growth"][of]["exponent"]


GOALS = (
    Goal("one read over HTTP, CPU, urllib3 = 1", 0.85, _one_read("http")),
    Goal("one read over TLS, CPU, urllib3 = 1", 0.85, _one_read("https")),
    Goal("256 threads, 200 ms away: wall time, ideal = 1", 1.08, _fan_out("200-ms", "coffers", "ideal_ratio")),
    Goal("256 threads, 200 ms away: CPU s for 1,000 reads", 0.45, _fan_out("200-ms", "coffers", "cpu_s_per_1000")),
    Goal("256 threads, 50 ms away: wall time, ideal = 1", 2.3, _fan_out("50-ms", "coffers", "ideal_ratio")),
    Goal("1,000 in a loop, 200 ms away: wall time, ideal = 1", 1.25, _fan_out("200-ms", "coffers-aio", "ideal_ratio")),
    Goal("1,000 in a loop: CPU s for 1,000 reads", 0.24, _fan_out("200-ms", "coffers-aio", "cpu_s_per_1000")),
    Goal("1,000 in a loop: memory growth, MiB", 100, _fan_out("200-ms", "coffers-aio", "rss_growth_mib")),
    Goal("coffers --version, wall time, python -c pass = 1", 1.2, _start("coffers --version", "wall_ratio")),
    Goal("coffers --help, wall time, python -c pass = 1", 4.5, _start("coffers --help", "wall_ratio")),
    Goal("coffers balances, HTTP, urllib3 script = 1", 1.5, _start("coffers balances --json, http", "beside")),
    Goal("coffers balances, TLS, urllib3 script = 1", 1.5, _start("coffers balances --json, https", "beside")),
    Goal("exponent of a read's cost over accounts", 0.1, _exponent("accounts")),
    Goal("exponent of a read's cost over providers in use", 0.1, _exponent("providers")),
    Goal("exponent of a command's time over installed providers", 0.2, _exponent("starts")),
    Goal("exponent of a read's cost over balances, from 100 on", 1.05, _exponent("balances")),
)


def lines(result: Result) -> list[str]:
    """One line a goal."""
    told = [(goal, *goal.told(result)) for goal in GOALS]
    return [f"{verdict:<12}  {goal.name}: {figure or '-'} (at most {goal.limit:g})" for goal, figure, verdict in told]
