"""The simulated month through everything but the network: database, rules, letters, delivery; on an injected clock.

Two hundred accounts; where somebody waits for it, as many as `COFFERS_TEST_MONTH` says, each of them read each quarter
of an hour. What a service does by its own clock and threads is done by hand here, on the same conditions: an answer in
doubt is asked for again, `Retry-After` is obeyed, an account whose key was refused twice is left alone until somebody
has seen to it, time alone is looked at (each hour), and the service stops, and is killed with letters in hand.
"""

from __future__ import annotations

import gc
import heapq
import json
import os
import sys
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from coffers_monitor.notify import Delivery, DeliveryError, Letter, Outgoing, read_channels
from coffers_monitor.notify import Pace as Patience
from coffers_monitor.rules import Notice, read_rules
from coffers_monitor.store import DueNotice, Store
from coffers_monitor.watching.books import Books
from coffers_monitor.watching.pace import Course, Pace

from .simulated_month import ERRORS, EVERY, QUARTERS, START, Account, Clock, Month

MANY: Final = os.environ.get("COFFERS_TEST_MONTH")
DAY: Final = 96
#: The quarters in which the service ends and begins again, and whether it is killed: then in the first quarter from
#: that one on in which there are letters to deliver. From the last but one to the last it runs for two weeks and more.
ENDS: Final = (
    (6 * DAY + 40, False),
    (7 * DAY + 60, True),
    (9 * DAY + 7, False),
    (11 * DAY, True),
    (28 * DAY + 50, False),
)
#: A channel that is down for an hour each day has a letter after that hour, or at the next but one look at the outbox.
DELIVERED_WITHIN: Final = timedelta(hours=2)
#: What a week or two may add to the memory of a service that reads tens of thousands of times meanwhile: far less than
#: one block, or a kilobyte, for each read.
MORE_BLOCKS: Final = 10_000
MORE_BYTES: Final = 16_000_000


#: Reads to be made once more: when, of which account's number, of which quarter, and how much later than that one.
Soon = list[tuple[datetime, int, int, timedelta]]


