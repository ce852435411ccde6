"""What a read costs on either side of an executor: `python cost.py ACCOUNTS LATENCY_S WORKERS PROCESSES`.

Real HTTP over loopback against `counting.py`. Prints CPU seconds a thousand accounts: of the process that hands them
out, of those that read them, and of writing the files; and what an account weighs on the way there and back.
"""

from __future__ import annotations

import os
import pickle
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from decimal import Decimal
from multiprocessing import get_context
from pathlib import Path

import attrs
import psutil

from coffers import Account, Client, Outcome, Snapshot
from coffers_dask import to_parquet

HERE = Path(__file__).parent
ACME = Path(__file__).parents[4] / "tests/acme"
HOSTS = 200
BATCH_SIZE = 500


def accounts(ports: list[int], total: int) -> Iterator[Account]:
    for number in range(total):
        url = f"http://127.0.0.1:{ports[number % HOSTS]}/a{number:07}"
        yield Account(f"a{number:07}", "acme", {"key": "env:ACME_KEY"}, base_url=url)


def cpu_s(processes: list[psutil.Process]) -> float:
    return sum(sum(process.cpu_times()[:2]) for process in processes)


def varied(outcome: Outcome) -> Outcome:
    """The same with an amount of its own: a million equal ones would take no room in a file."""
    [balance] = outcome.unwrap().balances
    amount = Decimal(random.randrange(10**9)).scaleb(-2)
    return attrs.evolve(outcome, snapshot=Snapshot([attrs.evolve(balance, total=amount)]))


def read(client: Client, ports: list[int], total: int, workers: int, count: int) -> list[Outcome]:
    """Read them all, say what it took, and answer the first outcomes."""
    kept: list[Outcome] = []
    with ProcessPoolExecutor(count, mp_context=get_context("spawn")) as executor:
        for many in (accounts(ports, 5000), accounts(ports, total)):  # the first are to warm up
            children = psutil.Process().children()
            readers = [child for child in children if "spawn_main" in " ".join(child.cmdline())]
            before_s, here_s, started = cpu_s(readers), time.process_time(), time.perf_counter()
            kept.clear()
            for outcome in client.read_many(
                many, executor=executor, workers=workers, batch_size=BATCH_SIZE, batches=2 * count + 2
            ):
                outcome.unwrap()
                if len(kept) < 20_000:
                    kept.append(outcome)
        say("wall", time.perf_counter() - started, "s")
        say("handing out", (time.process_time() - here_s) / total * 1000, "CPU s a thousand")
        say("reading", (cpu_s(readers) - before_s) / total * 1000, "CPU s a thousand")
    return kept


def main(total: int, latency_s: str, workers: int, count: int) -> None:
    sys.path.insert(0, str(ACME))
    os.environ["ACME_KEY"] = "made-up-key-0123456789"
    command = [sys.executable, str(HERE / "counting.py"), str(HOSTS), latency_s]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server, Client() as client:
        assert server.stdout is not None
        ports = [int(port) for port in server.stdout.readline().split()]
        try:
            kept = read(client, ports, total, workers, count)
        finally:
            server.kill()
    rows = [varied(outcome) for outcome in kept]
    with tempfile.TemporaryDirectory() as folder:
        here_s = time.process_time()
        to_parquet(rows, folder)
        say("writing", (time.process_time() - here_s) / len(rows) * 1000, "CPU s a thousand")
        size = sum(path.stat().st_size for path in Path(folder).iterdir())
        say("a row", size / len(rows), "bytes")
    say("there", len(pickle.dumps([row.account for row in rows])) / len(rows), "bytes an account")
    back = [(row.fetched_at, row.elapsed_s, row.snapshot, row.error) for row in rows]
    say("back", len(pickle.dumps(back)) / len(rows), "bytes an account")
    say("load of the machine", os.getloadavg()[0], "")


def say(what: str, figure: float, unit: str) -> None:
    print(f"{what:20} {figure:10.3f} {unit}")  # noqa: T201  this is what it is for


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
