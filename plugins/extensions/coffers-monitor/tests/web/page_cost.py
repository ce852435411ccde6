"""How long the page takes with many accounts, each read once a minute: `python page_cost.py [ACCOUNTS [REQUESTS]]`.

The server is a process of its own, as `coffers serve` is; accounts are read meanwhile, so that rows change between
requests; and once more with every amount another one at every request, as for somebody who looks once a minute. History
is made up and lies in memory: what a database takes is not in it (see `whole_cost.py`).
"""

from __future__ import annotations

import re
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import attrs
import httpx
from made_up_month import Month, many

from coffers_monitor.web.view import Watched

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


@attrs.define
class Changing(Month):
    """Every amount is another one whenever it is looked at."""

    other: list[Watched] = attrs.field(factory=list)

    def accounts(self) -> Sequence[Watched]:
        self.watched, self.other = self.other, self.watched
        return self.watched


def changing(month: Month) -> Changing:
    other: list[Watched] = []
    for one in month.watched:
        assert one.good is not None
        rows = [attrs.evolve(row, total=(row.total or Decimal(0)) + 1) for row in one.good.rows or ()]
        good = attrs.evolve(one.good, rows=tuple(rows))
        other.append(attrs.evolve(one, good=good, last=good if one.last is one.good else one.last))
    return Changing(*(getattr(month, field.name) for field in attrs.fields(Month)), other)


def serve_many(count: int, *, all_change: bool) -> None:
    from coffers_monitor.web.app import make_app
    from coffers_monitor.web.serving import Place, serve

    month = many(count, datetime.now(UTC))
    if all_change:
        month = changing(month)
    else:
        threading.Thread(target=read_one_after_the_other, args=(month,), daemon=True).start()
    serve(lambda: make_app(month), Place(port=0), token=None, ready=lambda url: print(url, flush=True))  # noqa: T201


def measure(count: int, requests: int, how: str, paths: Sequence[str]) -> None:
    command = [sys.executable, str(Path(__file__)), how, str(count)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        try:
            with httpx.Client(base_url=url, timeout=120) as client:
                for path in paths:
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


def main(count: int, requests: int) -> None:
    pages = ["/", "/accounts/account-00007", "/api/v1/balances", "/api/v1/accounts", "/metrics"]
    measure(count, requests, "serve", pages)
    sys.stdout.write("with every amount changed:\n")
    measure(count, requests, "serve-changing", ["/", "/metrics"])


if __name__ == "__main__":
    if sys.argv[1:2] in (["serve"], ["serve-changing"]):
        serve_many(int(sys.argv[2]), all_change=sys.argv[1] == "serve-changing")
    else:
        numbers = [int(text) for text in sys.argv[1:]] + [1000, 50][len(sys.argv) - 1 :]
        main(*numbers)
