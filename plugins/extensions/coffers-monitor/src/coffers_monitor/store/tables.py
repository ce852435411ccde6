"""The tables, as the newest migration leaves them; a test holds the two against each other.

Amounts are text, digit for digit. SQLite knows no exact decimal, and PostgreSQL's NUMERIC would make two kinds of store
of one: the same text in both is the same number in both, and whoever computes in SQL writes ``total::numeric``. A time
is a whole number of microseconds since 1970 in UTC, which both keep exactly and compare quickly.

A read is known by its account, its time, and `n`: 0, or more where an account has several reads of one microsecond. Its
amounts lie beside those of the same place before and after, so that the history of a place is read in one go.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    false,
)
from sqlalchemy.types import TypeDecorator

from coffers import amount_to_text

__all__ = [
    "ACCOUNT",
    "ATTEMPT",
    "CONFIG",
    "COUNT",
    "FIGURE",
    "HOUR",
    "METADATA",
    "NOTICE",
    "PLACE",
    "STATE",
    "Amount",
    "Instant",
]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class Instant(TypeDecorator[datetime]):
    """An aware time, in UTC when it comes back."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        return None if value is None else _EPOCH + timedelta(microseconds=value)


class Amount(TypeDecorator[Decimal]):
    """An exact amount, as plain text with every digit."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:
        return None if value is None else amount_to_text(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value)


METADATA: Final = MetaData()


class _AccountTable:
    """An account as it is read from one provider, and its last reads; `thinned` and `merged` say how far back what."""

    ident = Column[int]("id", Integer, primary_key=True)
    name = Column[str]("name", Text, nullable=False)
    provider = Column[str]("provider", Text, nullable=False)
    last_at = Column[datetime | None]("last_at", Instant)
    last_n = Column[int | None]("last_n", Integer)
    ok_at = Column[datetime | None]("ok_at", Instant)
    ok_n = Column[int | None]("ok_n", Integer)
    thinned = Column[datetime | None]("thinned", Instant)
    merged = Column[datetime | None]("merged", Instant)
    table = Table(
        "coffers_account",
        METADATA,
        *(ident, name, provider, last_at, last_n, ok_at, ok_n, thinned, merged),
        UniqueConstraint("name", "provider", name="coffers_account_name"),
    )


ACCOUNT: Final = _AccountTable()


class _PlaceTable:
    """A place of an account; what it is measured in belongs to it."""

    ident = Column[int]("id", Integer, primary_key=True)
    account_id = Column[int]("account_id", Integer, ForeignKey("coffers_account.id"), nullable=False)
    currency = Column[str]("currency", Text, nullable=False)
    network = Column[str]("network", Text, nullable=False)
    wallet = Column[str]("wallet", Text, nullable=False)
    unit = Column[str]("unit", Text, nullable=False)
    table = Table(
        "coffers_place",
        METADATA,
        *(ident, account_id, currency, network, wallet, unit),
        UniqueConstraint("account_id", "currency", "network", "wallet", "unit", name="coffers_place_name"),
    )


PLACE: Final = _PlaceTable()


class _AttemptTable:
    """A finished read; it failed where `error` is there."""

    account_id = Column[int]("account_id", Integer, ForeignKey("coffers_account.id"), primary_key=True)
    at = Column[datetime]("at", Instant, primary_key=True)
    n = Column[int]("n", Integer, primary_key=True)
    elapsed_s = Column[float]("elapsed_s", Float(53), nullable=False)
    as_of = Column[datetime | None]("as_of", Instant)
    error = Column[str | None]("error", Text)
    message = Column[str | None]("message", Text)
    retry_after_s = Column[float | None]("retry_after_s", Float(53))
    table = Table(
        "coffers_attempt",
        METADATA,
        *(account_id, at, n, elapsed_s, as_of, error, message, retry_after_s),
        sqlite_with_rowid=False,
    )


ATTEMPT: Final = _AttemptTable()


class _FigureTable:
    """The amounts of a place in one read; `position` is the row's among those of the read.

    `unconfirmed` is that of the read. It stands here because it is the points of a place that must not have them.
    """

    place_id = Column[int]("place_id", Integer, ForeignKey("coffers_place.id"), primary_key=True)
    at = Column[datetime]("at", Instant, primary_key=True)
    n = Column[int]("n", Integer, primary_key=True)
    position = Column[int]("position", Integer, primary_key=True)
    total = Column[Decimal | None]("total", Amount)
    available = Column[Decimal | None]("available", Amount)
    pending = Column[Decimal | None]("pending", Amount)
    reserved = Column[Decimal | None]("reserved", Amount)
    expires_at = Column[datetime | None]("expires_at", Instant)
    unconfirmed = Column[bool]("unconfirmed", Boolean, nullable=False)
    table = Table(
        "coffers_figure",
        METADATA,
        *(place_id, at, n, position, total, available, pending, reserved, expires_at, unconfirmed),
        sqlite_with_rowid=False,
    )


FIGURE: Final = _FigureTable()


class _HourTable:
    """What could be spent at a place in an hour: the first read, the last, the lowest, the highest.

    A copy of what is in the reads themselves, so that long charts and forecasts read four points an hour and no more.
    Once hours are merged, a row holds the day that begins there.
    """

    place_id = Column[int]("place_id", Integer, ForeignKey("coffers_place.id"), primary_key=True)
    start = Column[datetime]("start", Instant, primary_key=True)
    first_at = Column[datetime]("first_at", Instant, nullable=False)
    first = Column[Decimal]("first", Amount, nullable=False)
    last_at = Column[datetime]("last_at", Instant, nullable=False)
    last = Column[Decimal]("last", Amount, nullable=False)
    low_at = Column[datetime]("low_at", Instant, nullable=False)
    low = Column[Decimal]("low", Amount, nullable=False)
    high_at = Column[datetime]("high_at", Instant, nullable=False)
    high = Column[Decimal]("high", Amount, nullable=False)
    table = Table(
        "coffers_hour",
        METADATA,
        *(place_id, start, first_at, first, last_at, last, low_at, low, high_at, high),
        sqlite_with_rowid=False,
    )


HOUR: Final = _HourTable()


class _CountTable:
    """How many reads of an account came out how, and the seconds they took; never less, whatever is thinned."""

    account_id = Column[int]("account_id", Integer, ForeignKey("coffers_account.id"), primary_key=True)
    outcome = Column[str]("outcome", Text, primary_key=True)
    times = Column[int]("times", BigInteger, nullable=False)
    elapsed_s = Column[float]("elapsed_s", Float(53), nullable=False)
    table = Table("coffers_count", METADATA, *(account_id, outcome, times, elapsed_s), sqlite_with_rowid=False)


COUNT: Final = _CountTable()


class _StateTable:
    """What the rules remember of an account; their own text."""

    account = Column[str]("account", Text, primary_key=True)
    text = Column[str]("text", Text, nullable=False)
    table = Table("coffers_state", METADATA, account, text)


STATE: Final = _StateTable()


class _ConfigTable:
    """Since when the config of an account is as it is: `mark` stands for it, and holds nothing of it."""

    account = Column[str]("account", Text, primary_key=True)
    mark = Column[str]("mark", Text, nullable=False)
    since = Column[datetime]("since", Instant, nullable=False)
    table = Table("coffers_config", METADATA, account, mark, since)


CONFIG: Final = _ConfigTable()


class _NoticeTable:
    """The outbox. `next_try` is null once a notice is sent or given up."""

    ident = Column[str]("id", Text, primary_key=True)
    text = Column[str]("text", Text, nullable=False)
    at = Column[datetime]("at", Instant, nullable=False)
    next_try = Column[datetime | None]("next_try", Instant)
    attempts = Column[int]("attempts", Integer, nullable=False)
    sent_at = Column[datetime | None]("sent_at", Instant)
    claim = Column[str | None]("claim", Text)
    claimed_until = Column[datetime | None]("claimed_until", Instant)
    last_error = Column[str | None]("last_error", Text)
    channel = Column[str]("channel", Text, nullable=False, server_default="")
    urgent = Column[bool]("urgent", Boolean, nullable=False, server_default=false())
    table = Table(
        "coffers_notice",
        METADATA,
        *(ident, text, at, next_try, attempts, sent_at, claim, claimed_until, last_error, channel, urgent),
        Index("coffers_notice_due", "next_try"),
        Index("coffers_notice_at", "at"),
    )


NOTICE: Final = _NoticeTable()
