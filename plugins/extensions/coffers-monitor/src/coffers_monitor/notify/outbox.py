"""The outbox as delivery needs it, and the letters in it: one notice for one channel each.

A letter is put into the outbox in the same transaction that keeps the rules' state. From there it is handed out until
it is marked sent or given up; so it arrives at least once, and twice only if the program is killed in between.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

import attrs

from coffers_monitor.rules import Level, Notice, StateError

from .channels import Channel

__all__ = ["Due", "Letter", "Outbox", "Waiting", "letters"]


class Due(Protocol):
    """A letter that was handed out: its holder alone delivers it, for the time being."""

    @property
    def id(self) -> str:
        """As it was put."""
        ...

    @property
    def text(self) -> str:
        """As it was put."""
        ...

    @property
    def at(self) -> datetime:
        """As it was put."""
        ...

    @property
    def attempts(self) -> int:
        """How often it was handed out, this time included."""
        ...


D = TypeVar("D", bound=Due)


class Waiting(Protocol):
    """The letters for one channel that are due, and that nobody holds."""

    @property
    def channel(self) -> str:
        """Its name."""
        ...

    @property
    def since(self) -> datetime:
        """The time of the first of them."""
        ...

    @property
    def urgent_since(self) -> datetime | None:
        """The time of the first of them that is urgent; None where none is."""
        ...


class Outbox(Protocol[D]):
    """Where letters wait."""

    def notices_waiting(self, now: datetime) -> Sequence[Waiting]:
        """What is due, by channel; none of it is handed out."""
        ...

    def notices_due(self, now: datetime, *, channel: str, lease: timedelta, at_most: int) -> Sequence[D]:
        """Hand out letters for `channel` that are due, each to one holder until `lease` is over."""
        ...

    def notices_hastened(self, now: datetime) -> None:
        """Letters that were put off are due now."""
        ...

    def notice_sent(self, notice: D, at: datetime) -> None:
        """It is out."""
        ...

    def notice_failed(self, notice: D, error: str, next_try: datetime | None) -> None:
        """It is free again from `next_try` on; None: it is given up, and stays to be seen."""
        ...


@attrs.frozen
class Letter:
    """A notice for one channel.

    Attributes:
        channel: the channel's name.
        notice: what to tell.
    """

    channel: str
    notice: Notice

    @property
    def id(self) -> str:
        """The name in the outbox."""
        return f"{self.notice.id}.{self.channel}"

    @property
    def at(self) -> datetime:
        """When the notice was made."""
        return self.notice.at

    @property
    def urgent(self) -> bool:
        """Whether it tells that something is critical now; it should not wait behind what is less than that."""
        return self.notice.level is Level.CRITICAL and self.notice.event in ("alert", "worse")

    def to_text(self) -> str:
        """As JSON, for the outbox."""
        return json.dumps({"channel": self.channel, "notice": self.notice.to_text()})

    @classmethod
    def from_text(cls, text: str) -> Letter:
        """What `to_text` wrote.

        Raises:
            StateError: it is no such text.
        """
        try:
            value: Any = json.loads(text)
            channel, notice = str(value["channel"]), str(value["notice"])
        except (ValueError, TypeError, KeyError):
            raise StateError("a letter in the outbox cannot be read") from None
        return cls(channel, Notice.from_text(notice))


def letters(notices: Iterable[Notice], channels: Sequence[Channel]) -> list[Letter]:
    """What to put into the outbox for `notices`."""
    return [Letter(channel.name, notice) for notice in notices for channel in channels if channel.wants(notice)]
