"""What is written, always inside a transaction: all of it is there afterwards, or nothing.

A read is stored with its rows, its place in the hour, and the account's note of its last reads. Two rows of one place
in one read (an answer may name a place twice) are both kept, and neither becomes a point: which one would be a guess.
Nor does what is unconfirmed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, update

from coffers import one_line
from coffers_monitor.facts import Attempt, Figures, Place, Point

from . import reading
from .hours import Span, hour_of
from .rows import add_up, put, put_new, span_of, span_values
from .tables import ACCOUNT, ATTEMPT, COUNT, FIGURE, HOUR, NOTICE, PLACE, STATE

__all__ = ["Transaction"]

#: A place as its table has it: currency, network, wallet, unit.
_Key = tuple[str, str, str, str]


class Transaction:
    """What is to be stored together; `Store.begin` makes one, and commits it when its block ends without an exception.

    It sees what it has written itself. Not to be shared between threads.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._held: dict[tuple[str, str], Any] = {}

    def hold(self, account: str, provider: str) -> None:
        """Keep other processes away from an account until the end; to be called before anything of it is looked at."""
        self._account(account, provider)

    def add(self, attempt: Attempt) -> None:
        """Store a finished read.

        Raises:
            ValueError: it has both rows and an error, or neither; a time is naive, or an amount no number.
            StoreError: the database cannot be used.
        """
        _check(attempt)
        account = self._account(attempt.account, attempt.provider)
        self._count(account.id, attempt)
        n = self._number(account.id, attempt.at)
        self._connection.execute(
            insert(ATTEMPT.table),
            {
                "account_id": account.id,
                "at": attempt.at,
                "n": n,
                "elapsed_s": attempt.elapsed_s,
                "as_of": attempt.as_of,
                "error": attempt.error,
                "message": one_line(attempt.message) or None,
                "retry_after_s": attempt.retry_after_s,
            },
        )
        if attempt.rows:
            self._add_rows(account.id, attempt, n, attempt.rows)
        self._note(account, attempt, n)
        del self._held[attempt.account, attempt.provider]  # what was noted has changed

    def state(self, account: str) -> str | None:
        """What the rules remember of `account`; None where that is nothing yet."""
        query = select(STATE.text).where(STATE.account == account)
        return self._connection.execute(query).scalar()

    def put_state(self, account: str, text: str) -> None:
        """Have the rules remember `text` of `account`, in place of what they did."""
        put(self._connection, STATE.table, [{"account": account, "text": text}])

    def put_notice(self, notice_id: str, text: str, at: datetime) -> bool:
        """Put a notice into the outbox, due at once.

        Args:
            notice_id: stable for what it tells: one that was ever put there is not put there again.
            text: what `Store.notices_due` hands back; no secret.
            at: since when it is so (aware).

        Returns:
            whether it is a new one.
        """
        row = {"id": notice_id, "text": text, "at": at, "next_try": at, "attempts": 0}
        return put_new(self._connection, NOTICE.table, row)

    def places(self, account: str) -> list[Place]:
        """As `Store.places`."""
        return reading.places(self._connection, account)

    def points(self, place: Place, since: datetime, until: datetime, *, at_most: int | None = None) -> list[Point]:
        """As `Store.points`."""
        return reading.points(self._connection, place, since, until, at_most)

    def _account(self, name: str, provider: str) -> Any:
        if (name, provider) not in self._held:
            self._held[name, provider] = self._locked(name, provider)
        return self._held[name, provider]

    def _locked(self, name: str, provider: str) -> Any:
        table = ACCOUNT.table
        query = select(table).where(ACCOUNT.name == name, ACCOUNT.provider == provider).with_for_update()
        found = self._connection.execute(query).first()
        if found is None:
            put_new(self._connection, table, {"name": name, "provider": provider})
            found = self._connection.execute(query).one()
        return found

    def _count(self, account_id: int, attempt: Attempt) -> None:
        row = {"account_id": account_id, "outcome": attempt.error or "ok", "times": 1, "elapsed_s": attempt.elapsed_s}
        add_up(self._connection, COUNT.table, row)

    def _number(self, account_id: int, at: datetime) -> int:
        """How many reads of the account there are at that very microsecond."""
        same = (ATTEMPT.account_id == account_id, ATTEMPT.at == at)
        last = self._connection.execute(select(func.max(ATTEMPT.n)).where(*same)).scalar()
        return 0 if last is None else last + 1

    def _add_rows(self, account_id: int, attempt: Attempt, n: int, rows: Sequence[Figures]) -> None:
        at = attempt.at
        ids = self._place_ids(account_id, [_key(row) for row in rows])
        self._connection.execute(
            insert(FIGURE.table),
            [
                {
                    "place_id": ids[_key(row)],
                    "at": at,
                    "n": n,
                    "position": position,
                    "total": row.total,
                    "available": row.available,
                    "pending": row.pending,
                    "reserved": row.reserved,
                    "expires_at": row.expires_at,
                    "unconfirmed": attempt.unconfirmed,
                }
                for position, row in enumerate(rows)
            ],
        )
        if attempt.unconfirmed:
            return
        counts = Counter(row.place for row in rows)
        alone = [(ids[_key(row)], row.spendable) for row in rows if counts[row.place] == 1]
        points = {place_id: Point(at.astimezone(UTC), amount) for place_id, amount in alone if amount is not None}
        if points:
            self._add_points(account_id, hour_of(at), points)

    def _place_ids(self, account_id: int, wanted: Sequence[_Key]) -> dict[_Key, int]:
        found = self._known_ids(account_id)
        new = [key for key in dict.fromkeys(wanted) if key not in found]
        if new:
            names = ("currency", "network", "wallet", "unit")
            values = [{"account_id": account_id} | dict(zip(names, key, strict=True)) for key in new]
            self._connection.execute(insert(PLACE.table), values)
            found = self._known_ids(account_id)
        return found

    def _known_ids(self, account_id: int) -> dict[_Key, int]:
        columns = (PLACE.ident, PLACE.currency, PLACE.network, PLACE.wallet, PLACE.unit)
        query = select(*columns).where(PLACE.account_id == account_id)
        return {(row[1], row[2], row[3], row[4]): row[0] for row in self._connection.execute(query)}

    def _add_points(self, account_id: int, start: datetime, points: dict[int, Point]) -> None:
        of_account = select(PLACE.ident).where(PLACE.account_id == account_id)
        query = select(HOUR.table).where(HOUR.place_id.in_(of_account), HOUR.start == start)
        spans = {place_id: Span.of(point) for place_id, point in points.items()}
        for row in self._connection.execute(query):
            if row.place_id in spans:
                spans[row.place_id] = span_of(row).with_span(spans[row.place_id])
        rows = [{"place_id": place_id, "start": start} | span_values(span) for place_id, span in spans.items()]
        put(self._connection, HOUR.table, rows)

    def _note(self, account: Any, attempt: Attempt, n: int) -> None:
        """Keep in mind which reads are the last; what comes late into a time that was thinned is thinned later."""
        at = attempt.at.astimezone(UTC)
        noted: dict[str, Any] = {}
        if account.last_at is None or (at, n) > (account.last_at, account.last_n):
            noted |= {"last_at": at, "last_n": n}
        if attempt.rows is not None and (account.ok_at is None or (at, n) > (account.ok_at, account.ok_n)):
            noted |= {"ok_at": at, "ok_n": n}
        for mark, until in (("thinned", account.thinned), ("merged", account.merged)):
            if until is not None and at < until:
                noted[mark] = hour_of(at)
        if noted:
            self._connection.execute(
                update(ACCOUNT.table).where(ACCOUNT.ident == bindparam("this")), {"this": account.id} | noted
            )


def _key(row: Figures) -> _Key:
    return (row.place.currency, row.place.network, row.place.wallet, row.unit)


def _check(attempt: Attempt) -> None:
    if (attempt.rows is None) == (attempt.error is None):
        raise ValueError("a read has rows or an error")
    times = [attempt.at, attempt.as_of, *(row.expires_at for row in attempt.rows or ())]
    if any(time is not None and time.utcoffset() is None for time in times):
        raise ValueError("a time must be aware")
    for row in attempt.rows or ():
        if row.place.account != attempt.account:
            raise ValueError("a row is of another account than its read")
        amounts = (row.total, row.available, row.pending, row.reserved)
        if not all(amount is None or amount.is_finite() for amount in amounts):
            raise ValueError("an amount must be a finite number or None")
