"""A month of 200 accounts, simulated: every finished read in the order of time, with faults, and what is true of it.

    month = Month()
    clock = Clock(month.start)
    for attempt in month.attempts(clock):  # 576,000 of them; the clock stands at each in turn
        ...
    assert told == month.promises()        # what should have been told under RULES, and when

Nothing is drawn by chance while it runs, nothing is kept: a read follows from its account and its number alone, so two
months of one seed are the same, any part can be had without the rest, and what a listener keeps is its own memory.

An account has one plot, and every plot has its accounts, a sixteenth of them or so:

- `calm`: spends, and is topped up in time. `idle`: never changes.
- `low`: falls under warn, then under critical, then is topped up, and never comes near again.
- `hovers`: falls under warn and stays about it, never as far up as a margin of a tenth.
- `exact`: falls to the limit of warn, to the cent, and stays there: that is not below.
- `emptied`: is at 0 from one read to the next, truly, for a day.
- `drops`: two fifths go at once; what is left is well.
- `false_zero`: three times a single read says 0, and the next one as before.
- `vanishes`: three times a single read shows no row at all.
- `untold`: for four hours no amount is told, only what is pending. No rule is broken; who tells of rows that are gone
  may tell of this one.
- `blips`: one or two reads in forty fail. `outage`: none succeeds for a day. `refused`: the same for a bad key.
- `limited`: each second read fails for a day, with a time to wait.
- `overdrawn`: falls under both limits, then below 0 at once, and is never topped up.
- `expires`: credit that is lost some time; it is renewed the day before.

Runways are not among the promises: how far off these are is what the backtest measures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any, Final

import attrs

from coffers_monitor.facts import Attempt, Figures, Place

__all__ = ["EVERY", "PLOTS", "RULES", "START", "STEPS", "Account", "Clock", "Month", "Promise"]

START: Final = datetime(2026, 3, 2, tzinfo=UTC)
EVERY: Final = timedelta(minutes=15)
_DAY: Final = 96
STEPS: Final = 30 * _DAY

#: `[[monitor.rules]]` as TOML gives it; what is promised is promised under these.
RULES: Final[list[dict[str, Any]]] = [
    {"currency": "USD", "below": {"warn": "80", "critical": "50"}, "remind_every": "never"},
    {"currency": "USD", "drops_by": {"percent": {"critical": "30"}, "within": "6h"}, "remind_every": "never"},
    {"unread_for": {"warn": "6h"}, "remind_every": "never"},
    {"currency": "USD", "expires_within": {"warn": "7d", "critical": "2d"}, "remind_every": "never"},
]
#: Six hours.
_WINDOW: Final = 6 * 4
_ERRORS: Final = ("timeout", "network", "unavailable", "bad_response")


@attrs.define
class Clock:
    """A clock that stands until somebody moves it; call it for the time."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now


@attrs.frozen(order=True)
class Promise:
    """What must be told once.

    Attributes:
        account: whose.
        kind: of the rule.
        level: "warn" or "critical".
        at: the first read that shows it; for what time alone brings (`unread_for`, `expires_within`) that time. Nothing
            may be told before; told it must be by the next read, or by the one after where a reading is confirmed.
        over: the first read that shows its end; None where the month ends first.
    """

    account: str
    kind: str
    level: str
    at: datetime
    over: datetime | None = None


