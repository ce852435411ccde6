"""The simulated month keeps its promises: they follow from its plan, and here they are found again in its reads."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from coffers_monitor.facts import Attempt, Place

from .simulated_month import EVERY, PLOTS, QUARTERS, START, Account, Month, Promise

MONTH = Month()
KINDS = ("below", "drops_by", "runway_below", "unread_for", "expires_within", "vanished")


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
    """Episodes in which an amount is 30 % under the highest of some hours, and stays so for a read."""
    window: deque[tuple[Attempt, Decimal]] = deque()
    begun: Attempt | None = None
    for (attempt, amount), (_, after) in zip(amounts, [*amounts[1:], amounts[-1]], strict=True):
        window.append((attempt, amount))
        while attempt.at - window[0][0].at > account.window * EVERY:
            window.popleft()
        highest = max(one for _, one in window)
        fell = highest > 0 and amount <= highest * 7 / 10
        if begun is None and fell and after <= highest * 7 / 10:
            begun = attempt
        elif begun is not None and not fell:
            yield Promise(account.name, "drops_by", "critical", begun.at, attempt.at)
            begun = None


def lasting(account: Account, amounts: list[tuple[Attempt, Decimal]]) -> Iterator[Promise]:
    """Episodes in which what is left is gone in so many days, at the pace between two reads."""
    for level, days in (("warn", 5), ("critical", 2)):
        begun: Attempt | None = None
        for (_, before), (attempt, amount) in pairwise(amounts):
            needed = (before - amount) * days * (timedelta(days=1) // (account.every * EVERY))
            if begun is None and amount < needed:
                begun = attempt
            elif begun is not None and amount >= needed * 11 / 10:
                yield Promise(account.name, "runway_below", level, begun.at, attempt.at)
                begun = None


def missing(account: Account, attempts: list[Attempt]) -> Iterator[Promise]:
    """Episodes in which two answers or more tell no amount; what one alone does not is there when asked for again."""
    begun: Attempt | None = None
    for attempt, after in pairwise(attempts):
        told, told_after = (any(row.spendable for row in one.rows or ()) for one in (attempt, after))
        if begun is None and not told and not told_after:
            begun = attempt
        elif begun is not None and told:
            yield Promise(account.name, "vanished", "warn", begun.at, attempt.at)
            begun = None


def unread(account: Account, attempts: list[Attempt]) -> Iterator[Promise]:
    last: Attempt | None = None
    for attempt in attempts:
        if attempt.rows is not None:
            if last is not None and attempt.at - last.at > account.patience:
                yield Promise(account.name, "unread_for", "warn", last.at + account.patience, attempt.at)
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


@pytest.mark.parametrize("plot", PLOTS)
def test_what_is_promised_is_what_the_reads_show(plot: str) -> None:
    for account in MONTH.accounts:
        if account.plot == plot:
            _shows_what_is_promised(account)


def _shows_what_is_promised(account: Account) -> None:
    attempts = [account.attempt(quarter) for quarter in range(QUARTERS) if account.is_due(quarter)]
    amounts = [
        (attempt, row.spendable)
        for attempt in attempts
        for row in attempt.rows or ()
        if row.place == Place(account.name, "USD") and row.spendable is not None
    ]
    found = [
        *below(account, amounts),
        *drops(account, amounts),
        *(lasting(account, amounts) if account.plot == "dwindles" else ()),
        *(missing(account, attempts) if account.plot in ("gone", "untold", "vanishes") else ()),
        *unread(account, attempts),
        *expiring(account, attempts),
    ]
    promised = [promise for promise in MONTH.promises() if promise.account == account.name]
    # An alarm of the worse level is over when it is told that all is well, and that is when warn is over.
    for kind in KINDS:
        ours = {(one.level, one.at): one.over for one in promised if one.kind == kind}
        theirs = {(one.level, one.at): one.over for one in found if one.kind == kind}
        if account.plot == "emptied" and kind == "below":  # it is under both at once, and the worse is told
            theirs = {key: over for key, over in theirs.items() if key[0] == "critical"}
        assert ours == theirs, account


def test_reads_come_in_the_order_of_time_each_account_at_its_own_pace() -> None:
    times = [account.at(quarter) for quarter in range(960, 1056) for account in MONTH.due(quarter)]
    assert times == sorted(set(times))
    assert times[0] >= START + 960 * EVERY
    assert times[-1] < START + 1056 * EVERY
    assert len(times) == sum(96 // account.every for account in MONTH.accounts)
    assert {account.every for account in MONTH.accounts} == {1, 4, 24}
    assert {account.every for account in Month(often=True).accounts} == {1}


def test_the_same_seed_is_the_same_month() -> None:
    months = (MONTH, Month(), Month(seed=2))
    ours, theirs, other = ([one.attempt(1000) for one in month.due(1000)] for month in months)
    assert ours == theirs != other
    assert MONTH.promises() == Month().promises() != Month(seed=2).promises()


def test_what_passes_is_over_when_it_is_asked_for_again_and_what_is_so_is_not() -> None:
    for account in MONTH.accounts:
        for quarter in (account.first, account.second, account.third):
            found, again = account.attempt(quarter), account.attempt(quarter, timedelta(seconds=15))
            assert again.at - found.at == timedelta(seconds=15)
            same = found.rows == again.rows
            if account.plot in ("false_zero", "vanishes"):
                assert not same
            elif account.plot != "limited":
                assert same


def test_every_plot_is_there_in_every_rhythm_and_every_kind_of_alert_is_promised() -> None:
    assert len(MONTH.accounts) == 200
    rhythms = {(account.plot, account.every) for account in MONTH.accounts}
    assert rhythms == {(plot, every) for plot in PLOTS for every in (1, 4, 24) if plot != "dwindles" or every == 24}
    assert {promise.kind for promise in MONTH.promises()} == set(KINDS)
    end = START + QUARTERS * EVERY
    assert all(promise.over is None or promise.at < promise.over < end for promise in MONTH.promises())
