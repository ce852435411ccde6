"""A month of 200 accounts, simulated: what each answers at any time, with faults, and what is true of it.

    month = Month()
    for quarter in range(QUARTERS):
        for account in month.due(quarter):  # in the order of time
            attempt = account.attempt(quarter)
    assert told == month.promises()  # what should have been told under `month.rules()`, and when

Time is counted in quarters of an hour since the beginning. Nothing is drawn by chance while it runs, nothing is kept: a
read follows from its account and its time alone, so two months of one seed are the same, any part can be had without
the rest, and what a listener keeps is its own memory.

Accounts are read each quarter of an hour, each hour or each six hours. An account has one plot, and every plot has its
accounts in each of these rhythms:

- `calm`: spends, and is topped up in time. `idle`: never changes.
- `low`: falls under warn, then under critical, then is topped up, and never comes near again.
- `hovers`: falls under warn and stays about it, never as far up as a margin of a tenth.
- `exact`: falls to the limit of warn, to the cent, and stays there: that is not below.
- `emptied`: is at 0 from one read to the next, truly, for a day.
- `drops`: two fifths go at once; what is left is well.
- `dwindles`: spends at one pace until it lasts for no more than a day and a quarter, then is topped up. Forecasts take
  long, so these are read each six hours.
- `false_zero`: three times a single read says 0, and the next one, a moment later, as before.
- `vanishes`: three times a single read shows no row at all. `gone`: for a day none does.
- `untold`: for some hours no amount is told, only what is pending.
- `blips`: one or two reads in forty fail. `outage`: none succeeds for a day. `refused`: the same for a bad key.
- `limited`: each second read fails for a day, with a time to wait; after that time it succeeds.
- `overdrawn`: falls under both limits, then below 0 at once, and is never topped up.
- `expires`: credit that is lost some time; it is renewed the day before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any, Final

import attrs

from coffers_monitor.facts import Attempt, Figures, Place

__all__ = ["ERRORS", "EVERY", "PLOTS", "QUARTERS", "START", "Account", "Clock", "Month", "Promise"]

START: Final = datetime(2026, 3, 2, tzinfo=UTC)
EVERY: Final = timedelta(minutes=15)
_DAY: Final = 96
_HOUR: Final = timedelta(hours=1)
QUARTERS: Final = 30 * _DAY

#: `[[monitor.rules]]` as TOML gives it, for all; what is promised is promised under these.
_RULES: Final[list[dict[str, Any]]] = [
    {"currency": "USD", "below": {"warn": "80", "critical": "50"}, "remind_every": "never"},
    {"currency": "USD", "drops_by": {"percent": {"critical": "30"}, "within": "6h"}, "remind_every": "never"},
    {"unread_for": {"warn": "6h"}, "remind_every": "never"},
    {"currency": "USD", "expires_within": {"warn": "7d", "critical": "2d"}, "remind_every": "never"},
]
#: The same for those that are read each six hours: what is said of six hours would be said of one read.
_SLOW_RULES: Final[list[dict[str, Any]]] = [
    {"currency": "USD", "drops_by": {"percent": {"critical": "30"}, "within": "12h"}, "remind_every": "never"},
    {"unread_for": {"warn": "1d"}, "remind_every": "never"},
]
#: Quarters between two reads: of one account of each plot, of the next one, and so on.
_RHYTHMS: Final = (1, 4, 24, 4, 24, 4, 24, 4, 24, 4, 24)
#: What may go wrong with a provider, or on the way to it.
ERRORS: Final = ("timeout", "network", "unavailable", "bad_response")
#: What is wrong with an answer of these is over when it is asked for again a moment later.
_PASSING: Final = frozenset({"false_zero", "vanishes", "limited"})


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
        kind: of the rule, or "vanished".
        level: "warn" or "critical".
        at: the first read that shows it; for what time alone brings (`unread_for`, `expires_within`) that time.
        over: the first read that shows its end; None where the month ends first.
    """

    account: str
    kind: str
    level: str
    at: datetime
    over: datetime | None = None

    @property
    def early(self) -> timedelta:
        """How long before `at` it may be told: a forecast is none to the minute, all else never."""
        return timedelta(hours=12) if self.kind == "runway_below" else timedelta(0)

    @property
    def late(self) -> timedelta:
        """How long after `at` it may be told: as soon as a doubt is cleared; by whoever looks at the time each hour."""
        late = {"runway_below": timedelta(hours=12), "unread_for": _HOUR, "expires_within": _HOUR}
        return late.get(self.kind, timedelta(minutes=1))


