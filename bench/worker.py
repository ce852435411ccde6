"""Starts a peer in its environment and has it read."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import attrs

from bench.environment import Environment, NotMeasuredError, clean
from bench.server import AMOUNTS, KEY
from bench.serving import Server

AT_WORK = Path(__file__).parent / "at_work.py"

#: Reads that a peer makes before anything is measured.
WARM_UP = 50


@attrs.frozen
class Took:
    """What some reads took.

    Attributes:
        cpu_s: seconds of user and system time, of all threads of the peer's process.
        wall_s: seconds by the clock.
        rss_before_mib: memory that the process held before.
        rss_peak_mib: the most it ever held.
        found: how many balances came, where they were counted.
    """

    cpu_s: float
    wall_s: float
    rss_before_mib: float
    rss_peak_mib: float
    found: int | None


class Worker:
    """A peer's process, warmed up.

    Args:
        script: the peer's script.
        environment: what it runs in.
        server: what it reads.
        scheme: http or https.
        prefix: of the path, with its slash.
        amounts: what every answer must hold, by currency; None does not look.
        warm_up: reads that it makes first.
        path: a folder of further packages.
        provider: the id of the provider that it reads, where it could read several.

    Raises:
        NotMeasuredError: it failed, or read other amounts.
    """

    def __init__(
        self,
        script: Path,
        environment: Environment,
        server: Server,
        scheme: str = "http",
        *,
        prefix: str = "",
        amounts: Mapping[str, str] | None = AMOUNTS,
        warm_up: int = WARM_UP,
        path: Path | None = None,
        provider: str = "",
    ) -> None:
        base_url = server.base_url(scheme) + prefix
        arguments: list[str | Path] = [script, base_url, KEY, server.ca_file, str(warm_up)]
        variables = {"BENCH_PROVIDER": provider} if path is None else {"PYTHONPATH": str(path)}
        # Nothing of the person's own, and no folder that happens to be the present one.
        self._process: subprocess.Popen[str] = subprocess.Popen(
            [environment.python, "-s", "-P", AT_WORK, *arguments],
            env=clean(**variables),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            found = self._line()["amounts"]
            if amounts is not None and found != amounts:
                raise NotMeasuredError("its amounts were not those that the server sent")
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the process."""
        try:
            self._process.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()

    def read(self, reads: int) -> Took:
        """So many reads, one after the other."""
        return self._order({"reads": reads})

    def fan_out(self, accounts: int, concurrency: int) -> Took:
        """So many accounts, so many at once.

        Raises:
            NotMeasuredError: it failed, or not every balance came.
        """
        took = self._order({"accounts": accounts, "concurrency": concurrency})
        if took.found != accounts * len(AMOUNTS):
            raise NotMeasuredError("not every balance came")
        return took

    def _order(self, order: Mapping[str, int]) -> Took:
        assert self._process.stdin is not None
        try:
            print(json.dumps(order), file=self._process.stdin, flush=True)
        except BrokenPipeError:
            raise NotMeasuredError("it ended too early") from None
        return Took(**self._line())

    def _line(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise NotMeasuredError("it ended too early")
        told: dict[str, Any] = json.loads(line)
        if "failed" in told:
            raise NotMeasuredError(told["failed"])
        return told
