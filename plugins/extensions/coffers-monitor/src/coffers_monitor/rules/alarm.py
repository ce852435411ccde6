"""One alarm: what a reading says about its limits, when its level changes, and what of that is told. Pure.

    value --seen--> level of one reading --stepped--> level of the alarm --settled--> what is told

A level changes when as many readings in a row as the rule wants agree: to the least bad of them where it gets worse, to
the worst of them where it gets better. A limit that has fired holds until the value is back beyond limit and margin.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import overload

import attrs

from coffers import exact

from .notice import Event
from .rule import FALLING_KINDS, Level, Limit, Rule
from .state import Alarm

__all__ = ["seen", "settled", "stepped"]

_MICROSECOND = timedelta(microseconds=1)


@overload
def seen(rule: Rule, level: Level, value: Decimal, scale: Decimal = ...) -> Level: ...


@overload
def seen(rule: Rule, level: Level, value: timedelta) -> Level: ...


def seen(rule: Rule, level: Level, value: Limit, scale: Decimal = Decimal(1)) -> Level:
    """The level that one reading stands for.

    Args:
        rule: with the limits.
        level: the alarm's so far: limits up to it hold until value and margin are passed.
        value: what was read: an amount, a span, or an amount that is compared with shares of `scale`.
        scale: what the limits are multiplied by.
    """
    with exact():
        for of, limit in rule.limits():
            bar = limit if of > level else _held(rule, limit)
            if isinstance(bar, Decimal):
                bar = bar * scale
            if _beyond(rule, value, bar):
                return of
    return Level.OK


def _beyond(rule: Rule, value: Limit, bar: Limit) -> bool:
    """Whether `value` is on the bad side of `bar`. What lies exactly at a limit is not below it, but has reached it."""
    if isinstance(value, Decimal) and isinstance(bar, Decimal):
        return value < bar if rule.kind in FALLING_KINDS else value >= bar
    if isinstance(value, timedelta) and isinstance(bar, timedelta):
        if rule.kind in FALLING_KINDS:
            return value < bar
        return value <= bar if rule.kind == "expires_within" else value >= bar
    raise TypeError(f"{rule.kind}: amounts and spans are not compared with one another")


def _held(rule: Rule, limit: Limit) -> Limit:
    """Where a limit that has fired lets go."""
    falls = rule.kind in FALLING_KINDS or rule.kind == "expires_within"
    if isinstance(limit, timedelta):
        span = timedelta(microseconds=int(Decimal(abs(limit) // _MICROSECOND) * rule.margin))
        return limit + span if falls else limit - span
    margin = abs(limit) * rule.margin if rule.margin_amount is None else rule.margin_amount
    return limit + margin if falls else limit - margin


def stepped(alarm: Alarm, level: Level, *, confirmations: int, at: datetime) -> Alarm:
    """The alarm after one more reading.

    Args:
        alarm: before it.
        level: what the reading stands for.
        confirmations: how many in a row must agree.
        at: when the reading was made, or the condition began.
    """
    recent = (*alarm.recent, level)[-confirmations:]
    now = alarm.level
    if len(recent) == confirmations:
        now = max(now, min(recent)) if min(recent) > now else min(now, max(recent))
    since = alarm.since
    if level is not Level.OK and since is None:
        since = at
    elif level is Level.OK and now is Level.OK and alarm.told is Level.OK:
        since = None
    return attrs.evolve(alarm, level=now, recent=recent, since=since)


def settled(alarm: Alarm, rule: Rule, now: datetime) -> tuple[Alarm, Event | None]:
    """The alarm once what is due has been told, and what that is.

    A silent recovery counts as told. A new alert within the cooldown is held back, not lost.
    """
    event = _due(alarm, rule, now)
    if event is None:
        return alarm, None
    if event != "recovery":
        return attrs.evolve(alarm, told=alarm.level, told_at=now, count=alarm.count + 1), event
    ended = attrs.evolve(alarm, told=Level.OK, told_at=now, since=None, count=alarm.count + 1)
    return ended, event if rule.recovery else None


def _due(alarm: Alarm, rule: Rule, now: datetime) -> Event | None:
    quiet = None if alarm.told_at is None else now - alarm.told_at
    cooling = quiet is not None and quiet < rule.cooldown
    if alarm.level > alarm.told:
        if alarm.told is not Level.OK:
            return "worse"
        return None if cooling else "alert"
    if alarm.level < alarm.told:
        if alarm.level is Level.OK:
            return "recovery"
        return None if cooling else "better"
    if alarm.told is Level.OK or rule.remind_every is None or quiet is None or quiet < rule.remind_every:
        return None
    return "reminder"