@attrs.frozen
class Account:
    """One account: everything about it follows from these.

    Attributes:
        name: `PLOT-NUMBER`.
        plot: which of `PLOTS`.
        number: from 0.
        every: quarters of an hour between two reads.
        first, second, third: the quarters in which its plot takes a turn, in order; it is read in each of them.
        offset: how long after the beginning of a quarter it is read.
    """

    name: str
    plot: str
    number: int
    every: int
    first: int
    second: int
    third: int
    offset: timedelta

    def at(self, quarter: int) -> datetime:
        """When it is read in that quarter."""
        return START + quarter * EVERY + self.offset

    def is_due(self, quarter: int) -> bool:
        """Whether it is read in that quarter."""
        return (quarter - self.first) % self.every == 0

    def attempt(self, quarter: int, later: timedelta = timedelta(0)) -> Attempt:
        """That read; or the one that is made some moments `later`, because of what came of it."""
        found = (
            self.dollars(_calm_cents(quarter)) if later and self.plot in _PASSING else PLOTS[self.plot](self, quarter)
        )
        at, elapsed_s = self.at(quarter) + later, 0.05 + (quarter * 7 + self.number) % 40 / 100
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
    def is_slow(self) -> bool:
        """Whether it is read so seldom that it has rules of its own."""
        return self.every > 4

    @property
    def patience(self) -> timedelta:
        """How long it may be unread before it is told."""
        return timedelta(days=1) if self.is_slow else timedelta(hours=6)

    @property
    def window(self) -> int:
        """Quarters of an hour in which a drop is one."""
        return (12 if self.is_slow else 6) * 4

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


def _calm_cents(quarter: int) -> int:
    """Between 400.00 and 198.61, 20 a day, with a top-up every ten days."""
    return 40_000 - quarter % (10 * _DAY) * 21


def _calm(account: Account, quarter: int) -> Found:
    return account.dollars(_calm_cents(quarter + account.number))


def _idle(account: Account, quarter: int) -> Found:
    return account.dollars(25_000)


def _falling_cents(account: Account, quarter: int) -> int:
    """79.99 at the first turn, 49.99 at the second, and on at the same pace."""
    if quarter <= account.first:
        return 7_999 + (account.first - quarter) * 12
    return 7_999 - 3_000 * (quarter - account.first) // (account.second - account.first)


def _low(account: Account, quarter: int) -> Found:
    if quarter >= account.third:
        return account.dollars(50_000 - quarter)
    return account.dollars(max(_falling_cents(account, quarter), 2_500))


def _overdrawn(account: Account, quarter: int) -> Found:
    if quarter >= account.third:
        return account.dollars(-1_000)
    return account.dollars(max(_falling_cents(account, quarter), 4_000))


