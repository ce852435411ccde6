"""Whether many accounts are held, and how long the page takes: `python whole_cost.py [ACCOUNTS [SECONDS [DAYS]]]`.

`coffers watch` and `coffers serve` as processes of their own, over one file; the accounts are the sandbox's, each read
once a minute over HTTP, judged by rules on amount and runway. DAYS of hourly history are there from the beginning, so
that forecasts have their full weight. The sandbox takes its own share of the machine, which is not told apart.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import httpx

from coffers.sandbox import Sandbox
from coffers_monitor.facts import Attempt, Figures, Place, Point
from coffers_monitor.store import Store
from coffers_monitor.store.hours import Span, hour_of
from coffers_monitor.store.rows import put, span_values
from coffers_monitor.store.tables import HOUR, PLACE

MONITOR = """
[monitor]
every = "60s"
database = "sqlite:///kept.sqlite3"
[[monitor.rules]]
below = { warn = "5", critical = "1" }
[[monitor.rules]]
runway_below = { warn = "2d", critical = "6h" }
[[monitor.rules]]
unread_for = "1h"
"""


def seed(store: Store, names: list[str], currency: str, days: int, now: datetime) -> None:
    """A history of spending: a point an hour."""
    for name in names:
        with store.begin() as transaction:
            rows = (Figures(Place(name, currency), total=Decimal(1000)),)
            transaction.add(Attempt(name, "acme", now - timedelta(days=days), 0.1, rows))
    if not days:
        return
    with store._writing() as connection:
        ids = [row[0] for row in connection.execute(PLACE.table.select())]
        for place_id in ids:
            hours: list[dict[str, object]] = []
            for hour in range(days * 24):
                point = Point(now - timedelta(days=days, hours=-hour, minutes=1), Decimal(1000 - hour) / 10)
                hours.append({"place_id": place_id, "start": hour_of(point.at)} | span_values(Span.of(point)))
            put(connection, HOUR.table, hours)


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_mb(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def read_since(store: Store, begun: datetime) -> int:
    return sum(last.at >= begun for last, _ in store.latest().values())


def main(count: int, seconds: int, days: int) -> None:
    with tempfile.TemporaryDirectory() as name, Sandbox() as sandbox:
        folder = Path(name)
        for number in range(count - 1):
            sandbox.add_account(f"account-{number:05}", "acme")
        (folder / "config.toml").write_text(sandbox.config_toml(folder / "secrets") + MONITOR)
        store = Store.open(f"sqlite:///{folder / 'kept.sqlite3'}")
        begun = datetime.now(UTC)
        seed(store, list(sandbox.accounts), next(iter(sandbox["acme"].state()["balances"])), days, begun)
        say(
            f"{count} accounts with {days} days of history: {(datetime.now(UTC) - begun).total_seconds():.0f} s to make"
        )
        command = [sys.executable, "-m", "coffers"]
        config = ("--config", str(folder / "config.toml"))
        begun = datetime.now(UTC)
        watch = subprocess.Popen([*command, "watch", *config], stdout=subprocess.DEVNULL)
        serve = subprocess.Popen([*command, "serve", *config, "--port", "0"], stderr=subprocess.PIPE, text=True)
        try:
            assert serve.stderr is not None
            url = serve.stderr.readline().split()[2].rstrip(";")
            while read_since(store, begun) < count:
                time.sleep(0.5)
            say(f"each was read once after {(datetime.now(UTC) - begun).total_seconds():.0f} s")
            time.sleep(30)
            before, at = {one: cpu_s(one.pid) for one in (watch, serve)}, datetime.now(UTC)
            counted = sum(one.times for one in store.counted())
            took = defaultdict[str, list[float]](list)
            with httpx.Client(base_url=url, timeout=60) as client:
                while (datetime.now(UTC) - at).total_seconds() < seconds:
                    for path in ("/", "/accounts/acme", "/api/v1/accounts", "/metrics"):
                        start = time.perf_counter()
                        assert client.get(path).status_code == 200
                        took[path].append((time.perf_counter() - start) * 1000)
                        time.sleep(0.5)
            passed = (datetime.now(UTC) - at).total_seconds()
            reads = sum(one.times for one in store.counted()) - counted
            say(f"{reads / passed * 60:.0f} reads a minute, {count} wanted")
            oldest = min(last.at for last, _ in store.latest().values())
            say(f"the oldest figure is {(datetime.now(UTC) - oldest).total_seconds():.0f} s old")
            for name, one in (("watch", watch), ("serve", serve)):
                used = (cpu_s(one.pid) - before[one]) / passed
                say(f"{name}: {used:.0%} of a core, {memory_mb(one.pid):.0f} MB")
            for path, times in took.items():
                slow = statistics.quantiles(times, n=20)[-1]
                say(f"{path:<20} median {statistics.median(times):6.1f} ms  95% {slow:6.1f} ms  of {len(times)}")
        finally:
            for one in (watch, serve):
                one.terminate()
                one.wait()
            store.close()


if __name__ == "__main__":
    main(*([int(text) for text in sys.argv[1:]] + [1000, 60, 30][len(sys.argv) - 1 :]))
