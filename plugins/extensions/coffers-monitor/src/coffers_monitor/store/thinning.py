"""Old history made smaller: fewer reads, each of those that stay exactly as it was.

After `Keep.raw` there stay, of every hour: what stands for each place in it (see `hours.py`: first, last, lowest,
highest), the first and the last read that succeeded, and of each kind of failure the first and the last. After
`Keep.hourly` the same of every day. Nothing is averaged and nothing made up; the last read of an account is always the
last of its hour and of its day, so it stays for ever.

One account and one day at a time is a transaction, so that whoever writes hardly waits. A mark at the account says how
far it has come; to be killed in between, or to run twice at once, does no harm.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any, Final

import attrs
from sqlalchemy import Connection, bindparam, delete, func, insert, or_, select, update

from .hours import Span, day_of, hour_of
from .rows import span_of, span_values
from .tables import ACCOUNT, ATTEMPT, FIGURE, HOUR, NOTICE, PLACE

__all__ = ["Keep", "behind", "forget_notices", "merge_a_day", "thin_a_day"]

_DAY: Final = timedelta(days=1)
_HOUR: Final = timedelta(hours=1)

#: An account of more places is thinned an hour at a time.
_MANY_PLACES: Final = 50


@attrs.frozen
class Keep:
    """How long what is kept.

    Attributes:
        raw: every read; then some of each hour.
        hourly: these; then some of each day, for ever.

    Raises:
        ValueError: `raw` is less than a day, or more than `hourly`.
    """

    raw: timedelta = timedelta(days=90)
    hourly: timedelta = timedelta(days=366)

    def __attrs_post_init__(self) -> None:
        if self.raw < _DAY:
            raise ValueError("every read must be kept for at least a day")
        if self.hourly < self.raw:
            raise ValueError("what is kept of each hour must be kept as long as every read, or longer")


def behind(connection: Connection, mark: str, until: datetime) -> list[int]:
    """The accounts whose mark (``"thinned"`` or ``"merged"``) has not come as far as `until`."""
    reached = {"thinned": ACCOUNT.thinned, "merged": ACCOUNT.merged}[mark]
    query = select(ACCOUNT.ident).where(or_(reached.is_(None), reached < until)).order_by(ACCOUNT.ident)
    return list(connection.execute(query).scalars())


def thin_a_day(connection: Connection, account_id: int, until: datetime) -> int | None:
    """Thin the oldest day of an account that was not thinned yet, hour by hour.

    Returns:
        how many reads went; None where there is nothing left to thin before `until`.
    """
    account = _locked(connection, account_id)
    begin = _next(connection, account_id, account.thinned, until)
    if begin is None:
        _set_mark(connection, account, "thinned", until)
        return None
    count = select(func.count()).select_from(PLACE.table).where(PLACE.account_id == account_id)
    many = connection.execute(count).scalar_one() > _MANY_PLACES
    start = hour_of(begin) if many else day_of(begin)
    end = min(start + (_HOUR if many else _DAY), until)
    gone = _thin(connection, account_id, start, end, _spans(connection, account_id, start, end), hour_of)
    _set_mark(connection, account, "thinned", end)
    return gone


def merge_a_day(connection: Connection, account_id: int, until: datetime) -> int | None:
    """Make one of the hours of the oldest day that was not merged yet.

    Returns:
        how many reads went; None where there is nothing left to merge before `until`.
    """
    account = _locked(connection, account_id)
    begin = _next(connection, account_id, account.merged, until)
    if begin is None:
        _set_mark(connection, account, "merged", until)
        return None
    start = day_of(begin)
    end = start + _DAY
    spans: dict[int, Span] = {}
    for place_id, _, span in _spans(connection, account_id, start, end):
        spans[place_id] = spans[place_id].with_span(span) if place_id in spans else span
    if spans:
        connection.execute(delete(HOUR.table).where(*_of_account(account_id, start, end)))
        rows = [{"place_id": place_id, "start": start} | span_values(span) for place_id, span in spans.items()]
        connection.execute(insert(HOUR.table), rows)
    days = [(place_id, start, span) for place_id, span in spans.items()]
    gone = _thin(connection, account_id, start, end, days, day_of)
    _set_mark(connection, account, "merged", end)
    return gone


def forget_notices(connection: Connection, before: datetime) -> None:
    """Notices that were sent or given up go; those still to be sent never do."""
    connection.execute(delete(NOTICE.table).where(NOTICE.at < before, NOTICE.next_try.is_(None)))


def _locked(connection: Connection, account_id: int) -> Any:
    query = select(ACCOUNT.table).where(ACCOUNT.ident == account_id).with_for_update()
    return connection.execute(query).one()


def _next(connection: Connection, account_id: int, mark: datetime | None, until: datetime) -> datetime | None:
    """When the first read was that is not behind the mark; days without reads are passed over."""
    query = select(func.min(ATTEMPT.at, type_=ATTEMPT.at.type))
    query = query.where(ATTEMPT.account_id == account_id, ATTEMPT.at < until)
    if mark is not None:
        query = query.where(ATTEMPT.at >= mark)
    return connection.execute(query).scalar()


def _set_mark(connection: Connection, account: Any, name: str, until: datetime) -> None:
    before: datetime | None = getattr(account, name)
    if before is None or before < until:
        connection.execute(update(ACCOUNT.table).where(ACCOUNT.ident == account.id).values({name: until}))


def _of_account(account_id: int, start: datetime, end: datetime) -> tuple[Any, ...]:
    places = select(PLACE.ident).where(PLACE.account_id == account_id)
    return (HOUR.place_id.in_(places), HOUR.start >= start, HOUR.start < end)


def _spans(connection: Connection, account_id: int, start: datetime, end: datetime) -> list[tuple[int, datetime, Span]]:
    query = select(HOUR.table).where(*_of_account(account_id, start, end))
    return [(row.place_id, row.start, span_of(row)) for row in connection.execute(query)]


def _thin(
    connection: Connection,
    account_id: int,
    start: datetime,
    end: datetime,
    spans: Iterable[tuple[int, datetime, Span]],
    bucket_of: Callable[[datetime], datetime],
) -> int:
    """Take away every read from `start` to before `end` that nothing speaks for."""
    stays = {point.at for _, _, span in spans for point in span.points()}
    query = (
        select(ATTEMPT.at, ATTEMPT.n, ATTEMPT.error)
        .where(ATTEMPT.account_id == account_id, ATTEMPT.at >= start, ATTEMPT.at < end)
        .order_by(ATTEMPT.at, ATTEMPT.n)
    )
    reads = [(row[0], row[1], row[2]) for row in connection.execute(query)]
    ends: dict[tuple[datetime, str | None], list[datetime]] = {}
    for at, _, error in reads:
        ends.setdefault((bucket_of(at), error), []).append(at)
    stays.update(times[place] for times in ends.values() for place in (0, -1))
    gone = [{"of": account_id, "when": at, "which": n} for at, n, _ in reads if at not in stays]
    if gone:
        when, which = bindparam("when", type_=ATTEMPT.at.type), bindparam("which", type_=ATTEMPT.n.type)
        places = select(PLACE.ident).where(PLACE.account_id == bindparam("of"))
        figures = (FIGURE.place_id.in_(places), FIGURE.at == when, FIGURE.n == which)
        attempts = (ATTEMPT.account_id == bindparam("of"), ATTEMPT.at == when, ATTEMPT.n == which)
        connection.execute(delete(FIGURE.table).where(*figures), gone)
        connection.execute(delete(ATTEMPT.table).where(*attempts), gone)
    return len(gone)
