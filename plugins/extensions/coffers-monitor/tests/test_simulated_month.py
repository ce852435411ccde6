"""The simulated month keeps its promises: they follow from its plan, and here they are found again in its reads."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest

from coffers_monitor.facts import Attempt, Place

from .simulated_month import EVERY, PLOTS, STEPS, Account, Clock, Month, Promise

MONTH = Month()
#: Two of each plot: with a reserve and without.
SOME = sorted(MONTH.accounts, key=lambda account: account.number)[: 2 * len(PLOTS)]
ALL_DAY = timedelta(hours=6)


def below(account: Account, amounts: list[tuple[Attempt, Decimal]]) -> Iterator[Promise]:
    """Episodes under a limit; they end a tenth above it. One read under 0 that the next one belies is none."""
    for level, limit in (("warn", Decimal(80)), ("critical", Decimal(50))):
        begun: Attempt | None = None
        for (attempt, amount), (_, after) in zip(amounts, [*amounts[1:], amounts[-1]], strict=True):
            if begun is None and amount < limit and after < limit * 11 / 10:
                begun = attempt
            elif begun is not None and amount >= limit * 11 / 10:
                yield Promise(account.name, "below", level, begun.at, attempt.at)
                begun = None
        if begun is not None:
            yield Promise(account.name, "below", level, begun.at)


def drops(account: Account, amounts: list[tuple[Attempt, Decimal]]) -> Iterator[Promise]:
    """Episodes in which an amount is 30 % under the highest of the last six hours, and stays so for a read."""
    window: deque[tuple[Attempt, Decimal]] = deque()
    begun: Attempt | None = None
    for (attempt, amount), (_, after) in zip(amounts, [*amounts[1:], amounts[-1]], strict=True):
        window.append((attempt, amount))
        while attempt.at - window[0][0].at > ALL_DAY:
            window.popleft()
        highest = max(one for _, one in window)
        fell = highest > 0 and amount <= highest * 7 / 10
        if begun is None and fell and after <= highest * 7 / 10:
            begun = attempt
        elif begun is not None and not fell:
            yield Promise(account.name, "drops_by", "critical", begun.at, attempt.at)
            begun = None


def unread(account: Account, attempts: list[Attempt]) -> Iterator[Promise]:
    last: Attempt | None = None
    for attempt in attempts:
        if attempt.rows is not None:
            if last is not None and attempt.at - last.at > ALL_DAY:
                yield Promise(account.name, "unread_for", "warn", last.at + ALL_DAY, attempt.at)
            last = attempt


def expiring(account: Account, attempts: list[Attempt]) -> Iterator[Promise]:
    for level, days in (("warn", 7), ("critical", 2)):
        begun = None
        for attempt in attempts:
            expires_at = attempt.rows[0].expires_at if attempt.rows else None
            if expires_at is None:
                continue
            due = expires_at - timedelta(days=days)
            if begun is None and attempt.at >= due:
                begun = due
            elif begun is not None and attempt.at < due:
                yield Promise(account.name, "expires_within", level, begun, attempt.at)
                begun = None


@pytest.mark.parametrize("account", SOME, ids=lambda account: account.name)
def test_what_is_promised_is_what_the_reads_show(account: Account) -> None:
    attempts = [account.attempt(step) for step in range(STEPS)]
    amounts = [
        (attempt, row.spendable)
        for attempt in attempts
        for row in attempt.rows or ()
        if row.place == Place(account.name, "USD") and row.spendable is not None
    ]
    found = [
        *below(account, amounts),
        *drops(account, amounts),
        *unread(account, attempts),
        *expiring(account, attempts),
    ]
    promised = [promise for promise in MONTH.promises() if promise.account == account.name]
    # An alarm of the worse level is over when it is told that all is well, and that is when warn is over.
    for kind in ("below", "drops_by", "unread_for", "expires_within"):
        ours = {(one.level, one.at): one.over for one in promised if one.kind == kind}
        theirs = {(one.level, one.at): one.over for one in found if one.kind == kind}
        if account.plot == "emptied" and kind == "below":  # it is under both at once, and the worse is told
            theirs = {key: over for key, over in theirs.items() if key[0] == "critical"}
        assert ours == theirs


def test_reads_come_in_the_order_of_time_and_the_clock_with_them() -> None:
    clock = Clock(MONTH.start)
    before = MONTH.start - EVERY
    count = 0
    for attempt in MONTH.attempts(clock, first=10, last=13):
        assert attempt.at > before
        assert clock() == attempt.at < MONTH.end
        before, count = attempt.at, count + 1
    assert count == 3 * 200


def test_the_same_seed_is_the_same_month() -> None:
    ours, theirs, other = (list(month.attempts(first=1000, last=1002)) for month in (MONTH, Month(), Month(seed=2)))
    assert ours == theirs != other
    assert MONTH.promises() == Month().promises() != Month(seed=2).promises()


def test_every_plot_is_there_and_every_kind_of_alert_is_promised() -> None:
    assert {account.plot for account in MONTH.accounts} == set(PLOTS)
    assert {promise.kind for promise in MONTH.promises()} == {"below", "drops_by", "unread_for", "expires_within"}
    assert all(promise.over is None or promise.at < promise.over < MONTH.end for promise in MONTH.promises())
