"""Reads that the database cannot take wait for it: kept in the end, in their order, each once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import attrs
import pytest

from coffers_monitor.facts import Attempt, Figures, Place
from coffers_monitor.rules import read_rules
from coffers_monitor.store import Store, StoreError
from coffers_monitor.watching.backlog import Backlog
from coffers_monitor.watching.books import Books, Entered

START = datetime(2026, 11, 1, tzinfo=UTC)
USD = Place("shop", "USD")


def read(minute: int, amount: str = "100") -> Attempt:
    return Attempt("shop", "acme", START + timedelta(minutes=minute), 0.1, (Figures(USD, total=Decimal(amount)),))


@attrs.define
class Shelf:
    """Takes reads, unless it is away, cannot take that one, or is broken."""

    fault: Exception | None = None
    bad: Attempt | None = None
    taken: list[tuple[Attempt, bool]] = attrs.field(factory=list[tuple[Attempt, bool]])
    tried: int = 0
    told: list[str] = attrs.field(factory=list[str])
    now: float = 0.0

    def enter(self, attempt: Attempt, *, again: bool) -> Entered:
        self.tried += 1
        if self.fault is not None and self.bad in (None, attempt):
            raise self.fault
        self.taken.append((attempt, again))
        return Entered(attempt, timedelta(seconds=attempt.at.minute))

    def backlog(self, at_most: int = 100) -> Backlog:
        return Backlog(self.enter, tell=self.told.append, at_most=at_most, clock=lambda: self.now)


AWAY = StoreError("db is away")


def test_what_waits_is_kept_before_what_comes() -> None:
    shelf = Shelf()
    backlog = shelf.backlog()
    assert backlog.take(read(0)) == Entered(read(0), timedelta(0))
    shelf.fault = AWAY
    assert backlog.take(read(1)) == Entered(read(1))
    assert backlog.take(read(2)) == Entered(read(2))
    assert (shelf.tried, len(backlog)) == (2, 2)  # a database that is away is not asked at every read
    shelf.fault = None
    assert backlog.take(read(3)) == Entered(read(3))
    shelf.now = 6.0
    assert backlog.take(read(4)) == Entered(read(4), timedelta(seconds=4))
    assert shelf.taken == [(read(0), False), *((read(minute), True) for minute in (1, 2, 3, 4))]
    backlog.take(read(5))
    assert shelf.taken[-1] == (read(5), False)
    assert shelf.told == [
        "shop: a read cannot be kept now, it waits in memory, and so do all after it: db is away",
        "the database is back: 4 reads that waited for it are kept",
    ]


def test_it_is_tried_again_without_a_further_read() -> None:
    shelf = Shelf(fault=AWAY)
    backlog = shelf.backlog()
    backlog.take(read(1))
    shelf.now = 6.0
    backlog.retry()
    shelf.now, shelf.fault = 12.0, None
    backlog.retry()
    assert (len(backlog), len(shelf.taken), len(shelf.told)) == (0, 1, 2)
    backlog.retry()
    assert len(shelf.told) == 2


def test_no_more_wait_than_there_is_room_for() -> None:
    shelf = Shelf(fault=AWAY)
    backlog = shelf.backlog(at_most=3)
    for minute in range(10):
        backlog.take(read(minute))
    shelf.now, shelf.fault = 6.0, None
    backlog.retry()
    assert [attempt for attempt, _ in shelf.taken] == [read(7), read(8), read(9)]
    assert shelf.told[1:] == [
        "more than 3 reads wait for the database: the oldest are dropped, first shop of 2026-11-01T00:00:00Z",
        "the database is back: 3 reads that waited for it are kept; 7 were dropped",
    ]


@pytest.mark.parametrize("fault", [StoreError("no such number", refused=True), ValueError("a naive time")])
def test_what_can_never_be_kept_keeps_nothing_from_being_kept(fault: Exception) -> None:
    shelf = Shelf(fault=AWAY)
    backlog = shelf.backlog()
    for minute in range(3):
        backlog.take(read(minute))
    shelf.now, shelf.fault, shelf.bad = 6.0, fault, read(1)
    if isinstance(fault, ValueError):
        with pytest.raises(ValueError, match="naive"):
            backlog.retry()
    backlog.retry()
    assert [attempt for attempt, _ in shelf.taken] == [read(0), read(2)]
    assert len(backlog) == 0


def test_an_answer_that_was_lost_has_nothing_kept_or_told_twice(tmp_path: Path) -> None:
    """The database committed, and went away before it could say so."""
    rules, _ = read_rules([{"below": "50", "confirmations": 2}])
    with Store.open(f"sqlite:///{tmp_path / 'monitor.sqlite3'}") as store:
        books = Books(store, clock=lambda: START + timedelta(minutes=5), tell=pytest.fail)
        books.follow(rules, (), {"shop": "acme"})
        lost = True

        def enter(attempt: Attempt, *, again: bool) -> Entered:
            entered = books.enter(attempt, again=again)
            if lost:
                raise StoreError("the answer was lost")
            return entered

        now = 0.0
        backlog = Backlog(enter, tell=lambda _: None, clock=lambda: now)
        backlog.take(read(1, "10"))
        now, lost = 6.0, False
        states = store.states()
        backlog.retry()
        assert list(store.attempts("shop")) == [read(1, "10")]
        assert [one.times for one in store.counted()] == [1]
        assert store.states() == states
        backlog.take(read(2, "10"))
        assert len(list(store.attempts("shop"))) == 2
