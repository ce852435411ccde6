"""What goes on beside the reading: delivery, and what time alone brings; real receivers on loopback."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from coffers import Account
from coffers_monitor.config import Settings
from coffers_monitor.facts import Attempt, Figures, Place
from coffers_monitor.notify import Pace, read_channels
from coffers_monitor.parts import Parts
from coffers_monitor.rules import State, read_rules
from coffers_monitor.store import Keep, Store, StoreError
from coffers_monitor.watching import post
from coffers_monitor.watching.books import Books, Entered
from coffers_monitor.watching.desk import Desk
from coffers_monitor.watching.pace import Pace as ReadingPace
from coffers_monitor.watching.pace import Watched
from coffers_monitor.watching.plan import Plan

from .notify.receivers import Web, web_server

BELOW = {"below": {"warn": "80"}, "remind_every": "never", "cooldown": "0s"}
AT_ONCE = Pace(gather=timedelta(0), rest=timedelta(0), first_retry=timedelta(seconds=1))


def until(so: Callable[[], object]) -> None:
    """Wait until it is so; the test's own time limit ends it otherwise."""
    while not so():
        time.sleep(0.01)


@pytest.fixture
def hook() -> Iterator[Web]:
    with web_server() as web:
        yield web


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(f"sqlite:///{tmp_path / 'monitor.sqlite3'}") as store:
        yield store


def plan(folder: Path, *hooks: Web, tables: tuple[dict[str, Any], ...] = (BELOW,), **parts: Any) -> Plan:
    key = folder / "hook.key"
    key.write_text("canary-hook-key-0123456789")
    key.chmod(0o600)
    rules, faults = read_rules(list(tables))
    wanted = [
        {"name": f"hook-{place}", "webhook": web.url, "secret": "file:hook.key"} for place, web in enumerate(hooks)
    ]
    channels, wrong = read_channels(wanted)
    assert not faults
    assert not wrong
    watched = Watched(Account("shop", "acme"), ReadingPace(60))
    return Plan(Settings(), {"shop": watched}, Parts(rules=rules, channels=channels, **parts), folder)


def read(amount: str, at: datetime | None = None) -> Attempt:
    return Attempt(
        "shop", "acme", at or datetime.now(UTC), 0.1, (Figures(Place("shop", "USD"), total=Decimal(amount)),)
    )


def test_a_message_is_delivered_and_a_channel_that_hangs_keeps_no_read_waiting(
    store: Store, tmp_path: Path, hook: Web
) -> None:
    with web_server() as stuck:
        stuck.hangs = True
        desk = Desk(store, plan(tmp_path, stuck, hook), tell=pytest.fail, pace=AT_ONCE)
        desk.take(read("100"))
        desk.take(read("10"))
        until(lambda: stuck.requests and hook.requests)
        for _ in range(20):
            desk.take(read("10"))
        assert len(list(store.attempts("shop"))) == 22
        desk.close()
    assert b"below 80 USD" in hook.requests[0][2]
    assert len(hook.requests) == 1


def test_it_is_not_delivered_before_it_is_kept_and_is_tried_again(store: Store, tmp_path: Path, hook: Web) -> None:
    hook.status = 500
    desk = Desk(store, plan(tmp_path, hook), tell=pytest.fail, pace=AT_ONCE)
    desk.take(read("10"))
    until(lambda: store.notices() and store.notices()[0].last_error)
    assert "status 500" in (store.notices()[0].last_error or "")
    hook.status = 200
    until(lambda: store.notices()[0].sent_at)
    desk.close()


def test_what_a_process_left_in_the_outbox_the_next_one_delivers(store: Store, tmp_path: Path, hook: Web) -> None:
    desk = Desk(store, plan(tmp_path, hook), tell=pytest.fail, pace=Pace(gather=timedelta(hours=1)))
    desk.take(read("10"))
    until(store.notices)  # it waits for others to join it
    desk.close()
    assert hook.requests == []
    desk = Desk(store, plan(tmp_path, hook), tell=pytest.fail, pace=AT_ONCE)
    until(lambda: hook.requests)
    desk.close()


def test_a_new_config_is_followed(store: Store, tmp_path: Path, hook: Web) -> None:
    told: list[str] = []
    desk = Desk(store, plan(tmp_path, tables=()), tell=told.append, pace=AT_ONCE)
    desk.take(read("10"))
    assert store.notices() == []
    desk.follow(plan(tmp_path, hook, tables=(BELOW, {"currency": "EUR", "below": "5"}), database="env:OTHER"))
    assert "monitor.database has changed; the one before is used" in told[0]
    assert "EUR" in told[1]
    desk.take(read("9"))
    until(lambda: hook.requests)
    desk.close()


def test_time_alone_is_judged_and_what_is_old_goes(store: Store, tmp_path: Path) -> None:
    begin = datetime(2026, 6, 1, tzinfo=UTC)
    for minute in range(60):
        with store.begin() as transaction:
            transaction.add(read("100", begin + timedelta(minutes=minute)))
    unread = {"unread_for": "1h", "remind_every": "never"}
    made = plan(tmp_path, tables=(unread,), keep=Keep(raw=timedelta(days=30)))
    desk = Desk(store, made, tell=pytest.fail, chores_every_s=0.01)
    until(lambda: len(list(store.attempts("shop"))) == 2)
    assert store.states().keys() == {"shop"}
    desk.close()


