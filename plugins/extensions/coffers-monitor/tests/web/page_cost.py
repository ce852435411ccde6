"""How long the page takes with many accounts, each read once a minute: `python page_cost.py [ACCOUNTS [REQUESTS]]`.

The server is a process of its own, as `coffers serve` is; accounts are read meanwhile, so that rows change between
requests. History is made up and lies in memory: what a database takes is not in it, for the page itself asks none for
a history (see `curves`).
"""

from __future__ import annotations

import re
import statistics
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import attrs
import httpx
from made_up_month import Month, many

SECONDS_BETWEEN_READS = 60


def read_one_after_the_other(month: Month) -> None:
    """Every account once a minute, as the watch would."""
    pause = SECONDS_BETWEEN_READS / len(month.watched)
    at = 0
    while True:
        one = month.watched[at % len(month.watched)]
        if one.last is one.good and one.last is not None:
            fresh = attrs.evolve(one.last, at=datetime.now(UTC))
            month.watched[at % len(month.watched)] = attrs.evolve(one, last=fresh, good=fresh)
        at += 1
        time.sleep(pause)


def serve_many(count: int) -> None:
    from coffers_monitor.web.app import make_app
    from coffers_monitor.web.serving import Place, serve

    month = many(count, datetime.now(UTC))
    threading.Thread(target=read_one_after_the_other, args=(month,), daemon=True).start()
    serve(lambda: make_app(month), Place(port=0), token=None, ready=lambda url: print(url, flush=True))  # noqa: T201


def main(count: int, requests: int) -> None:
    command = [sys.executable, str(Path(__file__)), "serve", str(count)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        try:
            with httpx.Client(base_url=url, timeout=120) as client:
                for path in ("/", "/accounts/account-00007", "/api/v1/balances", "/api/v1/accounts", "/metrics"):
                    took_ms: list[float] = []
                    for _ in range(requests):
                        begun = time.perf_counter()
                        answer = client.get(path)
                        took_ms.append((time.perf_counter() - begun) * 1000)
                        assert answer.status_code == 200
                        time.sleep(0.1)
                    if path == "/":
                        assert len(re.findall("<tbody", answer.text)) == count
                    first, *others = took_ms
                    quick, slow = statistics.median(others), statistics.quantiles(others, n=20)[-1]
                    size = f"{len(answer.content) / 1e6:.2f} MB"
                    sys.stdout.write(
                        f"{path:<26}{size:>9}  median {quick:6.1f} ms  95% {slow:6.1f} ms  first {first:7.1f} ms\n"
                    )
        finally:
            server.terminate()


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        serve_many(int(sys.argv[2]))
    else:
        numbers = [int(text) for text in sys.argv[1:]] + [1000, 50][len(sys.argv) - 1 :]
        main(*numbers)
