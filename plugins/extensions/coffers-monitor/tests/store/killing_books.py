"""Kills a process that enters reads and delivers letters, again and again: `killing_books.py URL ROUNDS`.

At the end all that was told to be kept is there, and the outbox holds what it would hold had nobody been killed: every
alert, each once. The receiver has heard of each; of one twice only where a kill came between its sending and the mark
that says so, which nobody can know. Prints one line when all is well.
"""

from __future__ import annotations

import json
import os
import random
import sys
import tempfile
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import NoReturn

from killed import killed_once

from coffers_monitor.facts import Attempt, Figures, Place
from coffers_monitor.notify import Delivery, Letter, Outgoing, Pace, read_channels
from coffers_monitor.rules import read_rules
from coffers_monitor.store import Address, Store
from coffers_monitor.watching.books import Books

BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
RULES, _ = read_rules([{"below": {"warn": "80", "critical": "50"}, "cooldown": "0s", "remind_every": "never"}])
CHANNELS, _ = read_channels([{"name": "chat", "apprise": "env:X"}])
AMOUNTS = (100, 90, 70, 40, 0, 0, 60, 120)
AT_ONCE = Pace(gather=timedelta(0), rest=timedelta(0))


def attempt(number: int) -> Attempt:
    rows = (Figures(Place("shop", "USD"), total=Decimal(AMOUNTS[number % len(AMOUNTS)])),)
    return Attempt("shop", "acme", BEGIN + timedelta(minutes=number), 0.1, rows)


class Told:
    """A channel into a pipe."""

    def __init__(self, out: int) -> None:
        self._out = out

    def send(self, message: Outgoing, *, within_s: float) -> None:
        ids = [notice["id"] for notice in json.loads(message.document)["notices"]]
        os.write(self._out, f"told {' '.join(ids)}\n".encode())

    def close(self) -> None:
        """Nothing is under way."""


def opened(store: Store) -> tuple[Books, list[datetime]]:
    clock = [BEGIN]
    books = Books(store, clock=lambda: clock[0], tell=lambda text: sys.exit(text))
    books.follow(RULES, CHANNELS, {"shop": "acme"})
    return books, clock


def work(address: Address, out: int) -> NoReturn:
    """Enter reads and deliver, until killed."""
    store = Store.open(address)
    books, clock = opened(store)
    post = Delivery(store, {"chat": Told(out)}, pace=AT_ONCE)
    number = sum(one.times for one in store.counted())
    while True:
        clock[0] = attempt(number).at
        books.enter(attempt(number))
        os.write(out, f"read {number}\n".encode())
        post.run(clock[0] + timedelta(hours=1))
        number += 1


def in_the_outbox(address: Address) -> Counter[str]:
    with Store.open(address) as store:
        found = [Letter.from_text(one.text).notice for one in store.notices()]
    return Counter(f"{one.id} {one.event} {one.level.word} {one.at.isoformat()}" for one in found)


def main() -> None:
    address, rounds = Address.of(sys.argv[1]), int(sys.argv[2])
    chance = random.Random()
    read, heard, unmarked = 0, Counter[str](), Counter[str]()
    for _ in range(rounds):
        lines = killed_once(work, address, chance)
        for word, _, what in (line.partition(" ") for line in lines):
            if word == "read":
                assert int(what) >= read, "a read that was kept was entered anew"
                read = int(what) + 1
            else:
                heard.update(what.split())
        if lines and lines[-1].startswith("told"):
            unmarked.update(lines[-1].split()[1:])  # the kill may have come before the mark
    with Store.open(address) as store:
        kept = list(store.attempts("shop"))
        assert len(kept) >= read, f"lost: {read} were kept, {len(kept)} are there"
        rest, out = os.pipe()
        late = Delivery(store, {"chat": Told(out)}, pace=AT_ONCE)
        while late.run(kept[-1].at + timedelta(hours=1, minutes=1)):  # what the last one took is free by now
            pass
        os.close(out)
        with open(rest, "rb") as file:  # noqa: PTH123  a pipe
            for line in file.read().decode().splitlines():
                heard.update(line.split()[1:])
        letters = store.notices()
        assert all(one.sent_at is not None for one in letters), "a letter was never delivered"
        assert heard.keys() == {one.id.partition(".")[0] for one in letters}, "the receiver did not hear of one"
        twice = heard - Counter(heard.keys())
        assert twice <= unmarked, f"told twice without a kill in between: {twice - unmarked}"
    with tempfile.TemporaryDirectory() as folder:
        calm = Address.of(f"sqlite:///{Path(folder) / 'calm.sqlite3'}")
        with Store.open(calm) as store:
            books, clock = opened(store)
            for number in range(len(kept)):
                clock[0] = attempt(number).at
                books.enter(attempt(number))
        wanted, found = in_the_outbox(calm), in_the_outbox(address)
    assert found == wanted, f"lost {wanted - found}, told besides {found - wanted}"
    assert len(kept) >= rounds / 2, f"hardly anything was kept: {len(kept)}"
    sys.stdout.write(f"{rounds} kills, {len(kept)} reads, {sum(found.values())} letters, {heard.total()} delivered\n")


main()
