"""What is read, over a connection that somebody else opened. Changes nothing; what is not known is None."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Final, Literal, cast

import attrs
from sqlalchemy import ColumnElement, Connection, func, literal, select, tuple_

from coffers_monitor.facts import Attempt, Figures, Place, Point

from .hours import day_of, hour_of, in_order, reduced
from .tables import ACCOUNT, ATTEMPT, COUNT, FIGURE, HOUR, PLACE, STATE, Amount

__all__ = ["Counted", "Read", "accounts", "counted", "latest", "page", "places", "points", "states"]

#: Reads that are taken from the database at a time.
PAGE: Final = 200


@attrs.frozen
class Counted:
    """How many reads of an account came out in one way, since the database is there.

    Attributes:
        account: its name.
        provider: the provider's id.
        outcome: ``"ok"``, or the kind of the failure.
        times: how many.
        elapsed_s: seconds that all of them took together.
    """

    account: str
    provider: str
    outcome: str
    times: int
    elapsed_s: float


#: An account's id, and which of its reads: what the rows of a read are found by.
Read = tuple[int, datetime, int]


def accounts(connection: Connection) -> list[str]:
    """See `Store.accounts`."""
    return list(connection.execute(select(ACCOUNT.name).distinct().order_by(ACCOUNT.name)).scalars())


def places(connection: Connection, account: str | None) -> list[Place]:
    """See `Store.places`; of all accounts where `account` is None."""
    columns = (ACCOUNT.name, PLACE.currency, PLACE.network, PLACE.wallet)
    query = select(*columns).join(ACCOUNT.table, ACCOUNT.ident == PLACE.account_id).distinct()
    if account is not None:
        query = query.where(ACCOUNT.name == account)
    return sorted(Place(*row) for row in connection.execute(query))


def latest(
    connection: Connection, known: Mapping[Read, Attempt]
) -> tuple[dict[str, tuple[Attempt, Attempt | None]], Mapping[Read, Attempt]]:
    """See `Store.latest`; and the reads that this is made of, for the next time: a read that was kept never changes.

    Args:
        connection: open.
        known: what was answered last time, or nothing.
    """
    columns = (ACCOUNT.ident, ACCOUNT.name, ACCOUNT.last_at, ACCOUNT.last_n, ACCOUNT.ok_at, ACCOUNT.ok_n)
    query = select(*columns).where(ACCOUNT.last_at.is_not(None))
    heads: list[tuple[str, Read, Read | None]] = []
    for ident, name, last_at, last_n, ok_at, ok_n in cast("Iterable[Any]", connection.execute(query)):
        heads.append((name, (ident, last_at, last_n), None if ok_at is None else (ident, ok_at, ok_n)))
    wanted = {read for _, *both in heads for read in both if read is not None}
    new = {read[0] for read in wanted if read not in known}
    reads = {read: known[read] for read in wanted if read in known}
    if new:
        only = new if len(new) <= PAGE else None
        reads |= _noted(connection, "last", only) | _noted(connection, "ok", only)
    found: dict[str, tuple[Attempt, Attempt | None]] = {}
    for name, last, success in sorted(heads, key=lambda head: (head[0], head[1][1])):
        before = found[name][1] if name in found else None  # it was at another provider, too
        successes = [one for one in (None if success is None else reads[success], before) if one is not None]
        found[name] = (reads[last], max(successes, key=lambda one: one.at, default=None))
    return found, reads


def _noted(connection: Connection, which: Literal["last", "ok"], only: Collection[int] | None) -> dict[Read, Attempt]:
    """The last reads, as the accounts have noted them; the last successful ones of those that have failed since.

    Args:
        connection: open.
        which: of the two.
        only: ids of the accounts; None is all of them.
    """
    at, n = (ACCOUNT.last_at, ACCOUNT.last_n) if which == "last" else (ACCOUNT.ok_at, ACCOUNT.ok_n)
    wanted: ColumnElement[bool] = at.is_not(None)
    if which == "ok":
        wanted &= (ACCOUNT.ok_at != ACCOUNT.last_at) | (ACCOUNT.ok_n != ACCOUNT.last_n)
    if only is not None:
        wanted &= ACCOUNT.ident.in_(only)
    # Outer joins, although every row is there: SQLite then begins with the accounts, not with the millions of figures.
    noted = (ATTEMPT.account_id == ACCOUNT.ident) & (ATTEMPT.at == at) & (ATTEMPT.n == n)
    attempts = (
        select(ATTEMPT.table, ACCOUNT.name, ACCOUNT.provider)
        .select_from(ACCOUNT.table.outerjoin(ATTEMPT.table, noted))
        .where(wanted)
    )
    found = (FIGURE.place_id == PLACE.ident) & (FIGURE.at == at) & (FIGURE.n == n)
    figures = (
        select(FIGURE.table, PLACE.table)
        .select_from(ACCOUNT.table)
        .outerjoin(PLACE.table, PLACE.account_id == ACCOUNT.ident)
        .outerjoin(FIGURE.table, found)
        .where(wanted)
    )
    rows = _by_read(row for row in connection.execute(figures) if row.at is not None)
    return {(row.account_id, row.at, row.n): _attempt(row, rows) for row in connection.execute(attempts)}


def states(connection: Connection) -> dict[str, str]:
    """See `Store.states`."""
    return {row[0]: row[1] for row in connection.execute(select(STATE.account, STATE.text))}


def counted(connection: Connection) -> list[Counted]:
    """See `Store.counted`."""
    columns = (ACCOUNT.name, ACCOUNT.provider, COUNT.outcome, COUNT.times, COUNT.elapsed_s)
    query = select(*columns).join(ACCOUNT.table, ACCOUNT.ident == COUNT.account_id).order_by(*columns[:3])
    return [Counted(*row) for row in connection.execute(query)]


def page(
    connection: Connection,
    account: str,
    since: datetime | None,
    until: datetime | None,
    after: tuple[datetime, int, int] | None,
    *,
    newest_first: bool,
) -> tuple[list[Attempt], tuple[datetime, int, int] | None]:
    """Some reads of an account, and where the next page begins; None where there is none.

    Args:
        connection: open.
        account: its name.
        since: the earliest, included.
        until: the latest, included.
        after: what the page before has answered.
        newest_first: the order.
    """
    ids = list(connection.execute(select(ACCOUNT.ident).where(ACCOUNT.name == account)).scalars())
    one = len(ids) == 1  # as a rule; then the order is that of the table, and nothing need be sorted
    key = (ATTEMPT.at, ATTEMPT.n) if one else (ATTEMPT.at, ATTEMPT.n, ATTEMPT.account_id)
    query = select(ATTEMPT.table, ACCOUNT.name, ACCOUNT.provider).join(
        ACCOUNT.table, ACCOUNT.ident == ATTEMPT.account_id
    )
    query = query.where(ATTEMPT.account_id == ids[0] if one else ATTEMPT.account_id.in_(ids))
    if since is not None:
        query = query.where(ATTEMPT.at >= since)
    if until is not None:
        query = query.where(ATTEMPT.at <= until)
    if after is not None:
        # The first condition alone says where in its index the database begins to look.
        query = query.where(ATTEMPT.at <= after[0] if newest_first else ATTEMPT.at >= after[0])
        end_of_page = tuple_(literal(after[0], ATTEMPT.at.type), *after[1 : len(key)])
        beyond = tuple_(*key) < end_of_page if newest_first else tuple_(*key) > end_of_page
        query = query.where(beyond)
    order = [column.desc() for column in key] if newest_first else list(key)
    found = connection.execute(query.order_by(*order).limit(PAGE)).all()
    if not found:
        return [], None
    times = [row.at for row in found]
    figures = (
        select(FIGURE.table, PLACE.table)
        .join(PLACE.table, PLACE.ident == FIGURE.place_id)
        .where(PLACE.account_id.in_(ids), FIGURE.at.between(min(times), max(times)))
    )
    rows = _by_read(connection.execute(figures))
    end = found[-1]
    following = (end.at, end.n, end.account_id) if len(found) == PAGE else None
    return [_attempt(row, rows) for row in found], following


def points(connection: Connection, place: Place, since: datetime, until: datetime, at_most: int | None) -> list[Point]:
    """See `Store.points`."""
    names = (ACCOUNT.name, PLACE.currency, PLACE.network, PLACE.wallet)
    wanted = (place.account, place.currency, place.network, place.wallet)
    query = select(PLACE.ident, PLACE.account_id).join(ACCOUNT.table, ACCOUNT.ident == PLACE.account_id)
    query = query.where(*(column == value for column, value in zip(names, wanted, strict=True)))
    ids = {row[0]: row[1] for row in connection.execute(query)}
    if at_most is None:
        return _raw_points(connection, ids, since, until, closed=True)
    begin, end = hour_of(since) + timedelta(hours=1), hour_of(until)
    if begin >= end:
        return reduced(_raw_points(connection, ids, since, until, closed=True), at_most)
    head = _raw_points(connection, ids, since, begin, closed=False)
    tail = _raw_points(connection, ids, end, until, closed=True)
    return reduced([*head, *_hour_points(connection, ids, begin, end), *tail], at_most)


def _raw_points(
    connection: Connection, ids: Mapping[int, int], since: datetime, until: datetime, *, closed: bool
) -> list[Point]:
    """Every point of some places; `ids` says which account each belongs to."""
    spendable = func.coalesce(FIGURE.available, FIGURE.total, type_=Amount)
    query = (
        select(FIGURE.at, FIGURE.n, FIGURE.place_id, spendable)
        .where(FIGURE.place_id.in_(ids), FIGURE.at >= since, FIGURE.unconfirmed.is_(False))
        .where(FIGURE.at <= until if closed else FIGURE.at < until)
        .order_by(FIGURE.at, FIGURE.n)
    )
    found: list[Point] = []
    for (at, _), rows in groupby(connection.execute(query), key=lambda row: (row[0], row[1])):
        named = [(ids[row[2]], row[3]) for row in rows]
        if len(named) > 1:  # a place that one read names twice has no one amount
            counts = Counter(account for account, _ in named)
            named = [row for row in named if counts[row[0]] == 1]
        found += [Point(at, amount) for _, amount in named if amount is not None]
    return found


def _hour_points(connection: Connection, ids: Mapping[int, int], begin: datetime, end: datetime) -> list[Point]:
    query = select(
        *(HOUR.first_at, HOUR.first, HOUR.last_at, HOUR.last, HOUR.low_at, HOUR.low, HOUR.high_at, HOUR.high)
    ).where(HOUR.place_id.in_(ids), HOUR.start >= day_of(begin), HOUR.start < end)  # one may hold a whole day
    found: list[Point] = []
    for first_at, first, last_at, last, low_at, low, high_at, high in connection.execute(query):
        found += in_order(Point(first_at, first), Point(last_at, last), Point(low_at, low), Point(high_at, high))
    return sorted((point for point in found if begin <= point.at < end), key=lambda point: point.at)


def _by_read(rows: Any) -> dict[Read, list[Any]]:
    found: dict[Read, list[Any]] = {}
    for row in rows:
        found.setdefault((row.account_id, row.at, row.n), []).append(row)
    return found


def _attempt(row: Any, figures: dict[Read, list[Any]]) -> Attempt:
    found = sorted(figures.get((row.account_id, row.at, row.n), ()), key=lambda figure: figure.position)
    return Attempt(
        account=row.name,
        provider=row.provider,
        at=row.at,
        elapsed_s=row.elapsed_s,
        rows=None if row.error is not None else tuple(_figures(row.name, figure) for figure in found),
        as_of=row.as_of,
        error=row.error,
        message=row.message or "",
        retry_after_s=row.retry_after_s,
        unconfirmed=any(figure.unconfirmed for figure in found),
    )


def _figures(account: str, row: Any) -> Figures:
    return Figures(
        Place(account, row.currency, row.network, row.wallet),
        unit=row.unit,
        total=row.total,
        available=row.available,
        pending=row.pending,
        reserved=row.reserved,
        expires_at=row.expires_at,
    )
