"""The outbox: notices that are due, each handed to one process at a time, and what became of them.

A claim ends by itself, so that a process that is killed keeps no notice back. While it lasts nobody else gets the
notice; whether one was sent in the moment before a kill nobody can know, so it is then handed out again.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

import attrs
from sqlalchemy import ColumnElement, Connection, or_, select, update

from coffers import one_line

from .tables import NOTICE

__all__ = ["DueNotice", "KeptNotice", "any_due", "claim_due", "kept", "mark_failed", "mark_sent"]

#: The longest text of a failed delivery that is kept.
_LONGEST_ERROR = 500


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
    free = or_(NOTICE.claimed_until.is_(None), NOTICE.claimed_until <= now)
    return (NOTICE.next_try <= now) & free


def any_due(connection: Connection, now: datetime) -> bool:
    """Whether `claim_due` would find one; asks for no lock."""
    return connection.execute(select(NOTICE.ident).where(_due(now)).limit(1)).first() is not None


def claim_due(connection: Connection, now: datetime, lease: timedelta, at_most: int) -> list[DueNotice]:
    """Take notices that are due, the longest waiting first; see `Store.notices_due`."""
    order = (NOTICE.next_try, NOTICE.at, NOTICE.ident)
    query = select(NOTICE.table).where(_due(now)).order_by(*order).limit(at_most)
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


def kept(connection: Connection, since: datetime | None, at_most: int | None) -> list[KeptNotice]:
    """See `Store.notices`."""
    columns = (
        *(NOTICE.ident, NOTICE.text, NOTICE.at, NOTICE.attempts),
        *(NOTICE.sent_at, NOTICE.next_try, NOTICE.last_error),
    )
    query = select(*columns).order_by(NOTICE.at.desc(), NOTICE.ident).limit(at_most)
    if since is not None:
        query = query.where(NOTICE.at >= since)
    return [KeptNotice(*row) for row in connection.execute(query)]