@attrs.frozen
class Account:
    """One account: everything about it follows from these.

    Attributes:
        name: `PLOT-NUMBER`.
        plot: which of `PLOTS`.
        number: from 0.
        first, second, third: the steps at which its plot takes a turn, in order.
        offset: how long after the beginning of a step it is read.
    """

    name: str
    plot: str
    number: int
    first: int
    second: int
    third: int
    offset: timedelta

    def at(self, step: int) -> datetime:
        """When it is read for the so-manieth time, from 0."""
        return START + step * EVERY + self.offset

    def attempt(self, step: int) -> Attempt:
        """That read."""
        found = PLOTS[self.plot](self, step)
        at, elapsed_s = self.at(step), 0.05 + (step * 7 + self.number) % 40 / 100
        if isinstance(found, str):
            wait = 60.0 if found == "rate_limited" else None
            return Attempt(self.name, "acme", at, elapsed_s, None, error=found, message="made up", retry_after_s=wait)
        rows = (found,)
        if found is None:
            rows = ()
        elif self.number % 3 == 0:  # some hold a currency that they never use
            rows = (found, Figures(Place(self.name, "EUR"), total=Decimal("0.00")))
        return Attempt(self.name, "acme", at, elapsed_s, rows)

    @property
    def reserves(self) -> bool:
        """Whether something is always held back, and told."""
        return self.number // len(PLOTS) % 2 == 1

    def dollars(self, cents: int) -> Figures:
        """Its row; where a reserve is told, too, what is available is what counts."""
        amount = Decimal(cents).scaleb(-2)
        place = Place(self.name, "USD")
        if self.reserves:
            return Figures(place, total=amount + 500, available=amount, reserved=Decimal("500.00"))
        return Figures(place, total=amount)


#: A row, None for no row at all, or the kind of an error.
Found = Figures | str | None


def _calm_cents(step: int) -> int:
    """Between 400.00 and 198.61, 20 a day, with a top-up every ten days."""
    return 40_000 - step % (10 * _DAY) * 21


def _calm(account: Account, step: int) -> Found:
    return account.dollars(_calm_cents(step + account.number))


def _idle(account: Account, step: int) -> Found:
    return account.dollars(25_000)


def _falling_cents(account: Account, step: int) -> int:
    """79.99 at the first turn, 49.99 at the second, and on at the same pace."""
    if step <= account.first:
        return 7_999 + (account.first - step) * 12
    return 7_999 - 3_000 * (step - account.first) // (account.second - account.first)


def _low(account: Account, step: int) -> Found:
    return account.dollars(50_000 - step if step >= account.third else _falling_cents(account, step))


def _overdrawn(account: Account, step: int) -> Found:
    if step >= account.third:
        return account.dollars(-1_000)
    return account.dollars(max(_falling_cents(account, step), 4_000))


def _hovers(account: Account, step: int) -> Found:
    if step <= account.first:
        return account.dollars(_falling_cents(account, step))
    return account.dollars((7_950, 8_100, 8_000, 7_999, 8_799)[step % 5])


def _exact(account: Account, step: int) -> Found:
    return account.dollars(max(_falling_cents(account, step), 8_000))


def _emptied(account: Account, step: int) -> Found:
    if account.first <= step < account.first + _DAY:
        return account.dollars(0) if account.reserves else _nothing(account)
    return account.dollars(30_000)


def _nothing(account: Account) -> Figures:
    """0 of everything."""
    zero = Decimal("0.00")
    return Figures(Place(account.name, "USD"), total=zero, available=zero, reserved=zero)


def _drops(account: Account, step: int) -> Found:
    return account.dollars(40_000 if step < account.first else 24_000)


def _false_zero(account: Account, step: int) -> Found:
    if step in (account.first, account.second, account.third):
        return _nothing(account)
    return account.dollars(_calm_cents(step))


def _vanishes(account: Account, step: int) -> Found:
    return None if step in (account.first, account.second, account.third) else account.dollars(_calm_cents(step))


def _untold(account: Account, step: int) -> Found:
    if account.first <= step < account.first + 16:
        return Figures(Place(account.name, "USD"), pending=Decimal("3.50"))
    return account.dollars(_calm_cents(step))


def _blips(account: Account, step: int) -> Found:
    if (step + account.number) % 40 in (5, 6) and step % 3:
        return _ERRORS[step % len(_ERRORS)]
    return account.dollars(_calm_cents(step))


def _outage(account: Account, step: int) -> Found:
    failed = account.first <= step < account.first + _DAY
    return _ERRORS[account.number % len(_ERRORS)] if failed else account.dollars(_calm_cents(step))


