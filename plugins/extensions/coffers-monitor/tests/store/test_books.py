"""What a finished read leads to, in real databases: kept, judged and put into the outbox, all of it or nothing."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import attrs
import pytest

from coffers_monitor.facts import Attempt, Figures, Place
from coffers_monitor.notify import Delivery, Letter, Outgoing, Pace, read_channels
from coffers_monitor.rules import read_rules
from coffers_monitor.store import Address, Store, Transaction
from coffers_monitor.watching.backlog import Backlog
from coffers_monitor.watching.books import Books, Entered

START = datetime(2026, 11, 1, tzinfo=UTC)
USD = Place("shop", "USD")
KILLS = os.environ.get("COFFERS_TEST_KILLS", "200")
CHANNELS, _ = read_channels([{"name": "chat", "apprise": "env:X"}, {"name": "mail", "apprise": "env:Y"}])


@attrs.define
class Shop:
    """An account whose reads are entered; the clock stands at the last of them."""

    store: Store
    rules: tuple[Any, ...] = ()
    now: datetime = START
    told: list[str] = attrs.field(factory=list[str])
    books: Books = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.books = Books(self.store, clock=lambda: self.now, tell=self.told.append)
        self.books.follow(self.rules, CHANNELS, {"shop": "acme"})

    def reads(self, minutes: float, amount: str | None) -> Entered:
        """Enter a read of so much, or a failed one."""
        self.now = START + timedelta(minutes=minutes)
        rows = None if amount is None else (Figures(USD, total=Decimal(amount)),)
        error = None if rows else "unavailable"
        return self.books.enter(Attempt("shop", "acme", self.now, 0.1, rows, error=error))

    def passes(self, minutes: float) -> None:
        """Let time pass without a read."""
        self.now = START + timedelta(minutes=minutes)
        self.books.pass_time()

    @property
    def letters(self) -> list[str]:
        """What the outbox holds for one of the channels, in the order of time."""
        found = [Letter.from_text(notice.text) for notice in reversed(self.store.notices())]
        assert sorted(letter.notice.id for letter in found if letter.channel == "mail") == sorted(
            letter.notice.id for letter in found if letter.channel == "chat"
        )
        notices = sorted((one.notice for one in found if one.channel == "chat"), key=lambda notice: notice.at)
        return [f"{notice.event} {notice.subject} {notice.level.word}" for notice in notices]


def rules(*tables: dict[str, object]) -> tuple[Any, ...]:
    made, faults = read_rules(list(tables))
    assert not faults
    return made


BELOW = rules({"below": {"warn": "80", "critical": "50"}, "remind_every": "never", "cooldown": "0s"})


def test_an_alert_is_put_with_the_read_that_shows_it_and_once(store: Store) -> None:
    shop = Shop(store, BELOW)
    shop.reads(0, "100")
    assert shop.letters == []
    shop.reads(15, "79.99")
    shop.reads(15, "79.99")  # the very same once more
    shop.reads(30, "70")
    shop.reads(45, "49")
    shop.reads(60, "200")
    assert shop.letters == ["alert below warn", "worse below critical", "recovery below ok"]
    assert [point.amount for point in store.points(USD, START, shop.now)][:2] == [Decimal(100), Decimal("79.99")]


def test_what_fails_in_between_leaves_nothing_behind(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = Shop(store, BELOW)
    shop.reads(0, "100")
    before = store.states()

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("in between")

    with monkeypatch.context() as patch:
        patch.setattr(Transaction, "put_notice", fail)
        with pytest.raises(RuntimeError):
            shop.reads(15, "10")
    assert store.states() == before
    assert (len(list(store.attempts("shop"))), store.notices()) == (1, [])
    shop.reads(30, "10")
    assert shop.letters == ["alert below critical"]


def test_a_sudden_zero_is_unconfirmed_is_read_again_and_is_no_point(store: Store) -> None:
    shop = Shop(store, BELOW)
    shop.reads(0, "100")
    entered = shop.reads(15, "0.00")
    assert entered.attempt.unconfirmed
    assert entered.again is not None
    assert entered.again < timedelta(minutes=1)
    assert shop.letters == []
    assert store.latest()["shop"][1] == entered.attempt
    assert len(store.points(USD, START, shop.now)) == 1
    assert len(store.points(USD, START, shop.now, at_most=100)) == 1
    assert shop.reads(15.25, "100") == Entered(
        attrs.evolve(entered.attempt, at=shop.now, rows=(Figures(USD, total=Decimal(100)),), unconfirmed=False)
    )
    shop.reads(30, "0.00")
    assert shop.letters == []
    confirmed = shop.reads(30.25, "0.00")
    assert (confirmed.again, confirmed.attempt.unconfirmed) == (None, False)
    assert shop.letters == ["alert below critical"]
    assert [point.amount for point in store.points(USD, START, shop.now)] == [Decimal(100), Decimal(100), Decimal(0)]
    assert [one.unconfirmed for one in store.attempts("shop")] == [False, True, False, True, False]


def test_time_alone_tells_of_what_is_not_read_even_if_it_never_was(store: Store) -> None:
    shop = Shop(store, rules({"unread_for": "2h", "remind_every": "12h"}))
    shop.passes(0)
    shop.passes(119)
    assert shop.letters == []
    shop.passes(120)
    shop.passes(121)
    assert shop.letters == ["alert unread_for critical"]
    shop.reads(130, None)
    shop.passes(120 + 12 * 60)
    assert shop.letters[1:] == ["reminder unread_for critical"]
    shop.reads(900, "5")
    assert shop.letters[2:] == ["recovery unread_for ok"]


def test_a_forecast_is_made_of_what_the_database_holds(store: Store) -> None:
    shop = Shop(store, rules({"runway_below": {"critical": "2d"}, "remind_every": "never"}))
    for hour in range(24 * 5):
        shop.reads(hour * 60, f"{200 - hour}")
    assert shop.letters == []
    again = Shop(store, shop.rules)  # another process, that has seen nothing of it
    for hour in range(24 * 5, 24 * 7):
        again.reads(hour * 60, f"{200 - hour}")
    assert again.letters == ["alert runway_below critical"]
    [notice] = {Letter.from_text(one.text).notice for one in store.notices()}
    assert notice.forecast is not None
    assert notice.forecast.per_day is not None
    assert abs(notice.forecast.per_day - 24) < 1
    assert notice.amount is not None
    assert 40 < notice.amount < 50


def test_a_memory_that_cannot_be_read_is_told_of_and_begun_anew(store: Store) -> None:
    shop = Shop(store, BELOW)
    shop.reads(0, "10")
    with store.begin() as transaction:
        transaction.put_state("shop", '{"version": 99}')
    shop.reads(15, "10")
    assert "is of version 99, not 1; its alerts begin anew" in shop.told[0]
    assert shop.letters == ["alert below critical"] * 2  # whoever begins anew tells anew, with another name


def test_two_processes_that_enter_the_same_reads_tell_once(store: Store) -> None:
    shops = [Shop(store, BELOW) for _ in range(2)]
    for shop in shops:  # one clock, as on one machine: where one of them is late, its reads are known already
        shop.books = Books(store, clock=lambda: START + timedelta(hours=1), tell=pytest.fail)
        shop.books.follow(BELOW, CHANNELS, {"shop": "acme"})

    def enter(shop: Shop) -> None:
        for step in range(40):
            shop.reads(step, "100" if step // 5 % 2 == 0 else "10")

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(enter, shops))
    assert Counter(shops[0].letters) == {"alert below critical": 4, "recovery below ok": 3}


@attrs.frozen
class Ear:
    """A channel that two machines speak to."""

    heard: list[Outgoing]

    def send(self, message: Outgoing, *, within_s: float) -> None:
        self.heard.append(message)

    def close(self) -> None:
        """Nothing is under way."""


@pytest.mark.parametrize("behind_s", [0, 3, 30])
def test_two_machines_on_one_database_tell_what_one_tells(store: Store, behind_s: int) -> None:
    """Both read everything, the clock of one is behind, each delivers; the receiver hears of each change once."""
    clocks = [START, START]
    heard: list[Outgoing] = []
    watching = rules({"below": {"warn": "80", "critical": "50"}, "remind_every": "1h"}, {"unread_for": "10m"})
    machines: list[tuple[Books, Delivery[Any]]] = []
    for number in (0, 1):
        books = Books(store, clock=partial(clocks.__getitem__, number), tell=pytest.fail)
        books.follow(watching, CHANNELS[:1], {"shop": "acme"})
        machines.append((books, Delivery(store, {"chat": Ear(heard)}, pace=Pace(rest=timedelta(0)))))
    amounts = [100, 70, 70, 40, 40, 40, 200, 200, None, None, None, None, 200, 0, 0, *[0] * 20, 90]
    for step, amount in enumerate(amounts):
        for number, (books, post) in enumerate(machines):
            late = timedelta(seconds=20 * number - behind_s * number)  # it reads 20 s after the other
            clocks[number] = START + timedelta(minutes=5 * step) + late
            rows = None if amount is None else (Figures(USD, total=Decimal(amount)),)
            error = "unavailable" if rows is None else None
            books.enter(Attempt("shop", "acme", clocks[number], 0.1, rows, error=error))
            books.pass_time()
            post.run(clocks[number] + timedelta(seconds=15))
    told = [notice for one in heard for notice in json.loads(one.document)["notices"]]
    assert [f"{one['event']} {one['subject']} {one['level']}" for one in told] == [
        "alert below warn",
        "worse below critical",
        "recovery below ok",
        "alert unread_for critical",
        "recovery unread_for ok",
        "alert below critical",
        "reminder below critical",
        "recovery below ok",
    ]
    assert len({one["id"] for one in told}) == len(told)


@contextlib.contextmanager
def away(address: Address) -> Iterator[None]:
    """Nobody gets at the database, and whoever was at it is thrown out, or waits in vain."""
    if address.file is not None:
        with contextlib.closing(sqlite3.connect(address.file)) as other:
            other.execute("BEGIN EXCLUSIVE")
            yield
        return
    import psycopg

    url = address.url
    facts = {"host": url.query["host"], "port": url.query["port"], "user": "monitor", "dbname": "postgres"}
    with psycopg.connect(**facts, autocommit=True) as other:
        other.execute(f"ALTER DATABASE {url.database} ALLOW_CONNECTIONS false")
        other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (url.database,))
        yield
        other.execute(f"ALTER DATABASE {url.database} ALLOW_CONNECTIONS true")


def test_reads_wait_while_the_database_is_away_and_nothing_is_lost_or_told_twice(
    address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("coffers_monitor.store.engine.WAIT_S", 0.05)
    now, told = 0.0, list[str]()
    with Store.open(address) as store:
        shop = Shop(store, BELOW)
        backlog = Backlog(shop.books.enter, tell=told.append, clock=lambda: now)

        def take(minute: int, amount: str) -> None:
            nonlocal now
            now += 10
            shop.now = START + timedelta(minutes=minute)
            backlog.take(Attempt("shop", "acme", shop.now, 0.1, (Figures(USD, total=Decimal(amount)),)))

        take(0, "100")
        with away(address):
            for minute, amount in enumerate(("70", "40", "200", "10"), start=1):
                take(minute, amount)
            assert len(backlog) == 4
        take(5, "10")
        amounts = [attempt.rows[0].total for attempt in store.attempts("shop") if attempt.rows]
        assert amounts == [Decimal(amount) for amount in ("100", "70", "40", "200", "10", "10")]
        events = ["alert below warn", "worse below critical", "recovery below ok", "alert below critical"]
        assert sorted(shop.letters) == sorted(events)
    assert [text.partition(":")[0] for text in told] == ["shop", "the database is back"]


@pytest.mark.timeout(900)
@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills not tested: processes cannot be forked here")
def test_a_kill_at_any_moment_loses_no_alert_and_tells_none_twice(address: Address) -> None:
    url = address.url.render_as_string(hide_password=False)
    command = [sys.executable, "-W", "error", Path(__file__).with_name("killing_books.py"), url, KILLS]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{KILLS} kills")
