"""What the store costs on this machine: `python tests/store/cost.py [URL] [ACCOUNTS] [MINUTES] [DAYS]`.

Without a URL, SQLite in a temporary folder, 1,000 accounts every 15 minutes for 30 days, and one every minute. The
history is put into the tables as it is, for adding millions of reads one by one takes hours; what is measured is the
store's own.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import insert, update

from coffers_monitor.facts import Attempt, Figures, Place
from coffers_monitor.store import Address, Store
from coffers_monitor.store.tables import ACCOUNT, ATTEMPT, FIGURE, HOUR, PLACE

BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def told(what: str, times: list[float]) -> None:
    say(f"{what:<58} median {median(times) * 1000:8.2f} ms, worst {max(times) * 1000:8.2f} ms")


def timed(call: Any, *arguments: Any, **options: Any) -> float:
    begun = time.perf_counter()
    call(*arguments, **options)
    return time.perf_counter() - begun


def reads(account: int, every: timedelta, days: int) -> Iterator[tuple[datetime, Decimal]]:
    for number in range(int(timedelta(days=days) / every)):
        yield BEGIN + number * every, Decimal(100_000 - number) / 100 + account


def fill(store: Store, every: list[timedelta], days: int) -> None:
    """A steady fall for every account, straight into the tables; what stands for an hour is its first and its last."""
    with store.begin() as transaction:
        for account in range(len(every)):
            name = f"account-{account:04}"
            rows = (Figures(Place(name, "USD"), total=Decimal(1)),)
            transaction.add(Attempt(name, "acme", BEGIN - MINUTE, 0.2, rows))
    with store._engine.connect() as connection:
        accounts = {row.name: row.id for row in connection.execute(ACCOUNT.table.select())}
        places = {row.account_id: row.id for row in connection.execute(PLACE.table.select())}
    for account, step in enumerate(every):
        account_id = accounts[f"account-{account:04}"]
        found = list(reads(account, step, days))
        attempts = [{"account_id": account_id, "at": at, "n": 0, "elapsed_s": 0.2} for at, _ in found]
        shared = {"place_id": places[account_id], "n": 0, "position": 0, "unconfirmed": False}
        figures = [shared | {"at": at, "total": amount} for at, amount in found]
        hours = []
        size = timedelta(hours=1) // step
        for begin in range(0, len(found), size):
            first, last = found[begin], found[min(begin + size, len(found)) - 1]
            ends = {"first_at": first[0], "first": first[1], "last_at": last[0], "last": last[1]}
            extremes = {"low_at": last[0], "low": last[1], "high_at": first[0], "high": first[1]}
            hours.append({"place_id": places[account_id], "start": first[0]} | ends | extremes)
        with store._writing() as connection:
            connection.execute(insert(ATTEMPT.table), attempts)
            connection.execute(insert(FIGURE.table), figures)
            connection.execute(insert(HOUR.table), hours)
            end = {"last_at": found[-1][0], "last_n": 0, "ok_at": found[-1][0], "ok_n": 0}
            connection.execute(update(ACCOUNT.table).where(ACCOUNT.ident == account_id).values(end))


def measure(url: str, accounts: int, minutes: int, days: int) -> None:
    with Store.open(url) as store:
        begun = time.perf_counter()
        fill(store, [minutes * MINUTE] * accounts + [MINUTE], days)
        took = time.perf_counter() - begun
        say(f"{accounts} accounts every {minutes} min for {days} days, one every minute; filled in {took:.0f} s")
        if (file := Address.of(url).file) is not None:
            size = sum(path.stat().st_size for path in file.parent.iterdir())
            say(f"{size / 1e6:.0f} MB, {size / (accounts * days * 1440 / minutes + days * 1440):.0f} bytes a read")
        now = BEGIN + timedelta(days=days)
        usual = Place("account-0500" if accounts > 500 else "account-0000", "USD")
        minutely = Place(f"account-{accounts:04}", "USD")

        cpu, begun = time.process_time(), time.perf_counter()
        count = 0
        while time.perf_counter() - begun < 5:
            name = f"account-{count % accounts:04}"
            rows = (Figures(Place(name, "USD"), total=Decimal(count)),)
            with store.begin() as transaction:
                transaction.add(Attempt(name, "acme", now + timedelta(seconds=count), 0.2, rows))
            count += 1
        took, cpu = time.perf_counter() - begun, time.process_time() - cpu
        say(f"{'add(), one a transaction':<58} {count / took:.0f} a second, {cpu / count * 1000:.2f} ms of CPU each")

        told("latest()", [timed(store.latest) for _ in range(10)])
        for place, what in ((usual, f"every {minutes} min"), (minutely, "every minute")):
            for at_most in (200, None):
                times = [timed(store.points, place, BEGIN, now, at_most=at_most) for _ in range(10)]
                number = len(store.points(place, BEGIN, now, at_most=at_most))
                told(f"points() of the month, {what}, at_most={at_most}: {number}", times)
        places = [Place(f"account-{number:04}", "USD") for number in range(accounts)]
        week = now - timedelta(days=7)
        times = [sum(timed(store.points, place, week, now, at_most=48) for place in places)]
        told(f"points() of a week, at_most=48, of each of {accounts}", times)
        times = [timed(lambda: list(islice(store.attempts(usual.account, newest_first=True), 50))) for _ in range(10)]
        told("attempts(), the newest 50", times)
        steps = 0

        def enough() -> bool:
            nonlocal steps
            steps += 1
            return steps > 100

        took = timed(store.thin, now + timedelta(days=90), stop=enough)
        say(f"{'thin(), a day of an account':<58} {took / 100 * 1000:.1f} ms")


def main() -> None:
    given = sys.argv[1:]
    numbers = [int(text) for text in given[1:]] + [1000, 15, 30][len(given[1:]) :]
    with tempfile.TemporaryDirectory() as folder:
        measure(given[0] if given else f"sqlite:///{Path(folder) / 'monitor.sqlite3'}", *numbers)


if __name__ == "__main__":
    main()
