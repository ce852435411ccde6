"""A real scheduler and two real workers on loopback: one is killed midway, and everything is accounted for.

`COFFERS_TEST_ACCOUNTS` is how many accounts there are; 3,000 unless it says otherwise.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import CancelledError, Future
from pathlib import Path
from typing import Any

import distributed
import pyarrow.parquet as pq
import pytest

from coffers import Account, Client
from coffers_dask import BegunBeforeError, executor, to_parquet, unread

HERE = Path(__file__).parent
ACME = Path(__file__).parents[4] / "tests/acme"
TOTAL = int(os.environ.get("COFFERS_TEST_ACCOUNTS", "3000"))
HOSTS = 64

#: Acme is installed on the workers, and its key is there alone.
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ACME)}

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:distributed", "ignore::DeprecationWarning:tornado")


class Cluster:
    """A scheduler and its workers, each a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.address_file = folder / "scheduler.json"
        shown = ["--no-dashboard", "--no-show"]
        self.processes = [self.start("scheduler", "--host", "127.0.0.1", "--port", "0", *shown)]
        self.workers = [self.work(f"canary-key-of-{number}") for number in range(2)]

    def start(self, *command: str, **more: str) -> subprocess.Popen[bytes]:
        line = [sys.executable, "-m", "dask", *command, "--scheduler-file", str(self.address_file)]
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(line, env=ENVIRONMENT | more, stdout=log, stderr=log, cwd=self.folder)

    def work(self, key: str) -> subprocess.Popen[bytes]:
        options = ["--host", "127.0.0.1", "--nthreads", "1", "--no-nanny", "--no-dashboard"]
        worker = self.start("worker", *options, "--local-directory", str(self.folder), ACME_KEY=key)
        self.processes.append(worker)
        return worker

    def stop(self) -> None:
        for process in reversed(self.processes):
            process.kill()
            process.wait(10)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    started = Cluster(tmp_path)
    yield started
    started.stop()


@pytest.fixture
def dask(cluster: Cluster) -> Iterator[distributed.Client]:
    deadline = time.monotonic() + 60
    while not cluster.address_file.exists():
        assert time.monotonic() < deadline, (cluster.folder / "log").read_text()
        time.sleep(0.05)
    with distributed.Client(scheduler_file=str(cluster.address_file), timeout=30) as client:
        client.wait_for_workers(2, timeout=60)
        yield client


