"""The simulated month through everything but the network: database, rules, letters, delivery; on an injected clock.

An account of each plot, or as many as `COFFERS_TEST_MONTH` says, where somebody waits for all 200.
"""

from __future__ import annotations

import gc
import os
import sys
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from coffers_monitor.notify import Delivery, DeliveryError, Letter, Outgoing, Pace, read_channels
from coffers_monitor.rules import Notice, read_rules
from coffers_monitor.store import Store
from coffers_monitor.watching.books import Books

from .simulated_month import EVERY, PLOTS, RULES, STEPS, Clock, Month

ACCOUNTS = int(os.environ.get("COFFERS_TEST_MONTH", str(len(PLOTS))))
#: A notice is there at the first read that shows it, or at the next one where that one is asked for.
LATEST = 2 * EVERY
#: What may be told besides: an amount that is not told is missing from the answer.
VANISHED = {"untold", "vanishes"}


class Ear:
    """A channel that is down for an hour each day."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.heard: list[str] = []

    def send(self, message: Outgoing, *, within_s: float) -> None:
        if self.clock.now.hour == 3:
            raise DeliveryError("down")
        self.heard.append(message.id)

    def close(self) -> None:
        """Nothing is under way."""


def pages_in_use() -> int:
    """Bytes of memory that this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.timeout(3600)
def test_every_promised_alert_is_told_once_and_none_falsely(tmp_path: Path) -> None:
    month = Month(ACCOUNTS)
    clock = Clock(month.start)
    rules, faults = read_rules(RULES)
    channels, _ = read_channels([{"name": "chat", "apprise": "env:X"}])
    assert not faults
    ear = Ear(clock)
    memory: list[int] = []
    with Store.open(f"sqlite:///{tmp_path / 'month.sqlite3'}") as store:
        books = Books(store, clock=clock, tell=pytest.fail)
        books.follow(rules, channels, {account.name: "acme" for account in month.accounts})
        post = Delivery(store, {"chat": ear}, pace=Pace())
        for day in range(STEPS // 96):
            for attempt in month.attempts(clock, first=day * 96, last=(day + 1) * 96):
                books.enter(attempt)
                if attempt.account == month.accounts[0].name:
                    post.run(clock.now)
            books.pass_time()
            if sys.platform == "linux":
                gc.collect()
                memory.append(pages_in_use())
        clock.now += timedelta(hours=12)
        while post.run(clock.now):
            clock.now += timedelta(hours=1)
        kept = store.notices()
        count = sum(one.times for one in store.counted())
    assert count == STEPS * ACCOUNTS
    assert all(one.sent_at is not None for one in kept)
    assert len(set(ear.heard)) == len(ear.heard)
    notices = [Letter.from_text(one.text).notice for one in kept]
    assert len({notice.id for notice in notices}) == len(notices)
    _as_promised(month, notices)
    if memory:
        assert memory[-1] - memory[len(memory) // 3] < 24_000_000, memory


def _as_promised(month: Month, notices: list[Notice]) -> None:
    """Each promise is kept once and in time, and nothing else was told."""
    begun: dict[tuple[str, str, str], list[datetime]] = {}
    ended: dict[tuple[str, str], list[datetime]] = {}
    for notice in notices:
        if notice.subject == "vanished":
            assert notice.account.rpartition("-")[0] in VANISHED, notice
        elif notice.event in ("alert", "worse"):
            begun.setdefault((notice.account, notice.subject, notice.level.word), []).append(notice.at)
        elif notice.event == "recovery":
            ended.setdefault((notice.account, notice.subject), []).append(notice.at)
        else:
            pytest.fail(f"nobody asked for {notice.event} of {notice.account}")
    promised = {(one.account, one.kind, one.level): one for one in month.promises()}
    overs: dict[tuple[str, str], set[datetime]] = {}
    for one in month.promises():
        if one.over is not None:
            overs.setdefault((one.account, one.kind), set()).add(one.over)
    assert _counted(begun) == Counter(promised.keys())
    assert _counted(ended) == Counter({key: len(times) for key, times in overs.items()})
    for key, (at,) in begun.items():
        assert promised[key].at <= at <= promised[key].at + LATEST, key
    for key, times in ended.items():
        for at, over in zip(sorted(times), sorted(overs[key]), strict=True):
            assert over <= at <= over + LATEST, key


def _counted(found: dict[Any, list[datetime]]) -> Counter[Any]:
    return Counter({key: len(times) for key, times in found.items()})
