"""What there is to tell: one change of one alarm, with every fact a message needs. Facts only; words are `notify`'s."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from decimal import Decimal
from typing import Final, Literal, TypeAlias

import attrs

from coffers_monitor.facts import Place, Unit

from .rule import Level
from .state import Failure, StateError, plain, unplain

__all__ = ["Event", "Forecast", "Notice", "Subject", "notice_id"]

#: What happened: a new episode, a worse level in it, a better one that is not well yet, its reminder, its end.
Event: TypeAlias = Literal["alert", "worse", "better", "reminder", "recovery"]

#: What it is about: a rule's kind, or a row that the answers no longer hold.
Subject: TypeAlias = Literal["below", "runway_below", "drops_by", "unread_for", "expires_within", "vanished"]

_VERSION: Final = 1


@attrs.frozen(kw_only=True)
class Forecast:
    """How long the money will last, as it was known when the notice was made.

    Attributes:
        out_at: when it is expected to run out.
        earliest, latest: the honest interval, or None.
        per_day: spending a day, or None.
    """

    out_at: datetime
    earliest: datetime | None = None
    latest: datetime | None = None
    per_day: Decimal | None = None


@attrs.frozen(kw_only=True)
class Notice:
    """One thing to tell.

    Attributes:
        id: the same for the same change of the same alarm, whoever judges it and however often.
        event: what happened.
        subject: what it is about.
        level, before: how it stands now, and as it was last told.
        account, provider: whose.
        place: which row; None where the account as a whole is meant.
        since: when the condition began.
        at: when this was judged.
        amount: the last spendable amount of the place, or None where it is not known.
        unit: what it is measured in.
        read_at: when that was read; of an account, its last successful read; None before the first.
        as_of: the provider's own time of it, or None.
        gone_at: since when the place is missing from the answers, or None.
        limit: the limit that `level` stands for (of a recovery: the one it had fallen under): an amount or, of a drop
            in percent, a percentage.
        limit_s: the same where it is a span, in seconds.
        percent: whether `limit` is a percentage.
        peak, peak_at: the highest amount within the window, and when it was read.
        within_s: the window, in seconds.
        expires_at: when the credit is gone.
        forecast: how long the money will last, where that is known.
        failure: the failed reads since the last successful one, or None.
    """

    id: str
    event: Event
    subject: Subject
    level: Level
    before: Level
    account: str
    provider: str = ""
    place: Place | None = None
    since: datetime
    at: datetime
    amount: Decimal | None = None
    unit: Unit = "money"
    read_at: datetime | None = None
    as_of: datetime | None = None
    gone_at: datetime | None = None
    limit: Decimal | None = None
    limit_s: int | None = None
    percent: bool = False
    peak: Decimal | None = None
    peak_at: datetime | None = None
    within_s: int | None = None
    expires_at: datetime | None = None
    forecast: Forecast | None = None
    failure: Failure | None = None

    def to_text(self) -> str:
        """As JSON, for the outbox."""
        return json.dumps({"version": _VERSION, **plain(self)}, separators=(",", ":"))

    @classmethod
    def from_text(cls, text: str) -> Notice:
        """What `to_text` wrote.

        Raises:
            StateError: it is no such text, or of a version this program does not know.
        """
        try:
            value = json.loads(text)
            version = value.pop("version")
            notice: Notice | None = unplain(value, cls) if version == _VERSION else None
        except Exception as error:  # noqa: BLE001  whatever is wrong with a kept text, it is one thing to the caller
            raise StateError(f"a kept notice cannot be read ({type(error).__name__})") from None
        if notice is None:
            raise StateError(f"a kept notice is of version {version!r}, not {_VERSION}")
        return notice


def notice_id(account: str, place: Place | None, key: str, since: datetime, count: int) -> str:
    """The name of an alarm's `count`th notice, of the episode that began at `since`: 32 hexadecimal digits."""
    where = None if place is None else [place.currency, place.network, place.wallet]
    named = json.dumps([account, where, key, since.isoformat(), count], ensure_ascii=True)
    return hashlib.sha256(named.encode()).hexdigest()[:32]
