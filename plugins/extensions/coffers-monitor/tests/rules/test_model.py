"""Every promised alert is told once an episode and none falsely, whatever comes in whatever order.

The model knows the whole history and works each answer out from its beginning; the machine knows what it kept, which
goes through JSON between any two steps, as if the program were started anew each time.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from coffers_monitor.facts import Attempt
from coffers_monitor.rules import Notice

from .readings import USD, Watched, at, failed, read, row, rules

#: Around every edge: limits 80 and 50, margins to 88 and 55, zero and below.
AMOUNTS = st.sampled_from(["-1", "0", "0.00", "49.99", "50", "54.99", "55", "79.99", "80", "87.99", "88", "1000"])
MINUTES = st.sampled_from([0.01, 1, 5, 14.99, 15, 59, 60, 61, 200, 1440])
UNREAD = timedelta(hours=1)


def level_after(amounts: list[Decimal], confirmations: int) -> int:
    """The level that a history of amounts comes to: 0, 1 or 2."""
    level, marks = 0, list[int]()
    for amount in amounts:
        critical, warn = 55 if level == 2 else 50, 88 if level else 80
        marks.append(2 if amount < critical else 1 if amount < warn else 0)
        last = marks[-confirmations:]
        if len(last) == confirmations:
            if min(last) > level:
                level = min(last)
            elif max(last) < level:
                level = max(last)
    return level


class Account(RuleBasedStateMachine):
    """An account under watch, and what must be told of it."""

    @initialize(confirmations=st.integers(1, 3), cooldown=st.sampled_from(["0s", "15m"]), reminds=st.booleans())
    def begin(self, confirmations: int, cooldown: str, reminds: bool) -> None:
        manner = {"confirmations": confirmations, "cooldown": cooldown, "remind_every": "1h" if reminds else "never"}
        below = {"currency": "USD", "below": {"warn": "80", "critical": "50"}, **manner}
        self.watched = Watched(rules(below, {"unread_for": "1h", "cooldown": cooldown, "remind_every": "never"}))
        self.confirmations = confirmations
        self.cooldown = timedelta(minutes=15 if cooldown == "15m" else 0)
        self.remind_every = timedelta(hours=1) if reminds else None
        self.minutes = 0.0
        self.attempts: list[Attempt] = []
        self.amounts: list[Decimal] = []
        self.in_doubt = False
        self.missing = 0
        self.read_at: datetime = at(0)
        self.told: dict[str, tuple[int, datetime | None]] = {}
        self.ids: set[str] = set()
        self.watched.ticks(0)

    # --- what happens ----------------------------------------------------------------------------------------------

    @rule(minutes=MINUTES, amount=AMOUNTS)
    def reads(self, minutes: float, amount: str) -> None:
        self.minutes += minutes
        value = Decimal(amount)
        had_money = bool(self.amounts) and self.amounts[-1] > 0 and not self.missing
        doubt = value == 0 and had_money and not self.in_doubt
        if not doubt:
            self.amounts.append(value)
            self.missing = 0
        self.in_doubt = doubt
        self.read_at = at(self.minutes)
        self.judges(read(self.minutes, amount))
        assert self.watched.last is not None
        assert (self.watched.last.read_again, self.watched.last.unconfirmed) == (doubt, doubt)

    @rule(minutes=MINUTES, told_nothing=st.booleans())
    def finds_no_amount(self, minutes: float, told_nothing: bool) -> None:
        self.minutes += minutes
        self.missing += bool(self.amounts)
        self.in_doubt = False
        self.read_at = at(self.minutes)
        self.judges(read(self.minutes, *([row(None)] if told_nothing else [])))
        assert self.watched.last is not None
        assert self.watched.last.read_again == (self.missing == 1 and self.amounts[-1] != 0)

    @rule(minutes=MINUTES, kind=st.sampled_from(["auth", "timeout", "bad_response"]))
    def fails(self, minutes: float, kind: str) -> None:
        self.minutes += minutes
        self.judges(failed(self.minutes, kind))

    @rule(minutes=MINUTES)
    def waits(self, minutes: float) -> None:
        self.minutes += minutes
        self.watched.ticks(self.minutes)
        self.checks_notices()

    @rule(back=st.integers(1, 5), minutes=MINUTES)
    def comes_again(self, back: int, minutes: float) -> None:
        if not self.attempts:
            return
        text = self.watched.text
        attempt = self.attempts[-min(back, len(self.attempts))]
        assert self.watched.reads(attempt, now=at(self.minutes + minutes)) == []
        assert self.watched.text == text

    # --- what must be true -----------------------------------------------------------------------------------------

    def judges(self, attempt: Attempt) -> None:
        self.attempts.append(attempt)
        before = self.levels()
        self.watched.reads(attempt)
        assert attempt.rows is not None or self.levels() == before, "a failure is no balance"
        self.checks_notices()

    def levels(self) -> list[int]:
        state = self.watched.state
        kept = () if state is None else state.places.values()
        return [int(alarm.level) for one in kept for alarm in one.alarms.values()]

    def checks_notices(self) -> None:
        assert self.watched.last is not None
        for notice in self.watched.last.notices:
            assert notice.id not in self.ids, "told twice"
            self.ids.add(notice.id)
            before, _ = self.told.get(notice.subject, (0, None))
            self.checks_notice(notice, before)
            self.told[notice.subject] = (int(notice.level), at(self.minutes))

    def checks_notice(self, notice: Notice, before: int) -> None:
        level = int(notice.level)
        assert (int(notice.before), notice.at) == (before, at(self.minutes))
        assert notice.since <= notice.at
        assert level == self.wanted(notice.subject), "told falsely"
        events = {
            "alert": before == 0 < level,
            "worse": 0 < before < level,
            "better": 0 < level < before,
            "recovery": level == 0 < before,
            "reminder": 0 < level == before,
        }
        assert events[notice.event]
        if notice.subject == "below":
            assert notice.amount == self.amounts[-1]
            assert notice.place == USD

    def wanted(self, subject: str) -> int:
        """The level that the history comes to."""
        if subject == "below":
            return level_after(self.amounts, self.confirmations)
        if subject == "unread_for":
            return 2 if at(self.minutes) - self.read_at >= UNREAD else 0
        assert subject == "vanished"
        return 1 if self.missing >= 2 and self.amounts[-1] != 0 else 0

    @invariant()
    def nothing_due_is_untold(self) -> None:
        """What should be known is told, or waits for its cooldown."""
        now = at(self.minutes)
        for subject in ("below", "unread_for", "vanished"):
            wanted = self.wanted(subject)
            told, told_at = self.told.get(subject, (0, None))
            cooldown = timedelta(minutes=15) if subject == "vanished" else self.cooldown
            cooling = told_at is not None and now - told_at < cooldown
            may_wait = cooling and (told == 0 or 0 < wanted < told)
            assert told == wanted or may_wait, subject
            if subject == "below" and told and told == wanted and self.remind_every is not None:
                assert told_at is not None
                assert now - told_at < self.remind_every, "a reminder is missing"

    @invariant()
    def little_is_kept(self) -> None:
        state = self.watched.state
        assert state is not None
        assert len(self.watched.text or "") < 2000
        alarms = [*state.alarms.values(), *(alarm for kept in state.places.values() for alarm in kept.alarms.values())]
        assert len(alarms) <= 3


Account.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestAccount = Account.TestCase
