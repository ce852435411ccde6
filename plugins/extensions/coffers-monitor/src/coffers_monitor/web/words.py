"""Values as a person reads them: amounts, ages, spans of time, dates. Pure.

An amount keeps every digit. A time is told in UTC, and an age never sounds younger than it is.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from markupsafe import Markup, escape

from coffers import amount_to_text
from coffers_monitor.facts import Place

from .board import State
from .view import Forecast

__all__ = [
    "STATE_WORDS",
    "age",
    "amount",
    "clock_time",
    "day",
    "margin",
    "place_name",
    "plain_amount",
    "rough",
    "runway",
    "span",
    "within",
]

#: What a state is called on the page.
STATE_WORDS: Final[dict[State, str]] = {
    "critical": "Critical",
    "failed": "Not read",
    "paused": "Paused",
    "stale": "Stale",
    "unconfirmed": "Unconfirmed",
    "warn": "Warning",
    "waiting": "Waiting",
    "ok": "OK",
}

#: The largest unit first; from twice a unit on it is the one to tell.
_UNITS: Final = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))
_SHORT: Final = {"day": "d", "hour": "h", "minute": "min", "second": "s"}

_WHOLE: Final = re.compile(r"(-?)([0-9]+)(.*)")


def plain_amount(value: Decimal | None) -> str:
    """Every digit, or a dash where it is not known."""
    return "–" if value is None else amount_to_text(value)


def amount(value: Decimal | None) -> Markup:
    """Every digit, thousands set apart for the eye alone: what is copied has no gaps."""
    text = plain_amount(value)
    match = _WHOLE.fullmatch(text)
    if match is None or len(match[2]) < 5:
        return escape(text)
    sign, whole, rest = match.groups()
    head = len(whole) % 3 or 3
    groups = [whole[at : at + 3] for at in range(head, len(whole), 3)]
    apart = "".join(f"<span class=g>{group}</span>" for group in groups)
    return Markup(f"{sign}{whole[:head]}{apart}{rest}")  # noqa: S704  digits, a sign and a point


def span(seconds: float) -> str:
    """A length of time in one unit, rounded down: ``3 days``, ``90 minutes``."""
    for size, word in _UNITS:
        if seconds >= 2 * size or size == 1:
            count = int(seconds // size)
            return f"{count} {word}{'' if count == 1 else 's'}"
    raise AssertionError("the last unit takes everything")


def age(then: datetime, now: datetime) -> str:
    """How long ago, in short: ``3 min``; a time that is still to come is ``0 s``."""
    seconds = max(0, -((then - now) // timedelta(seconds=1)))
    for size, word in _UNITS:
        if seconds >= 2 * size or size == 1:
            return f"{-(-seconds // size)} {_SHORT[word]}"
    raise AssertionError("the last unit takes everything")


def within(when: datetime, now: datetime) -> str:
    """How far ahead: ``in 3 days``; ``now`` where it is past."""
    seconds = (when - now).total_seconds()
    return f"in {span(seconds)}" if seconds >= 1 else "now"


def clock_time(when: datetime) -> str:
    """``Sat 21 Nov 2026, 14:05 UTC``."""
    return when.astimezone(UTC).strftime("%a %-d %b %Y, %H:%M UTC")


def day(when: datetime) -> str:
    """``24 Nov``."""
    return when.astimezone(UTC).strftime("%-d %b")


def runway(forecast: Forecast, now: datetime) -> str:
    """How long it lasts, in a few words."""
    if forecast.verdict == "estimate":
        return "in many years" if forecast.out_at is None else within(forecast.out_at, now)
    told = {"not_falling": "not falling", "pending": "being worked out"}
    return told.get(forecast.verdict, "not enough data yet")


def margin(forecast: Forecast, now: datetime) -> str:
    """Between which times it runs out: days, or times of day where they are near; empty where that is not known."""
    early, late = forecast.earliest, forecast.latest
    if early is None:
        return ""
    tell = _moment if (late or early) - now < timedelta(days=2) else day
    if late is None:
        return f"not before {tell(early)}"
    if tell(early) == tell(late):
        return tell(early)
    same_day = tell is _moment and day(early) == day(late)
    return f"{tell(early)} to {tell(late).split()[-1] if same_day else tell(late)}"


def _moment(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%-d %b %H:%M")


def place_name(place: Place) -> str:
    """Currency, network and wallet: ``USDT · TRC20 · main``."""
    return " · ".join(part for part in (place.currency, place.network, place.wallet) if part)


def rough(value: Decimal) -> str:
    """An estimated amount: three digits say all that is known of it."""
    if value.is_zero():
        return "0"
    return amount_to_text(round(value, max(0, 2 - value.adjusted())).normalize())
