"""The outbox: notices that are due, each handed to one process at a time, and what became of them.

A claim ends by itself, so that a process that is killed keeps no notice back. While it lasts nobody else gets the
notice; whether one was sent in the moment before a kill nobody can know, so it is then handed out again.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from typing import Final

import attrs
from sqlalchemy import ColumnElement, Connection, case, func, or_, select, update

from coffers import one_line

from .tables import NOTICE

__all__ = [
    "DueNotice",
    "KeptNotice",
    "WaitingNotices",
    "claim_due",
    "hasten",
    "kept",
    "mark_failed",
    "mark_sent",
    "waiting",
]

#: The longest text of a failed delivery that is kept.
_LONGEST_ERROR: Final = 500

#: Nothing is put off by as much. What is, was put off before the clock was set back; it would wait for that for ever.
_FARTHEST: Final = timedelta(hours=2)

#: Before any time that is kept.
_EVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


@attrs.frozen
class WaitingNotices:
    """What is due for one channel, and in nobody's hands.

    Attributes:
        channel: as they were put.
        since: the time of the first of them.
        urgent_since: the time of the first of them that is urgent; None where none is.
    """

    channel: str
    since: datetime
    urgent_since: datetime | None


@attrs.frozen
class DueNotice:
    """A notice that its holder shall deliver, and nobody else for the time being.

    Attributes:
        id: as it was put.
        text: as it was put.
        at: since when it is so.
        attempts: how often it was handed out, this time included.
        claim: proves that the holder is who holds it.
    """

    id: str
    text: str
    at: datetime
    attempts: int
    claim: str


@attrs.frozen
class KeptNotice:
    """A notice and what became of it, to be shown.

    Attributes:
        id, text, at: as they were put.
        attempts: how often somebody set out to deliver it.
        sent_at: when it was delivered, or None.
        next_try: when it is tried next; None where it was delivered or given up.
        last_error: why the last delivery failed, or None.
    """

    id: str
    text: str
    at: datetime
    attempts: int
    sent_at: datetime | None
    next_try: datetime | None
    last_error: str | None


def _due(now: datetime) -> ColumnElement[bool]:
    farthest = now + _FARTHEST
    free = or_(NOTICE.claimed_until.is_(None), NOTICE.claimed_until <= now, NOTICE.claimed_until > farthest)
    due = or_(NOTICE.next_try <= now, NOTICE.next_try > farthest, NOTICE.attempts == 0)
    return (NOTICE.next_try >= _EVER) & due & free  # the first condition is what the index is good for


def waiting(connection: Connection, now: datetime) -> list[WaitingNotices]:
    """See `Store.notices_waiting`; asks for no lock."""
    since = func.min(NOTICE.at, type_=NOTICE.at.type)
    urgent_since = func.min(case((NOTICE.urgent, NOTICE.at)), type_=NOTICE.at.type)
    query = select(NOTICE.channel, since, urgent_since).where(_due(now)).group_by(NOTICE.channel)
    return [WaitingNotices(*row) for row in connection.execute(query.order_by(NOTICE.channel))]


def claim_due(
    connection: Connection, now: datetime, channel: str | None, lease: timedelta, at_most: int
) -> list[DueNotice]:
    """Take notices that are due, the longest waiting first; see `Store.notices_due`."""
    order = (NOTICE.next_try, NOTICE.at, NOTICE.ident)
    query = select(NOTICE.table).where(_due(now)).order_by(*order).limit(at_most)
    if channel is not None:
        query = query.where(NOTICE.channel == channel)
    found = connection.execute(query.with_for_update(skip_locked=True)).all()
    if not found:
        return []
    claim = secrets.token_hex(8)
    connection.execute(
        update(NOTICE.table)
        .where(NOTICE.ident.in_([row.id for row in found]))
        .values(claim=claim, claimed_until=now + lease, attempts=NOTICE.attempts + 1)
    )
    return [DueNotice(row.id, row.text, row.at, row.attempts + 1, claim) for row in found]


def hasten(connection: Connection, now: datetime) -> None:
    """See `Store.notices_hastened`."""
    connection.execute(update(NOTICE.table).where(NOTICE.next_try > now).values(next_try=now))


def mark_sent(connection: Connection, notice: DueNotice, at: datetime) -> None:
    """It is out, whoever holds it by now."""
    done = {"sent_at": at, "next_try": None, "claim": None, "claimed_until": None, "last_error": None}
    mine = (NOTICE.ident == notice.id, NOTICE.sent_at.is_(None))
    connection.execute(update(NOTICE.table).where(*mine).values(done))


def mark_failed(connection: Connection, notice: DueNotice, error: str, next_try: datetime | None) -> None:
    """It is free again, from `next_try` on; unless somebody else holds it by now."""
    mine = (NOTICE.ident == notice.id, NOTICE.claim == notice.claim)
    failed = {
        "next_try": next_try,
        "claim": None,
        "claimed_until": None,
        "last_error": one_line(error)[:_LONGEST_ERROR],
    }
    connection.execute(update(NOTICE.table).where(*mine).values(failed))


def kept(connection: Connection, since: datetime | None) -> list[KeptNotice]:
    """See `Store.notices`."""
    columns = (
        *(NOTICE.ident, NOTICE.text, NOTICE.at, NOTICE.attempts),
        *(NOTICE.sent_at, NOTICE.next_try, NOTICE.last_error),
    )
    query = select(*columns).order_by(NOTICE.at.desc(), NOTICE.ident)
    if since is not None:
        query = query.where(NOTICE.at >= since)
    return [KeptNotice(*row) for row in connection.execute(query)]
