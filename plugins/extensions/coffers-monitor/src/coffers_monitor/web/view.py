"""What the page, the API and the metrics need to know, as one Protocol, and the values it answers.

The only door of this room towards store, forecast and rules: whoever joins them answers these questions. Imports
nothing but `facts`. A time is aware, in UTC; an amount is an exact `Decimal`; unknown is None, never 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Literal, Protocol, TypeAlias

import attrs

from coffers_monitor.facts import Attempt, Place, Point

__all__ = ["Alert", "Band", "Fetches", "Forecast", "Level", "Threshold", "Told", "TopUp", "View", "Watched"]

Level: TypeAlias = Literal["unconfirmed", "warn", "critical"]


@attrs.frozen
class Watched:
    """An account, and what became of reading it.

    Attributes:
        account: its name in the config.
        provider: the provider's id.
        every_s: seconds between two reads.
        last: the latest read, failed or not; None before the first.
        good: the latest read that succeeded; None where there was none.
        paused: whether it is not read any more until somebody does something (its key was refused).
    """

    account: str
    provider: str
    every_s: float
    last: Attempt | None = None
    good: Attempt | None = None
    paused: bool = False


@attrs.frozen
class Alert:
    """Something that a rule has found and that still holds.

    Attributes:
        account: which account.
        place: which of its rows; None where it is the account as a whole.
        level: how bad.
        rule: the rule's word, ``"below"`` for instance.
        since: when it began.
        text: one line for people, without a secret.
    """

    account: str
    place: Place | None
    level: Level
    rule: str
    since: datetime
    text: str


@attrs.frozen
class Told:
    """What one channel was to be told, and what became of it.

    Attributes:
        at: since when.
        channel: its name in the config.
        text: one line.
        sent_at: when it was delivered, or None.
        next_try: when it is tried again; None where it was delivered or given up.
        error: why the last try failed, or None; no secret is in it.
    """

    at: datetime
    channel: str
    text: str
    sent_at: datetime | None = None
    next_try: datetime | None = None
    error: str | None = None


@attrs.frozen
class Threshold:
    """A line that a place must not fall below.

    Attributes:
        level: what crossing it means.
        amount: the least that may be spendable, or None where the line is one of time.
        runway_s: the least seconds it must last, or None where the line is one of amount.
    """

    level: Literal["warn", "critical"]
    amount: Decimal | None = None
    runway_s: float | None = None


@attrs.frozen
class Fetches:
    """How reading an account went, counted since the database is there. No figure ever falls.

    Attributes:
        account: its name in the config.
        provider: the provider's id.
        outcomes: reads by outcome: ``"ok"`` or the kind of the failure.
        elapsed_s: seconds that all of them took together.
    """

    account: str
    provider: str
    outcomes: Mapping[str, int]
    elapsed_s: float


class Forecast(Protocol):
    """How long a balance lasts; what the forecast's own value gives is one.

    `verdict` is ``"estimate"``, ``"not_falling"`` or ``"not_enough_data"``; or ``"pending"``, where `curves` has not
    come to it yet. The times are None unless it is an estimate. Even then `out_at` is None where it lasts for many
    years, and `latest` where it may last for ever.
    """

    @property
    def verdict(self) -> str: ...
    @property
    def per_day(self) -> Decimal | None: ...
    @property
    def out_at(self) -> datetime | None: ...
    @property
    def earliest(self) -> datetime | None: ...
    @property
    def latest(self) -> datetime | None: ...
    @property
    def seen_days(self) -> float: ...


class Band(Protocol):
    """A point of a forecast's line: what is expected to be spendable then, at least and at most."""

    @property
    def at(self) -> datetime: ...
    @property
    def expected(self) -> Decimal: ...
    @property
    def low(self) -> Decimal: ...
    @property
    def high(self) -> Decimal: ...


class TopUp(Protocol):
    """Money that came in: when it was first seen, and by how much the balance rose."""

    @property
    def at(self) -> datetime: ...
    @property
    def amount(self) -> Decimal: ...


class View(Protocol):
    """What is known. Called from several threads at once; never waits for a provider."""

    def accounts(self) -> Sequence[Watched]:
        """Every watched account, in the order of the config."""
        ...

    def points(self, place: Place, since: datetime, until: datetime, *, at_most: int) -> Sequence[Point]:
        """What was spendable, in the order of time.

        Args:
            place: where.
            since, until: from when to when, both included.
            at_most: how many are wanted; a store that can thin them out saves time. More are no fault.
        """
        ...

    def runway(self, place: Place) -> Forecast:
        """How long it lasts, by all that is known."""
        ...

    def band(self, place: Place, until: datetime) -> Sequence[Band]:
        """The line of the forecast, from the last amount on; empty where there is none."""
        ...

    def top_ups(self, place: Place, since: datetime, until: datetime) -> Sequence[TopUp]:
        """What came in, in the order of time."""
        ...

    def alerts(self) -> Sequence[Alert]:
        """All that hold now."""
        ...

    def told(self) -> Sequence[Told]:
        """What the channels were told lately, the newest first; a few."""
        ...

    def thresholds(self, place: Place) -> Sequence[Threshold]:
        """The lines drawn for a place."""
        ...

    def fetches(self) -> Sequence[Fetches]:
        """The counters, one value for each watched account that was ever read."""
        ...
