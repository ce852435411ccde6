"""The door of the room: a database, opened, and what can be put into it and had out of it.

Safe to share between threads, and one database between processes. Whatever goes wrong in a database is a `StoreError`.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Generator, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, Engine

from coffers_monitor.facts import Attempt, Place, Point

from . import notices, reading, refusals, thinning
from .address import Address
from .engine import WAIT_S, make_engine, told
from .errors import StoreError
from .hours import day_of
from .notices import DueNotice, KeptNotice, WaitingNotices
from .reading import Counted
from .schema import prepare
from .thinning import Keep
from .writing import Transaction

__all__ = ["Store"]

#: How long a notice is its holder's: longer than any delivery takes.
_LEASE: Final = timedelta(minutes=5)


class Store:
    """The history of accounts, the rules' memory, and the outbox; `open` makes one."""

    def __init__(self, engine: Engine, address: Address) -> None:
        self._engine = engine
        self._writer = engine.execution_options(writes=True)
        # What is read in several queries is of one moment: SQLite has it so anyway.
        self._reader = (
            engine if address.file is not None else engine.execution_options(isolation_level="REPEATABLE READ")
        )
        self._address = address
        # SQLite has one writer at a time. Threads of ours take turns here; there they would sleep and try again.
        self._turn = threading.Lock() if address.file is not None else None

    @classmethod
    def open(cls, address: Address | str, *, create: bool = True) -> Store:
        """Open a database; its tables are made or brought up to date first, while nobody else can.

        Args:
            address: where it is; a text is read by `Address.of`.
            create: whether to make file and tables where there are none.

        Raises:
            StoreError: it cannot be reached, read or written; it is not there and shall not be made; or a newer
                program has written it.
        """
        address = Address.of(address) if isinstance(address, str) else address
        engine = make_engine(address, create=create)
        try:
            with told(address):
                prepare(engine, address.shown, create=create)
        except BaseException:
            engine.dispose()
            raise
        return cls(engine, address)

    def __repr__(self) -> str:
        return f"Store({self.shown!r})"

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def shown(self) -> str:
        """Its name for people: the file, or host and database; never a password."""
        return self._address.shown

    def close(self) -> None:
        """Close its connections. It may be used again, and opens new ones."""
        self._engine.dispose()

    # --- writing -----------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def begin(self) -> Generator[Transaction]:
        """A transaction: committed when the block ends, undone where it ends in an exception.

        Keep it short, and never begin one inside another: other writers wait meanwhile.

        Raises:
            StoreError: the database cannot be used; nothing of the block was stored.
        """
        with self._writing() as connection:
            yield Transaction(connection)

    @contextlib.contextmanager
    def _writing(self) -> Generator[Connection]:
        if self._turn is not None and not self._turn.acquire(timeout=WAIT_S):
            raise StoreError(f"{self.shown} has been held by another thread of this program for {WAIT_S} s")
        try:
            with told(self._address), self._writer.begin() as connection:
                yield connection
        finally:
            if self._turn is not None:
                self._turn.release()

    @contextlib.contextmanager
    def _reading(self) -> Generator[Connection]:
        with told(self._address), self._reader.connect() as connection:
            yield connection

    # --- reading -----------------------------------------------------------------------------------------------

    def accounts(self) -> list[str]:
        """The names of all accounts that were ever read, sorted; some may have left the config since."""
        with self._reading() as connection:
            return reading.accounts(connection)

    def latest(self) -> dict[str, tuple[Attempt, Attempt | None]]:
        """By account name, sorted: its last read, and its last successful one, or None where none ever was."""
        with self._reading() as connection:
            return reading.latest(connection)

    def places(self, account: str | None = None) -> list[Place]:
        """Every place that `account` ever had, sorted; of all accounts where none is named."""
        with self._reading() as connection:
            return reading.places(connection, account)

    def points(self, place: Place, since: datetime, until: datetime, *, at_most: int | None = None) -> list[Point]:
        """What could be spent at `place`, in the order of time.

        A read has no point that failed, is unconfirmed, did not name the place, named it twice, or knew no amount.

        Args:
            place: where.
            since: the earliest (aware), included.
            until: the latest, included.
            at_most: how many at most, 4 or more; then, of each span of time, the first, the last, the lowest and the
                highest are kept. Quick for months, where all the points would take long. None is all of them.

        Raises:
            ValueError: `at_most` is below 4.
        """
        with self._reading() as connection:
            return reading.points(connection, place, since, until, at_most)

    def attempts(
        self,
        account: str,
        since: datetime | None = None,
        until: datetime | None = None,
        *,
        newest_first: bool = False,
    ) -> Iterator[Attempt]:
        """The reads of `account` that are kept, a few at a time from the database, so that any number will do.

        Args:
            account: its name.
            since: the earliest (aware), included; None is the beginning.
            until: the latest, included; None is the end.
            newest_first: the order.
        """
        after: tuple[datetime, int, int] | None = None
        while True:
            with self._reading() as connection:
                found, after = reading.page(connection, account, since, until, after, newest_first=newest_first)
            yield from found
            if after is None:
                return

    def states(self) -> dict[str, str]:
        """What the rules remember, by account name."""
        with self._reading() as connection:
            return reading.states(connection)

    def counted(self) -> list[Counted]:
        """How many reads came out how, of every account; no number ever falls, whatever is thinned."""
        with self._reading() as connection:
            return reading.counted(connection)

    # --- whose key was refused ----------------------------------------------------------------------------------

    def note_configs(self, marks: Mapping[str, str], now: datetime) -> None:
        """Note since when the config of each account is as it is.

        Args:
            marks: by the account's name, what stands for its config; one that is as it was is left alone.
            now: the time (aware).
        """
        with self._reading() as connection:
            known = refusals.marks(connection)
        news = {name: mark for name, mark in marks.items() if known.get(name) != mark}
        if news:
            with self._writing() as connection:
                refusals.note(connection, news, now)

    def forgive(self, account: str, now: datetime) -> None:
        """Refusals until now count no more, as if the config of `account` had changed."""
        with self._writing() as connection:
            refusals.forgive(connection, account, now)

    def refusals(self) -> dict[str, int]:
        """How often the key of an account was refused, by its name: since the last read that succeeded, and since its
        config is as it is. None is left out.
        """
        with self._reading() as connection:
            return refusals.counted(connection)

    # --- the outbox --------------------------------------------------------------------------------------------

    def notices_waiting(self, now: datetime) -> list[WaitingNotices]:
        """What `notices_due` would hand out, by channel, without taking any of it.

        A notice is due from the moment it is put, and then when `notice_failed` has said; none waits for a time that a
        clock has named which was set back since.
        """
        with self._reading() as connection:
            return notices.waiting(connection, now)

    def notices_due(
        self, now: datetime, *, channel: str | None = None, lease: timedelta = _LEASE, at_most: int = 100
    ) -> list[DueNotice]:
        """Notices to deliver now, the longest waiting first. Each is the caller's alone until `lease` is over.

        Tell what became of each, by `notice_sent` or `notice_failed`. One that nothing is told of is handed out again
        when the lease is over.

        Args:
            now: the time (aware).
            channel: those for this one alone; None is all.
            lease: longer than the delivery of all of them takes.
            at_most: how many.
        """
        with self._writing() as connection:
            return notices.claim_due(connection, now, channel, lease, at_most)

    def notices_hastened(self, now: datetime) -> None:
        """What was put off is due now: what kept it from being delivered may have been mended."""
        with self._writing() as connection:
            notices.hasten(connection, now)

    def notice_sent(self, notice: DueNotice, at: datetime) -> None:
        """It was delivered; it will never be due again."""
        with self._writing() as connection:
            notices.mark_sent(connection, notice, at)

    def notice_failed(self, notice: DueNotice, error: str, next_try: datetime | None) -> None:
        """It could not be delivered.

        Args:
            notice: as it was handed out; where its lease is over and another process has it, nothing changes.
            error: why, scrubbed; it is shown to people.
            next_try: when it is due again; None gives it up.
        """
        with self._writing() as connection:
            notices.mark_failed(connection, notice, error, next_try)

    def notices(self, since: datetime | None = None) -> list[KeptNotice]:
        """All notices and what became of them, the newest first; without those of before `since`."""
        with self._reading() as connection:
            return notices.kept(connection, since)

    # --- what is old -------------------------------------------------------------------------------------------

    def thin(self, now: datetime, keep: Keep | None = None, *, stop: Callable[[], bool] = lambda: False) -> int:
        """Take away what need not be kept any longer; see `Keep`. In many small transactions, each of them harmless.

        Args:
            now: the time (aware).
            keep: how long what is kept; None is 90 days of every read, then a year by the hour, then by the day.
            stop: asked between two transactions; True ends it, and the next call goes on from there.

        Returns:
            how many reads went.
        """
        keep = keep or Keep()
        gone = 0
        raw, hourly = day_of(now - keep.raw), day_of(now - keep.hourly)
        for step, mark, until in ((thinning.thin_a_day, "thinned", raw), (thinning.merge_a_day, "merged", hourly)):
            with self._reading() as connection:
                behind = thinning.behind(connection, mark, until)
            for account_id in behind:
                went: int | None = 0
                while went is not None:
                    if stop():
                        return gone
                    with self._writing() as connection:
                        went = step(connection, account_id, until)
                    gone += went or 0
        with self._writing() as connection:
            thinning.forget_notices(connection, now - keep.hourly)
        return gone