@pytest.fixture
def ports() -> Iterator[list[int]]:
    command = [sys.executable, str(HERE / "counting.py"), str(HOSTS), "0.005"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        yield [int(port) for port in server.stdout.readline().split()]
        server.kill()


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    monkeypatch.syspath_prepend(str(ACME))
    with Client() as client:
        yield client
    sys.modules.pop("coffers_acme", None)


def accounts(ports: list[int], total: int) -> Iterator[Account]:
    for number in range(total):
        url = f"http://127.0.0.1:{ports[number % HOSTS]}/a{number:06}"
        yield Account(f"a{number:06}", "acme", {"key": "env:ACME_KEY"}, base_url=url)


def ask(ports: list[int], what: str) -> dict[str, int]:
    with urllib.request.urlopen(f"http://127.0.0.1:{ports[0]}/{what}", timeout=30) as answer:
        return dict(json.load(answer))


def reads(ports: list[int]) -> Counter[str]:
    """How often each account was read."""
    return Counter({path.split("/")[1]: count for path, count in ask(ports, "counts").items()})


@pytest.mark.timeout(1800)
def test_a_worker_killed_midway_loses_nothing_and_nothing_is_read_twice_unsaid(
    cluster: Cluster, dask: distributed.Client, ports: list[int], reader: Client, tmp_path: Path
) -> None:
    folder = tmp_path / "balances"
    batch_size = min(500, TOTAL // 30)

    ask(ports, f"kill/{cluster.workers[0].pid}/{TOTAL // 6}")  # in the midst of a batch
    batches = 8
    more: dict[str, Any] = {"executor": executor(dask), "batch_size": batch_size, "batches": batches}
    first = to_parquet(reader.read_many(accounts(ports, TOTAL), **more), folder, part_size=TOTAL // 5)
    counts = reads(ports)
    assert first.run == 1
    assert first.read + first.failed == TOTAL
    assert cluster.workers[0].wait(10) == -signal.SIGKILL
    # One was running; of others the result may not have been fetched, on a busy machine of several.
    assert 0 < first.failed <= batches * batch_size
    assert max(counts.values()) == 1

    rows = pq.read_table(folder).to_pylist()
    assert len(rows) == len({row["account"] for row in rows}) == TOTAL
    ok = [row for row in rows if row["status"] == "ok"]
    assert {row["total"] for row in ok} == {"1234567890.123456789012345678"}
    assert all(counts[row["account"]] == 1 for row in ok)
    lost = [row for row in rows if row["status"] == "error"]
    assert len(lost) == first.failed
    assert {(row["error_kind"], row["error_retryable"]) for row in lost} == {("network", True)}
    assert {row["error_message"] for row in lost} == {
        "the worker was lost (BegunBeforeError): this account may have been read, and nothing is known of it"
    }

    # Told to, it reads these again, and only these; their rows say that it is another run.
    assert list(unread(accounts(ports, TOTAL), folder)) == []
    second = to_parquet(reader.read_many(unread(accounts(ports, TOTAL), folder, again=True), **more), folder)
    assert (second.run, second.read, second.failed) == (2, first.failed, 0)
    twice = {account for account, count in reads(ports).items() if count > 1}
    assert twice <= {row["account"] for row in lost}
    assert max(reads(ports).values()) <= 2
    rows = pq.read_table(folder).to_pylist()
    assert {row["account"] for row in rows if row["run"] == 2} == {row["account"] for row in lost}
    assert list(unread(accounts(ports, TOTAL), folder, again=True)) == []


def settled(future: Future[Any]) -> str:
    error = future.exception(timeout=60)
    return "ok" if error is None else type(error).__name__


def test_a_call_runs_once_and_can_be_called_off_only_before(cluster: Cluster, dask: distributed.Client) -> None:
    with executor(dask) as once:
        running = [once.submit(time.sleep, 1.5) for _ in range(2)]
        time.sleep(0.7)
        waiting = [once.submit(time.sleep, 0.01) for _ in range(3)]
        assert [call.cancel() for call in running] == [False, False]
        assert waiting[0].cancel()
        assert waiting[0].cancel()
        with pytest.raises(CancelledError):
            waiting[0].result()
        assert [settled(call) for call in (*running, *waiting[1:])] == ["ok"] * 4
        assert not running[0].cancel()
        failing = once.submit(int, "no number")
        assert settled(failing) == "ValueError"
    with pytest.raises(RuntimeError, match="shut down"):
        once.submit(time.sleep, 0.0)


def test_what_was_begun_on_a_lost_worker_is_not_begun_again_and_what_was_not_is(
    cluster: Cluster, dask: distributed.Client
) -> None:
    once = executor(dask)
    calls = [once.submit(time.sleep, 2.0) for _ in range(2)]
    time.sleep(1.0)
    calls += [once.submit(time.sleep, 0.01) for _ in range(6)]
    cluster.workers[0].send_signal(signal.SIGKILL)
    found = [settled(call) for call in calls]
    assert sorted(found[:2]) == [BegunBeforeError.__name__, "ok"]
    assert found[2:] == ["ok"] * 6


def test_without_a_scheduler_nothing_is_called_off(cluster: Cluster, dask: distributed.Client) -> None:
    call = executor(dask).submit(time.sleep, 30.0)
    time.sleep(0.5)
    cluster.processes[0].kill()
    assert not call.cancel()
    assert settled(call) != "ok"
