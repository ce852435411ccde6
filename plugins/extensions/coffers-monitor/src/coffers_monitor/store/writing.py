"""What is written, always inside a transaction: all of it is there afterwards, or nothing.

A read is stored with its rows, its place in the hour, and the account's note of its last reads. Two rows of one place
in one read (an answer may name a place twice) are both kept, and neither becomes a point: which one would be a guess.
Nor does what is unconfirmed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

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

# Made once: for every read SQLAlchemy would take longer to make them than to execute them.
_HELD: Final = (
    select(ACCOUNT.table)
    .where(ACCOUNT.name == bindparam("name"), ACCOUNT.provider == bindparam("provider"))
    .with_for_update()
)
_STATE: Final = select(STATE.text).where(STATE.account == bindparam("account"))
_LAST_N: Final = select(func.max(ATTEMPT.n)).where(
    ATTEMPT.account_id == bindparam("account_id"), ATTEMPT.at == bindparam("at")
)
_NEW_ATTEMPT: Final = insert(ATTEMPT.table)
_NEW_FIGURE: Final = insert(FIGURE.table)
_NEW_PLACE: Final = insert(PLACE.table)
_PLACES_AND_HOUR: Final = (
    select(PLACE.table, HOUR.table)
    .select_from(
        PLACE.table.outerjoin(
            HOUR.table, (HOUR.place_id == PLACE.ident) & (HOUR.start == bindparam("hour", type_=HOUR.start.type))
        )
    )
    .where(PLACE.account_id == bindparam("account_id"))
)
_NOTED: Final = update(ACCOUNT.table).where(ACCOUNT.ident == bindparam("this"))


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
        n = self._number(account, attempt.at)
        self._connection.execute(
            _NEW_ATTEMPT,
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

    def has(self, attempt: Attempt) -> bool:
        """Whether there is a read of that account at that very time."""
        account = self._account(attempt.account, attempt.provider)
        query = select(ATTEMPT.n).where(ATTEMPT.account_id == account.id, ATTEMPT.at == attempt.at)
        return self._connection.execute(query.limit(1)).first() is not None

    def state(self, account: str) -> str | None:
        """What the rules remember of `account`; None where that is nothing yet."""
        return self._connection.execute(_STATE, {"account": account}).scalar()

    def put_state(self, account: str, text: str) -> None:
        """Have the rules remember `text` of `account`, in place of what they did."""
        put(self._connection, STATE.table, [{"account": account, "text": text}])

    def put_notice(self, notice_id: str, text: str, at: datetime, *, channel: str = "", urgent: bool = False) -> bool:
        """Put a notice into the outbox, due at once.

        Args:
            notice_id: stable for what it tells: one that was ever put there is not put there again.
            text: what `Store.notices_due` hands back; no secret.
            at: since when it is so (aware).
            channel: whom it is for; they are handed out by it.
            urgent: whether it should not wait behind others; `Store.notices_waiting` tells it.

        Returns:
            whether it is a new one.
        """
        row = {"id": notice_id, "text": text, "at": at, "next_try": at, "attempts": 0}
        row |= {"channel": channel, "urgent": urgent}
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
        named = {"name": name, "provider": provider}
        found = self._connection.execute(_HELD, named).first()
        if found is None:
            put_new(self._connection, ACCOUNT.table, named)
            found = self._connection.execute(_HELD, named).one()
        return found

    def _count(self, account_id: int, attempt: Attempt) -> None:
        row = {"account_id": account_id, "outcome": attempt.error or "ok", "times": 1, "elapsed_s": attempt.elapsed_s}
        add_up(self._connection, COUNT.table, row)

    def _number(self, account: Any, at: datetime) -> int:
        """How many reads of the account there are at that very microsecond."""
        if account.last_at is None or at > account.last_at:
            return 0
        last = self._connection.execute(_LAST_N, {"account_id": account.id, "at": at}).scalar()
        return 0 if last is None else last + 1

    def _add_rows(self, account_id: int, attempt: Attempt, n: int, rows: Sequence[Figures]) -> None:
        at, hour = attempt.at, hour_of(attempt.at)
        places = self._places(account_id, [_key(row) for row in rows], hour)
        self._connection.execute(
            _NEW_FIGURE,
            [
                {
                    "place_id": places[_key(row)].id,
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
        hours: list[dict[str, Any]] = []
        for row in rows:
            if counts[row.place] == 1 and row.spendable is not None:
                place, span = places[_key(row)], Span.of(Point(at.astimezone(UTC), row.spendable))
                if place.start is not None:
                    span = span_of(place).with_span(span)
                hours.append({"place_id": place.id, "start": hour} | span_values(span))
        if hours:
            put(self._connection, HOUR.table, hours)

    def _places(self, account_id: int, wanted: Sequence[_Key], hour: datetime) -> dict[_Key, Any]:
        """The account's places, each with what is kept of it in that hour; those wanted are made where they lack."""
        found = self._known(account_id, hour)
        new = [key for key in dict.fromkeys(wanted) if key not in found]
        if new:
            names = ("currency", "network", "wallet", "unit")
            values = [{"account_id": account_id} | dict(zip(names, key, strict=True)) for key in new]
            self._connection.execute(_NEW_PLACE, values)
            found = self._known(account_id, hour)
        return found

    def _known(self, account_id: int, hour: datetime) -> dict[_Key, Any]:
        found = self._connection.execute(_PLACES_AND_HOUR, {"account_id": account_id, "hour": hour})
        return {(row.currency, row.network, row.wallet, row.unit): row for row in found}

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
            self._connection.execute(_NOTED, {"this": account.id} | noted)


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
