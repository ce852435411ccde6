"""Notices as the rules make them, and an outbox, for the tests of what is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import attrs

from coffers_monitor.facts import Place
from coffers_monitor.notify import Channel, DeliveryError, Letter, Outgoing, letters
from coffers_monitor.rules import Failure, Level, Notice
from coffers_monitor.store import WaitingNotices

START = datetime(2026, 11, 21, 3, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def low(account: str = "shop", seconds: float = 0, **facts: Any) -> Notice:
    known: dict[str, Any] = {
        "id": f"{account}-{seconds}",
        "event": "alert",
        "subject": "below",
        "level": Level.CRITICAL,
        "before": Level.OK,
        "account": account,
        "provider": "acme",
        "place": Place(account, "USD"),
        "since": at(seconds),
        "at": at(seconds),
        "amount": Decimal("42.50"),
        "read_at": at(seconds),
        "limit": Decimal(50),
    }
    return Notice(**(known | facts))


def unread(account: str, seconds: float = 7200, **facts: Any) -> Notice:
    own: dict[str, Any] = {
        "subject": "unread_for",
        "level": Level.WARN,
        "place": None,
        "since": at(0),
        "amount": None,
        "read_at": at(0),
        "limit": None,
        "limit_s": 7200,
        "failure": Failure(at(60), "unavailable", "maintenance"),
    }
    return low(account, seconds, **(own | facts))


CHANNELS = tuple(Channel(name=name, kind="apprise", address="env:X") for name in ("chat", "mail"))


@attrs.frozen
class Waiting:
    """A letter that was handed out."""

    id: str
    text: str
    at: datetime
    attempts: int


def is_due(row: dict[str, Any], now: datetime) -> bool:
    return row["next"] is not None and (row["next"] <= now or not row["attempts"])


@attrs.define
class Box:
    """An outbox in memory, with claims that end by themselves."""

    rows: dict[str, dict[str, Any]] = attrs.field(factory=dict[str, Any])

    def put(self, *notices: Notice, channels: tuple[Channel, ...] = CHANNELS) -> None:
        for letter in letters(notices, channels):
            row = {"text": letter.to_text(), "at": letter.at, "next": letter.at, "attempts": 0}
            row |= {"error": None, "sent": None, "channel": letter.channel, "urgent": letter.urgent}
            self.rows.setdefault(letter.id, row)
            assert Letter.from_text(letter.to_text()) == letter

    def notices_waiting(self, now: datetime) -> list[WaitingNotices]:
        due = [row for row in self.rows.values() if is_due(row, now)]
        found: dict[str, list[dict[str, Any]]] = {}
        for row in due:
            found.setdefault(row["channel"], []).append(row)
        return [
            WaitingNotices(
                name,
                min(row["at"] for row in rows),
                min((row["at"] for row in rows if row["urgent"]), default=None),
            )
            for name, rows in found.items()
        ]

    def notices_due(self, now: datetime, *, channel: str, lease: timedelta, at_most: int) -> list[Waiting]:
        waiting = {name: row for name, row in self.rows.items() if row["channel"] == channel}
        due = [name for name, row in waiting.items() if is_due(row, now)]
        found = due[:at_most]
        for name in found:
            self.rows[name] |= {"next": now + lease, "attempts": self.rows[name]["attempts"] + 1}
        return [Waiting(name, *(self.rows[name][key] for key in ("text", "at", "attempts"))) for name in found]

    def notices_hastened(self, now: datetime) -> None:
        for row in self.rows.values():
            row["next"] = row["next"] and min(row["next"], now)

    def notice_sent(self, notice: Waiting, at: datetime) -> None:
        self.rows[notice.id] |= {"sent": at, "next": None, "error": None}

    def notice_failed(self, notice: Waiting, error: str, next_try: datetime | None) -> None:
        self.rows[notice.id] |= {"next": next_try, "error": error}

    def of(self, channel: str) -> list[dict[str, Any]]:
        return [row for name, row in self.rows.items() if name.endswith(f".{channel}")]


@attrs.define
class Ear:
    """A channel that takes what it is told, or refuses it."""

    fault: BaseException | None = None
    heard: list[Outgoing] = attrs.field(factory=list[Outgoing])
    tried: int = 0
    closed: bool = False

    def send(self, message: Outgoing, *, within_s: float) -> None:
        assert within_s > 0
        self.tried += 1
        if self.fault is not None:
            raise self.fault
        self.heard.append(message)

    def close(self) -> None:
        self.closed = True


DOWN = DeliveryError("down")
