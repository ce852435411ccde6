"""Readings of a made-up account, for the tests of the rules."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import attrs

from coffers_monitor.facts import Attempt, Figures, Place
from coffers_monitor.rules import Judgement, Notice, Rule, State, judge, read_rules, tick

START = datetime(2026, 11, 21, 3, tzinfo=UTC)
USD = Place("shop", "USD")
EUR = Place("shop", "EUR")


def at(minutes: float) -> datetime:
    """So many minutes after the start."""
    return START + timedelta(minutes=minutes)


def rules(*tables: dict[str, object]) -> tuple[Rule, ...]:
    """Rules as a config gives them."""
    made, faults = read_rules(list(tables), accounts=["shop", "other"])
    assert not faults, faults
    return made


def row(amount: str | None, place: Place = USD, expires_at: datetime | None = None) -> Figures:
    return Figures(place, total=None if amount is None else Decimal(amount), expires_at=expires_at)


def read(minutes: float, *rows: str | Figures | None, as_of: datetime | None = None) -> Attempt:
    """A successful reading; a text is an amount of USD."""
    figures = tuple(one if isinstance(one, Figures) else row(one) for one in rows)
    return Attempt("shop", "acme", at(minutes), 0.1, figures, as_of)


def failed(minutes: float, kind: str = "unavailable") -> Attempt:
    return Attempt("shop", "acme", at(minutes), 0.1, None, error=kind, message="down")


@attrs.frozen
class Runway:
    """What a forecast answers."""

    verdict: str
    out_at: datetime | None = None
    per_day: Decimal | None = None
    earliest: datetime | None = None
    latest: datetime | None = None


@attrs.define
class Watched:
    """An account under watch: its state goes through JSON between any two steps, as in the service."""

    rules: tuple[Rule, ...]
    text: str | None = None
    runway: Runway | None = None
    last: Judgement | None = None
    told: list[Notice] = attrs.field(factory=list[Notice])

    @property
    def state(self) -> State | None:
        return None if self.text is None else State.from_text(self.text)

    def _keep(self, judgement: Judgement) -> list[str]:
        self.last = judgement
        self.text = judgement.state.to_text()
        assert State.from_text(self.text) == judgement.state
        self.told += judgement.notices
        return [f"{notice.event} {notice.subject} {notice.level.word}" for notice in judgement.notices]

    def reads(self, attempt: Attempt, now: datetime | None = None) -> list[str]:
        """Judge a reading; what is told, in short."""
        return self._keep(judge(self.rules, self.state, attempt, now or attempt.at, lambda _: self.runway))

    def ticks(self, minutes: float) -> list[str]:
        return self._keep(tick(self.rules, self.state, "shop", at(minutes)))
