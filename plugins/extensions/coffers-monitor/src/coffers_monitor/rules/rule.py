"""What a rule asks for: one condition, where it holds, and how patiently it is told. Frozen values, no judgement."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from enum import IntEnum
from typing import Literal, TypeAlias

import attrs

from coffers_monitor.facts import Place

__all__ = ["ACCOUNT_KINDS", "FALLING_KINDS", "Kind", "Level", "Limit", "Rule", "rules_of_account", "rules_of_place"]

Kind: TypeAlias = Literal["below", "runway_below", "drops_by", "unread_for", "expires_within"]

#: What is asked of an account as a whole; all else is asked of each of its places.
ACCOUNT_KINDS: frozenset[str] = frozenset({"unread_for"})

#: What fires when a figure falls under its limit. The others fire when a figure reaches it.
FALLING_KINDS: frozenset[str] = frozenset({"below", "runway_below"})


class Level(IntEnum):
    """How bad it is; the greater the worse."""

    OK = 0
    WARN = 1
    CRITICAL = 2

    @property
    def word(self) -> str:
        """As it is shown: ``ok``, ``warn``, ``critical``."""
        return self.name.lower()


#: A limit: an amount or a percentage where money is compared, a span where time is.
Limit: TypeAlias = Decimal | timedelta


@attrs.frozen(kw_only=True)
class Rule:
    """One condition.

    Attributes:
        kind: what is looked at.
        account, currency, network, wallet: where; None is everywhere. Of the rules of a kind that fit a place, the one
            that names the most decides alone: an account before a wallet, a network, a currency.
        warn, critical: the limits; at least one is given. Amounts, percentages of the highest amount in `within`, or
            spans.
        percent: whether the limits of `drops_by` are percentages.
        within: the window of `drops_by`.
        margin: how much beyond its limit a figure must come back before an alert ends: a fraction of the limit.
        margin_amount: the same as an amount; goes before `margin`.
        confirmations: how many readings in a row must agree before a level changes. What time alone decides
            (`unread_for`, `expires_within`) needs none.
        cooldown: how long after a recovery a new alert of the same place and kind waits to be told.
        remind_every: how often an alert that lasts is told again; None is never.
        recovery: whether its end is told.
    """

    kind: Kind
    account: str | None = None
    currency: str | None = None
    network: str | None = None
    wallet: str | None = None
    warn: Limit | None = None
    critical: Limit | None = None
    percent: bool = False
    within: timedelta | None = None
    margin: Decimal = Decimal("0.1")
    margin_amount: Decimal | None = None
    confirmations: int = 1
    cooldown: timedelta = timedelta(minutes=15)
    remind_every: timedelta | None = timedelta(days=1)
    recovery: bool = True

    @property
    def key(self) -> str:
        """What an alert of this rule is kept under: the same while the limits change, so that its episode goes on."""
        if self.within is None:
            return self.kind
        measure = "percent" if self.percent else "amount"
        return f"{self.kind}:{measure}:{int(self.within.total_seconds())}"

    @property
    def selector(self) -> tuple[str | None, ...]:
        """Where it holds, the weightiest word first."""
        return (self.account, self.wallet, self.network, self.currency)

    @property
    def weight(self) -> tuple[bool, ...]:
        """How closely it says where; the greater goes before."""
        return tuple(word is not None for word in self.selector)

    def fits(self, place: Place) -> bool:
        """Whether it may be asked of `place`."""
        held = (place.account, place.wallet, place.network, place.currency)
        return all(wanted is None or wanted == found for wanted, found in zip(self.selector, held, strict=True))

    def limits(self) -> tuple[tuple[Level, Limit], ...]:
        """The limits it has, the worst first."""
        given = ((Level.CRITICAL, self.critical), (Level.WARN, self.warn))
        return tuple((level, limit) for level, limit in given if limit is not None)

    def limit(self, level: Level) -> Limit | None:
        """The limit of `level`; None for `ok`, and where none was given."""
        return dict(self.limits()).get(level)


def rules_of_place(rules: Iterable[Rule], place: Place) -> tuple[Rule, ...]:
    """The rules that decide for one place: of each kind those that name it most closely."""
    fitting = [rule for rule in rules if rule.kind not in ACCOUNT_KINDS and rule.fits(place)]
    return _closest(fitting)


def rules_of_account(rules: Iterable[Rule], account: str) -> tuple[Rule, ...]:
    """The rules that decide for an account as a whole."""
    return _closest([rule for rule in rules if rule.kind in ACCOUNT_KINDS and rule.account in (None, account)])


def _closest(rules: list[Rule]) -> tuple[Rule, ...]:
    heaviest: dict[str, tuple[bool, ...]] = {}
    for rule in rules:
        heaviest[rule.kind] = max(heaviest.get(rule.kind, rule.weight), rule.weight)
    return tuple(rule for rule in rules if rule.weight == heaviest[rule.kind])