class Ear:
    """A channel that is down for an hour each day."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.heard = Counter[str]()

    def send(self, message: Outgoing, *, within_s: float) -> None:
        if self.clock.now.hour == 3:
            raise DeliveryError("down")
        self.heard.update(notice["id"] for notice in json.loads(message.document)["notices"])

    def close(self) -> None:
        """Nothing is under way."""


class Service:
    """What runs between a start and its end; of what it knows only the database is left then."""

    def __init__(self, url: str, month: Month, clock: Clock, ear: Ear, tally: Counter[str]) -> None:
        self.clock = clock
        self.tally = tally
        self.store = Store.open(url)
        rules, faults = read_rules(month.rules())
        channels, wrong = read_channels([{"name": "chat", "apprise": "env:X"}])
        assert not faults
        assert not wrong
        self.books = Books(self.store, clock=clock, tell=pytest.fail)
        self.books.follow(rules, channels, {account.name: "acme" for account in month.accounts})
        self.post: Delivery[DueNotice] = Delivery(self.store, {"chat": ear}, pace=Patience())
        self.courses: dict[int, Course] = {}

    def read(self, account: Account, quarter: int, later: timedelta = timedelta(0)) -> timedelta | None:
        """Read an account, unless it is left alone; how long after that read it is to be read again at once."""
        attempt = account.attempt(quarter, later)
        course = self.courses.get(account.number, Course())
        if course.paused:
            if attempt.error == "auth":
                return None
            course = Course()  # somebody has replaced the key, and says so
        self.clock.now = attempt.at
        again = self.books.enter(attempt).again
        course = self.courses[account.number] = course.after(attempt, Pace(account.every * EVERY.total_seconds()))
        self.tally["read"] += 1
        self.tally["paused"] += course.paused
        return again if course.wait_s is None else timedelta(seconds=course.wait_s)

    def end(self, *, killed: bool) -> bool:
        """End it, or kill it with letters in hand; False where it cannot be killed because there are none."""
        if not killed:
            self.post.close()
        elif not self.store.notices_due(self.clock.now, lease=Patience().lease):
            return False
        self.store.close()
        return True


@pytest.mark.timeout(3600)
def test_every_promised_alert_is_told_once_and_none_falsely(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'month.sqlite3'}"
    month = Month(int(MANY), often=True) if MANY else Month()
    clock, tally = Clock(START), Counter[str]()
    ear = Ear(clock)
    service = Service(url, month, clock, ear, tally)
    ends, soon, held = list(ENDS), Soon(), list[tuple[int, int]]()
    for quarter in range(QUARTERS):
        read_all(service, month, quarter, soon)
        clock.now = START + (quarter + 1) * EVERY
        if ends and quarter >= ends[0][0] and service.end(killed=ends[0][1]):
            ends.pop(0)
            service = Service(url, month, clock, ear, tally)
        service.post.run(clock.now)
        if quarter % 4 == 3:
            service.books.pass_time()
        if quarter % DAY == DAY - 1:
            held.append(memory())
    assert ends == []
    while clock.now < START + QUARTERS * EVERY + DELIVERED_WITHIN:
        clock.now += EVERY
        service.post.run(clock.now)
    kept = service.store.notices()
    counted = service.store.counted()
    assert service.end(killed=False)

    notices = [Letter.from_text(one.text).notice for one in kept]
    as_promised(month, notices)
    assert sum(one.times for one in counted) == tally["read"]
    assert {one.outcome for one in counted} == {"ok", "auth", "rate_limited", *ERRORS}
    assert tally["paused"] >= sum(account.plot == "refused" for account in month.accounts)
    assert ear.heard == Counter(notice.id for notice in notices)
    assert ear.heard.total() == len(ear.heard)
    assert all(one.sent_at is not None and one.sent_at - one.at <= DELIVERED_WITHIN for one in kept)
    blocks, size = zip(*held, strict=True)
    for before, after in ((7, 28), (14, 28)):
        assert blocks[after - 1] - blocks[before - 1] < MORE_BLOCKS, blocks
        assert size[after - 1] - size[before - 1] < MORE_BYTES, size


def read_all(service: Service, month: Month, quarter: int, soon: Soon) -> None:
    """Read what is due in a quarter of an hour, and in between what is to be read once more."""
    end = START + (quarter + 1) * EVERY
    for account in (*month.due(quarter), None):
        now = end if account is None else account.at(quarter)
        while soon and soon[0][0] <= now:
            _, number, of, later = heapq.heappop(soon)
            assert service.read(month.numbered[number], of, later) is None  # it is as it is: nobody asks a third time
        if account is not None and (again := service.read(account, quarter)) is not None:
            heapq.heappush(soon, (now + again, account.number, quarter, again))


def as_promised(month: Month, notices: list[Notice]) -> None:
    """Each promise is kept once and in time, its end is told once and in time, and nothing else was told."""
    begun: dict[tuple[str, str, str], list[datetime]] = {}
    ended: dict[tuple[str, str], list[datetime]] = {}
    for notice in notices:
        if notice.event in ("alert", "worse"):
            begun.setdefault((notice.account, notice.subject, notice.level.word), []).append(notice.at)
        elif notice.event == "recovery":
            ended.setdefault((notice.account, notice.subject), []).append(notice.at)
        else:
            pytest.fail(f"nobody asked for {notice.event} of {notice.account}")
    promised = {(one.account, one.kind, one.level): one for one in month.promises()}
    overs = {(one.account, one.kind): one.over for one in month.promises() if one.over is not None}
    assert {key: len(times) for key, times in begun.items()} == dict.fromkeys(promised, 1)
    assert {key: len(times) for key, times in ended.items()} == dict.fromkeys(overs, 1)
    for key, (at,) in begun.items():
        assert promised[key].at - promised[key].early <= at <= promised[key].at + promised[key].late, key
    for ended_key, (at,) in ended.items():
        assert overs[ended_key] <= at <= overs[ended_key] + timedelta(minutes=1), ended_key


def memory() -> tuple[int, int]:
    """Blocks that Python holds, and bytes that the process does (0 where nobody tells)."""
    gc.collect()
    held = 0
    if sys.platform == "linux":
        held = int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return sys.getallocatedblocks(), held