def test_a_database_that_is_away_is_told_of_and_ends_nothing(
    store: Store, tmp_path: Path, hook: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(post, "_REST_S", 0.05)
    told: list[str] = []
    away = threading.Event()

    class Leaving(Store):
        def begin(self) -> Any:
            if away.is_set():
                raise StoreError("the database is away")
            return super().begin()

        def notices_waiting(self, *args: Any) -> Any:
            if away.is_set():
                raise StoreError("the database is away")
            return super().notices_waiting(*args)

        def states(self) -> Any:
            if away.is_set():
                raise StoreError("the database is away")
            return super().states()

    leaving = Leaving(store._engine, store._address)
    desk = Desk(leaving, plan(tmp_path, hook), tell=told.append, pace=AT_ONCE, chores_every_s=0.01)
    away.set()
    attempt = read("10")
    assert desk.take(attempt) == Entered(attempt)
    assert told[0] == (
        "shop: a read cannot be kept now, it waits in memory, and so do all after it: the database is away"
    )
    until(lambda: "the database is away" in told and "nothing can be delivered: the database is away" in told)
    away.clear()
    until(lambda: hook.requests)  # nobody reads again: what waited is told all the same
    assert list(store.attempts("shop")) == [attempt]
    away.set()
    desk.take(read("9"))
    desk.close()
    desk.tell_lost()
    assert told.count("the database is away") == 1
    assert told[-1] == "1 reads were not kept: the database was away to the end"


def test_a_read_that_is_entered_while_the_end_begins_is_not_called_lost(store: Store, tmp_path: Path) -> None:
    told: list[str] = []
    desk = Desk(store, plan(tmp_path), tell=told.append, chores_every_s=3600)
    taken: list[Entered] = []
    with store.begin():  # another writer; the read waits for it
        taking = threading.Thread(target=lambda: taken.append(desk.take(read("10"))))
        taking.start()
        until(lambda: len(desk._backlog))
        desk.close()
        assert told == []
    taking.join(60)
    desk.tell_lost()
    assert (len(taken), told) == (1, [])


def test_a_fault_of_any_kind_ends_neither_delivery_nor_chores(
    store: Store, tmp_path: Path, hook: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(post, "_REST_S", 0.05)
    told: list[str] = []
    broken = threading.Event()
    broken.set()

    class Broken(Store):
        def notices_waiting(self, *args: Any) -> Any:
            if broken.is_set():
                raise LookupError("with a secret in its words")
            return super().notices_waiting(*args)

        def states(self) -> Any:
            if broken.is_set():
                raise LookupError("with a secret in its words")
            return super().states()

    unread = {"unread_for": "1s", "remind_every": "never"}
    desk = Desk(
        Broken(store._engine, store._address),
        plan(tmp_path, hook, tables=(unread,)),
        tell=told.append,
        pace=AT_ONCE,
        chores_every_s=0.01,
    )
    until(lambda: len(told) == 3)
    broken.clear()
    until(lambda: hook.requests)
    desk.close()
    assert told[0] == "warning: unread_for of 1 s: shop is read every 63 s, so it would be told between any two of them"
    assert sorted(text.split(":")[0] for text in told[1:]) == [
        "LookupError at test_desk.py",
        "nothing can be delivered",
    ]
    assert "secret" not in str(told)


def test_nobody_is_told_of_what_was_not_read_while_the_service_was_not_there(store: Store, tmp_path: Path) -> None:
    begin = datetime.now(UTC) - timedelta(days=3)
    made = plan(tmp_path, tables=({"unread_for": "2h"},))
    books = Books(store, clock=lambda: begin, tell=pytest.fail)
    books.enter(read("100", begin))
    desk = Desk(store, made, tell=pytest.fail, chores_every_s=0.01, settle_s=600)
    until(lambda: store.counted())
    for _ in range(20):
        desk.take(read("100"))
        time.sleep(0.01)
    desk.close()
    assert store.notices() == []


def level(store: Store) -> str:
    """How the shop stands by the rules' memory."""
    return State.from_text(store.states()["shop"]).level.word


def test_nor_of_what_was_not_read_while_the_machine_slept(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = datetime.now(UTC)
    asleep, awake, looks = [0.0], [0.0], [0]

    class Counting(Store):
        def states(self) -> Any:
            looks[0] += 1
            return super().states()

    closed = threading.Event()

    def wall() -> float:
        if closed.is_set():  # the lid; between two looks, as a rule
            asleep[0] = 3 * 3600.0
            closed.clear()
        return begin.timestamp() + asleep[0] + awake[0]

    monkeypatch.setattr(
        "coffers_monitor.watching.desk.time",
        SimpleNamespace(time=wall, monotonic=lambda: awake[0]),
    )
    desk = Desk(
        Counting(store._engine, store._address),
        plan(tmp_path, tables=({"unread_for": "2h"},)),
        tell=pytest.fail,
        clock=lambda: begin + timedelta(seconds=asleep[0] + awake[0]),
        chores_every_s=0.01,
        settle_s=30,
    )
    desk.take(read("100", begin))
    awake[0] = 31
    until(lambda: looks[0])
    closed.set()
    until(lambda: not closed.is_set())
    time.sleep(0.1)  # some turns, as a rule
    assert level(store) == "ok"
    awake[0] += 31  # and still nobody has read it
    until(lambda: level(store) == "critical")
    desk.close()
