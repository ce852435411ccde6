"""What the list of all accounts says of each of them, as plain values. Pure.

A card holds all that its markup is made of, so that markup stands for as long as its card is the same. The age of a
figure is not on it: that changes with every minute.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

import attrs
from markupsafe import Markup

from coffers_monitor.facts import Place

from . import words
from .board import Row, Standing, State

__all__ = ["Card", "Line", "card"]

#: An amount with more characters may be broken into lines.
_LONG: Final = 30


@attrs.frozen
class Line:
    """One place of an account.

    Attributes:
        amount: what is spendable, every digit.
        is_long: whether that needs more than the usual width.
        place: currency, network, wallet.
        note: why the amount may not hold; empty where it does.
        spark: its sparkline, or nothing.
        lasts: how long it lasts, in a few words.
        when: between which times it runs out, or since when it has; may be empty.
        is_dated: whether there is a time at which it runs out, or did.
        is_soon: whether its state is not well.
    """

    amount: str
    is_long: bool
    place: str
    note: str
    spark: Markup
    lasts: str
    when: str
    is_dated: bool
    is_soon: bool


@attrs.frozen
class Card:
    """One account.

    Attributes:
        account: its name.
        provider: the provider's id.
        state: its state.
        is_old: whether its figures are the last known ones only.
        reasons: what is wrong: of each a word to begin with, or none, and a text.
        lines: its places.
        nothing: what is said where there are none.
    """

    account: str
    provider: str
    state: State
    is_old: bool
    reasons: tuple[tuple[str, str], ...]
    lines: tuple[Line, ...]
    nothing: str


def card(standing: Standing, now: datetime, spark: Callable[[Place], Markup]) -> Card:
    """What is said of an account.

    Args:
        standing: how it stands.
        now: the time.
        spark: the sparkline of a place.
    """
    watched, rows = standing.watched, standing.rows
    reasons: list[tuple[str, str]] = []
    if standing.failure is not None:
        reasons.append((words.kind(standing.failure), standing.failure.message))
    if standing.state == "stale":
        reasons.append(("", words.stale(watched)))
    reasons += [("", alert.text) for alert in standing.alerts]
    for row in rows:
        whose = words.place_name(row.figures.place) if len(rows) > 1 and row.alerts else ""
        reasons += [(whose, alert.text) for alert in row.alerts]
    return Card(
        watched.account,
        watched.provider,
        standing.state,
        not standing.current,
        tuple(reasons),
        tuple(_line(row, standing.current, now, spark) for row in rows),
        "holds nothing" if watched.good else "no figure yet",
    )


def _line(row: Row, current: bool, now: datetime, spark: Callable[[Place], Markup]) -> Line:
    amount, place = words.plain_amount(row.figures.spendable), row.figures.place
    note = "last known" if not current else "unconfirmed" if row.is_unconfirmed else ""
    return Line(
        amount,
        len(amount) > _LONG,
        words.place_name(place),
        note,
        spark(place),
        words.lasts(row, now),
        words.between(row, now),
        row.out_at is not None or row.has_expired(now),
        row.state != "ok",
    )