def _refused(account: Account, step: int) -> Found:
    return "auth" if account.first <= step < account.first + _DAY else account.dollars(_calm_cents(step))


def _limited(account: Account, step: int) -> Found:
    if account.first <= step < account.first + _DAY and step % 2:
        return "rate_limited"
    return account.dollars(_calm_cents(step))


def _expires(account: Account, step: int) -> Found:
    row = account.dollars(_calm_cents(step))
    return attrs.evolve(row, expires_at=account.at(account.third) + timedelta(days=1 if step < account.third else 90))


PLOTS: Final[dict[str, Callable[[Account, int], Found]]] = {
    "calm": _calm,
    "idle": _idle,
    "low": _low,
    "hovers": _hovers,
    "exact": _exact,
    "emptied": _emptied,
    "drops": _drops,
    "false_zero": _false_zero,
    "vanishes": _vanishes,
    "untold": _untold,
    "blips": _blips,
    "outage": _outage,
    "refused": _refused,
    "limited": _limited,
    "overdrawn": _overdrawn,
    "expires": _expires,
}


def promises(account: Account) -> Iterator[Promise]:
    """What must be told of one account, from its plan."""
    at, name = account.at, account.name
    first, second, third = account.first, account.second, account.third
    match account.plot:
        case "low":
            yield Promise(name, "below", "warn", at(first), at(third))
            yield Promise(name, "below", "critical", at(second), at(third))
        case "overdrawn":
            yield Promise(name, "below", "warn", at(first))
            yield Promise(name, "below", "critical", at(second))
            yield Promise(name, "drops_by", "critical", at(third), at(third + _WINDOW))
        case "hovers":
            yield Promise(name, "below", "warn", at(first))
        case "emptied":
            yield Promise(name, "below", "critical", at(first), at(first + _DAY))
            yield Promise(name, "drops_by", "critical", at(first), at(first + _WINDOW))
        case "drops":
            yield Promise(name, "drops_by", "critical", at(first), at(first + _WINDOW))
        case "outage" | "refused":
            yield Promise(name, "unread_for", "warn", at(first - 1 + _WINDOW), at(first + _DAY))
        case "expires":
            expires_at = at(third) + timedelta(days=1)
            yield Promise(name, "expires_within", "warn", expires_at - timedelta(days=7), at(third))
            yield Promise(name, "expires_within", "critical", expires_at - timedelta(days=2), at(third))
        case _:
            pass


class Month:
    """The accounts, their reads and what is promised of them.

    Args:
        accounts: how many.
        seed: which month.
    """

    def __init__(self, accounts: int = 200, seed: int = 1) -> None:
        chance = Random(seed)
        plots = list(PLOTS)
        made: list[Account] = []
        for number in range(accounts):
            plot = plots[number % len(plots)]
            first = chance.randrange(5 * _DAY, 10 * _DAY)
            second = first + chance.randrange(4 * _DAY, 6 * _DAY)
            third = second + chance.randrange(3 * _DAY, 6 * _DAY)
            offset = timedelta(seconds=chance.randrange(900), microseconds=number)
            made.append(Account(f"{plot}-{number:03}", plot, number, first, second, third, offset))
        self.accounts = tuple(sorted(made, key=lambda account: account.offset))
        self.start = START
        self.end = START + STEPS * EVERY

    def attempts(self, clock: Clock | None = None, *, first: int = 0, last: int = STEPS) -> Iterator[Attempt]:
        """The reads in the order of time, from one step to before another; `clock` stands at each when it comes."""
        for step in range(first, last):
            for account in self.accounts:
                attempt = account.attempt(step)
                if clock is not None:
                    clock.now = attempt.at
                yield attempt

    def promises(self) -> tuple[Promise, ...]:
        """Everything that must be told once; everything else must not be told at all."""
        return tuple(sorted(promise for account in self.accounts for promise in promises(account)))