def _hovers(account: Account, quarter: int) -> Found:
    if quarter <= account.first:
        return account.dollars(_falling_cents(account, quarter))
    return account.dollars((7_950, 8_100, 8_000, 7_999, 8_799)[quarter // account.every % 5])


def _exact(account: Account, quarter: int) -> Found:
    return account.dollars(max(_falling_cents(account, quarter), 8_000))


def _emptied(account: Account, quarter: int) -> Found:
    if account.first <= quarter < account.first + _DAY:
        return account.dollars(0) if account.reserves else _nothing(account)
    return account.dollars(30_000)


#: Quarters that it would still last for when `dwindles` is topped up.
_LEFT: Final = 30 * 4


def _dwindles(account: Account, quarter: int) -> Found:
    """Spends 80.64 a day."""
    if quarter < account.third:
        return account.dollars((account.third + _LEFT - quarter) * 84)
    return account.dollars(250_000 - (quarter - account.third) * 84)


def _nothing(account: Account) -> Figures:
    """0 of everything."""
    zero = Decimal("0.00")
    return Figures(Place(account.name, "USD"), total=zero, available=zero, reserved=zero)


def _drops(account: Account, quarter: int) -> Found:
    return account.dollars(40_000 if quarter < account.first else 24_000)


def _false_zero(account: Account, quarter: int) -> Found:
    if quarter in (account.first, account.second, account.third):
        return _nothing(account)
    return account.dollars(_calm_cents(quarter))


def _vanishes(account: Account, quarter: int) -> Found:
    return None if quarter in (account.first, account.second, account.third) else account.dollars(_calm_cents(quarter))


def _gone(account: Account, quarter: int) -> Found:
    return None if account.first <= quarter < account.first + _DAY else account.dollars(_calm_cents(quarter))


def _untold_for(account: Account) -> int:
    return max(16, 2 * account.every)


def _untold(account: Account, quarter: int) -> Found:
    if account.first <= quarter < account.first + _untold_for(account):
        return Figures(Place(account.name, "USD"), pending=Decimal("3.50"))
    return account.dollars(_calm_cents(quarter))


def _blips(account: Account, quarter: int) -> Found:
    read = quarter // account.every
    if (read + account.number) % 40 in (5, 6) and read % 3:
        return ERRORS[read // 40 % len(ERRORS)]
    return account.dollars(_calm_cents(quarter))


def _outage(account: Account, quarter: int) -> Found:
    failed = account.first <= quarter < account.first + _DAY
    return ERRORS[account.number % len(ERRORS)] if failed else account.dollars(_calm_cents(quarter))


def _refused(account: Account, quarter: int) -> Found:
    return "auth" if account.first <= quarter < account.first + _DAY else account.dollars(_calm_cents(quarter))


def _limited(account: Account, quarter: int) -> Found:
    if account.first <= quarter < account.first + _DAY and quarter // account.every % 2:
        return "rate_limited"
    return account.dollars(_calm_cents(quarter))


def _expires(account: Account, quarter: int) -> Found:
    row = account.dollars(_calm_cents(quarter))
    return attrs.evolve(
        row, expires_at=account.at(account.third) + timedelta(days=1 if quarter < account.third else 90)
    )


PLOTS: Final[dict[str, Callable[[Account, int], Found]]] = {
    "calm": _calm,
    "idle": _idle,
    "low": _low,
    "hovers": _hovers,
    "exact": _exact,
    "emptied": _emptied,
    "drops": _drops,
    "dwindles": _dwindles,
    "false_zero": _false_zero,
    "vanishes": _vanishes,
    "gone": _gone,
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
            yield Promise(name, "drops_by", "critical", at(third), at(third + account.window))
        case "hovers":
            yield Promise(name, "below", "warn", at(first))
        case "emptied":
            yield Promise(name, "below", "critical", at(first), at(first + _DAY))
            yield Promise(name, "drops_by", "critical", at(first), at(first + account.window))
        case "drops":
            yield Promise(name, "drops_by", "critical", at(first), at(first + account.window))
        case "outage" | "refused":
            yield Promise(name, "unread_for", "warn", at(first - account.every) + account.patience, at(first + _DAY))
        case "dwindles":
            for level, days in (("warn", 5), ("critical", 2)):
                reached = third + _LEFT - days * _DAY
                yield Promise(name, "runway_below", level, at(reached + account.every), at(third))
        case "gone":
            yield Promise(name, "vanished", "warn", at(first), at(first + _DAY))
        case "untold":
            yield Promise(name, "vanished", "warn", at(first), at(first + _untold_for(account)))
        case "expires":
            expires_at = at(third) + timedelta(days=1)
            yield Promise(name, "expires_within", "warn", expires_at - timedelta(days=7), at(third))
            yield Promise(name, "expires_within", "critical", expires_at - timedelta(days=2), at(third))
        case _:
            pass


class Month:
    """The accounts, the rules for them and what is promised of them.

    Args:
        accounts: how many.
        seed: which month.
        often: whether every account is read each quarter of an hour.
    """

    def __init__(self, accounts: int = 200, seed: int = 1, *, often: bool = False) -> None:
        chance = Random(seed)
        plots = list(PLOTS)
        made: list[Account] = []
        for number in range(accounts):
            plot = plots[number % len(plots)]
            every = 24 if plot == "dwindles" else _RHYTHMS[number // len(plots) % len(_RHYTHMS)]
            every = 1 if often else every
            first = chance.randrange(5 * _DAY, 10 * _DAY)
            second = first + chance.randrange(4 * _DAY, 6 * _DAY) // every * every
            third = second + chance.randrange(3 * _DAY, 6 * _DAY) // every * every
            offset = timedelta(seconds=chance.randrange(900), microseconds=number)
            made.append(Account(f"{plot}-{number:03}", plot, number, every, first, second, third, offset))
        self.numbered = tuple(made)
        self.accounts = tuple(sorted(made, key=lambda account: account.offset))

    def due(self, quarter: int) -> list[Account]:
        """The accounts that are read in that quarter, in the order of time."""
        return [account for account in self.accounts if account.is_due(quarter)]

    def rules(self) -> list[dict[str, Any]]:
        """`[[monitor.rules]]` as TOML gives it; what is promised is promised under these."""
        rules = list(_RULES)
        for one in self.accounts:
            if one.is_slow:
                rules += [{"account": one.name} | rule for rule in _SLOW_RULES]
            if one.plot == "dwindles":
                limits = {"warn": "5d", "critical": "2d"}
                rules.append({"account": one.name, "currency": "USD", "runway_below": limits, "remind_every": "never"})
        return rules

    def promises(self) -> tuple[Promise, ...]:
        """Everything that must be told once; everything else must not be told at all."""
        return tuple(sorted(promise for account in self.accounts for promise in promises(account)))
