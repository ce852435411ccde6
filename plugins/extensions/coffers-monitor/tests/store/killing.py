"""Kills a process that writes, again and again at a random moment, and looks at what it left: `killing.py URL ROUNDS`.

A program of its own, for it forks: the writer begins at once, without importing everything anew. Prints one line when
all is well, and ends with an AssertionError when it is not.
"""

from __future__ import annotations

import os
import random
import sqlite3
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import NoReturn

from killed import killed_once

from coffers_monitor.facts import Attempt, Figures, Place, Point
from coffers_monitor.store import Address, Store
from coffers_monitor.store.hours import Span, hour_of
from coffers_monitor.store.rows import span_of
from coffers_monitor.store.tables import HOUR, PLACE

BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
PLACES = (Place("shop", "USD"), Place("shop", "USDT", "TRC20"))


def attempt(number: int) -> Attempt:
    """The read of that number: which one it was can be told from its amounts."""
    rows = tuple(Figures(place, total=Decimal(number * sign)) for place, sign in zip(PLACES, (1, -1), strict=True))
    return Attempt("shop", "acme", BEGIN + timedelta(minutes=7 * number), 0.1, rows)


def write(address: Address, out: int) -> NoReturn:
    """Store reads, one a transaction, and claim notices; tell of each once it is committed, until killed."""
    store = Store.open(address)
    with store.begin() as transaction:
        number = int(transaction.state("shop") or -1)
    while True:
        number += 1
        with store.begin() as transaction:
            transaction.add(attempt(number))
            transaction.put_notice(f"notice-{number}", "text", BEGIN)
            transaction.put_state("shop", str(number))
        os.write(out, f"read {number}\n".encode())
        for notice in store.notices_due(BEGIN, at_most=1):
            os.write(out, f"claim {notice.id}\n".encode())


def check(address: Address, reads: int) -> int:
    """Everything that was told is there, nothing is there in part, and all that is kept twice says the same."""
    if address.file is not None:
        with closing(sqlite3.connect(address.file)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    with Store.open(address) as store:
        found = list(store.attempts("shop"))
        assert reads <= len(found), f"lost: {reads} told, {len(found)} found"
        assert found == [attempt(number) for number in range(len(found))]
        with store.begin() as transaction:
            assert transaction.state("shop") == (str(len(found) - 1) if found else None)
        assert sorted(notice.id for notice in store.notices()) == sorted(f"notice-{n}" for n in range(len(found)))
        if found:
            assert store.latest() == {"shop": (found[-1], found[-1])}
        hours: dict[tuple[str, datetime], Span] = {}
        for one in found:
            for row in one.rows or ():
                assert row.total is not None
                key, point = (row.place.currency, hour_of(one.at)), Span.of(Point(one.at, row.total))
                hours[key] = hours[key].with_span(point) if key in hours else point
        query = HOUR.table.join(PLACE.table, PLACE.ident == HOUR.place_id).select()
        with store._engine.connect() as connection:
            assert {(row.currency, row.start): span_of(row) for row in connection.execute(query)} == hours
    return len(found)


def main() -> None:
    address, rounds = Address.of(sys.argv[1]), int(sys.argv[2])
    chance = random.Random()  # any moment is as good as another; what fails is told with its numbers
    reads, claims, found = 0, list[str](), 0
    for number in range(1, rounds + 1):
        for word, _, what in (line.partition(" ") for line in killed_once(write, address, chance)):
            if word == "read":
                reads = int(what) + 1
            else:
                claims.append(what)
        if number % 20 == 0:
            found = check(address, reads)
    assert len(set(claims)) == len(claims), "a notice was handed out twice"
    assert found >= rounds / 2, f"hardly anything was written: {found}"
    sys.stdout.write(f"{rounds} kills, {found} reads, {len(claims)} claims\n")


main()
