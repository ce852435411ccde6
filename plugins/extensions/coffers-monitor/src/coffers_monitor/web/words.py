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
from coffers_monitor.facts import Attempt, Place

from .board import Row, State
from .view import Forecast, Told, Watched

__all__ = [
    "STATE_WORDS",
    "age",
    "amount",
    "became",
    "between",
    "clock_time",
    "day",
    "kind",
    "lasts",
    "margin",
    "moment",
    "place_name",
    "plain_amount",
    "rough",
    "runway",
    "set_apart",
    "span",
    "stale",
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

#: Names of our own, whatever language the machine speaks.
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_WHOLE: Final = re.compile(r"(-?)([0-9]+)(.*)")


def plain_amount(value: Decimal | None) -> str:
    """Every digit, or a dash where it is not known."""
    return "–" if value is None else amount_to_text(value)


def amount(value: Decimal | None) -> Markup:
    """Every digit, thousands set apart for the eye alone: what is copied has no gaps."""
    return set_apart(plain_amount(value))


def set_apart(text: str) -> Markup:
    """The same for an amount that is text already."""
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


def became(told: Told, now: datetime) -> str:
    """What became of a message: ``delivered 3 min ago``, ``not delivered: REASON; tried again in 5 minutes``."""
    if told.sent_at is not None:
        return f"delivered {age(told.sent_at, now)} ago"
    if told.error is None:
        return "on its way"
    if told.next_try is None:
        return f"not delivered: {told.error}; given up"
    return f"not delivered: {told.error}; tried again in {span(max(0.0, (told.next_try - now).total_seconds()))}"


def clock_time(when: datetime) -> str:
    """``Sat 21 Nov 2026, 14:05 UTC``."""
    when = when.astimezone(UTC)
    return f"{_DAYS[when.weekday()]} {day(when)} {when.year}, {when:%H:%M} UTC"


def day(when: datetime) -> str:
    """``24 Nov``."""
    when = when.astimezone(UTC)
    return f"{when.day} {_MONTHS[when.month - 1]}"


def runway(forecast: Forecast, now: datetime) -> str:
    """How long an amount above 0 lasts, in a few words; what should be at its end and is not is so at any moment."""
    if forecast.verdict == "estimate":
        if forecast.out_at is None:
            return "in many years"
        seconds = (forecast.out_at - now).total_seconds()
        return f"in {span(seconds)}" if seconds >= 1 else "at any moment"
    told = {"not_falling": "not falling", "pending": "being worked out"}
    return told.get(forecast.verdict, "not enough data yet")


def lasts(row: Row, now: datetime) -> str:
    """How long a balance lasts, or that it is gone, in a few words."""
    if row.is_unconfirmed:
        return "not confirmed yet"
    if row.has_run_out:
        return "has run out"
    if row.has_expired(now):
        return "has expired"
    spendable = row.figures.spendable
    return "nothing to spend" if spendable is not None and spendable <= 0 else runway(row.forecast, now)


def between(row: Row, now: datetime) -> str:
    """Between which times it runs out, or since when it is gone; empty where that is not known."""
    since = row.gone_since(now)
    if since is not None:
        return f"since {moment(since)}" if now - since < timedelta(days=300) else f"since {day(since)} {since.year}"
    return "" if row.out_at is None else margin(row.forecast, now)


def kind(failure: Attempt) -> str:
    """What kind of failure it was."""
    return (failure.error or "").replace("_", " ")


def stale(watched: Watched) -> str:
    """Why figures are stale, and what may be done."""
    return f"reads are missing, one is due every {span(watched.every_s)}; is coffers watch running?"


def margin(forecast: Forecast, now: datetime) -> str:
    """Between which times it runs out: days, or times of day where they are near; empty where that is not known."""
    early, late = forecast.earliest, forecast.latest
    if early is None or (late or early) <= now:  # what is past is no forecast
        return ""
    early = max(early, now)
    tell = moment if (late or early) - now < timedelta(days=2) else day
    if late is None:
        return f"not before {tell(early)}"
    if tell(early) == tell(late):
        return tell(early)
    same_day = tell is moment and day(early) == day(late)
    return f"{tell(early)} to {tell(late).split()[-1] if same_day else tell(late)}"


def moment(when: datetime) -> str:
    """``24 Nov 14:05``, in UTC."""
    return f"{day(when)} {when.astimezone(UTC):%H:%M}"


def place_name(place: Place) -> str:
    """Currency, network and wallet: ``USDT · TRC20 · main``."""
    return " · ".join(part for part in (place.currency, place.network, place.wallet) if part)


def rough(value: Decimal) -> str:
    """An estimated amount: three digits say all that is known of it."""
    if value.is_zero():
        return "0"
    return amount_to_text(round(value, max(0, 2 - value.adjusted())).normalize())
