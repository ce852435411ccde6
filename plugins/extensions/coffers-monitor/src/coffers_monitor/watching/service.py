"""`Watch`: a scheduler decides when, the core's client reads, each finished read is handed over.

An event loop, not threads: a read that hangs costs a task and not a thread, so that none is ever short, and at the end
all of them are cancelled at once. The timetable holds the times, one run of an account at a time; the client holds the
limits of hosts, the deadlines and the retries. What a read leads to may block (a database): it runs in one thread
beside the loop, one read after the other.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from coffers import Account, FinishedRead, Outcome, Resolver
from coffers.aio import AsyncClient
from coffers_monitor.attempts import attempt_of
from coffers_monitor.facts import Attempt

from .faults import fault_text
from .pace import Course, Watched, spread_s
from .threads import Clerk
from .timetable import Timetable

__all__ = ["OnAttempt", "Watch", "Watched"]

#: What a finished read leads to: called with one after the other, in one thread. It may answer how soon the account
#: shall be read again, where that is sooner than by its interval.
OnAttempt = Callable[[Attempt], timedelta | None]

_CONCURRENCY: Final = 1000
_PER_HOST: Final = 8
#: Seconds that the end waits: for reads to be cancelled, what is finished to be handed over, connections to close.
_CANCEL_S: Final = 0.5
_HAND_OVER_S: Final = 0.8
_CLOSE_S: Final = 0.3


class Watch:
    """Reads accounts again and again, until it is stopped.

    Args:
        accounts: by name, see `follow`.
        on_attempt: what each finished read leads to. What it raises is told and harms no read; where nobody takes what
            it writes (`BrokenPipeError`), the watch ends.
        client: reads; closed at the end.
        resolver: that of the client, if programs that answer secrets shall run again after a refusal.
        tell: takes a line for people.
        refusals: how often the key of an account was refused before, by its name; since its config is as it is.
        per_host: how many reads are under way at one host at most.
    """

    def __init__(
        self,
        accounts: Mapping[str, Watched],
        on_attempt: OnAttempt,
        *,
        client: AsyncClient,
        resolver: Resolver | None = None,
        tell: Callable[[str], object],
        refusals: Mapping[str, int] | None = None,
        per_host: int = _PER_HOST,
    ) -> None:
        self._first = accounts
        self._refusals = dict(refusals or {})
        self._client = client
        self._resolver = resolver
        self._tell = tell
        self._per_host = per_host
        self._clerk: Clerk[Attempt, timedelta | None] = Clerk(on_attempt)
        self._times = Timetable(self._turn)
        self._watched: dict[str, Watched] = {}
        self._courses: dict[str, Course] = {}
        self._due: asyncio.Queue[Account] = asyncio.Queue()
        self._reads: dict[str, asyncio.Task[None]] = {}  # from an account's turn until its read is handed over
        self._under_way: dict[str, asyncio.Future[Outcome]] = {}  # the part of it that the client needs
        self._again: set[str] = set()  # asked for while they were read
        self._stopped = asyncio.Event()
        self._fault: BaseException | None = None

    # --- what a person asks for ------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Watch until `stop` is called; then everything under way is cancelled, and what is finished handed over.

        Raises:
            BrokenPipeError: nobody takes what `on_attempt` writes.
        """
        self._times.start()
        self.follow(self._first)
        reading = asyncio.create_task(self._read_all())
        stopped = asyncio.create_task(self._stopped.wait())
        try:
            await asyncio.wait((reading, stopped), return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopped.cancel()
            await self._end(reading)
        if self._fault is not None:
            raise self._fault

    def stop(self) -> None:
        """End soon. To be called on the loop."""
        self._stopped.set()

    def follow(self, accounts: Mapping[str, Watched]) -> None:
        """Watch these from now on.

        A new account and one that has changed is read soon, one that is gone no more; the others go on as they are. A
        paused one stays so unless it has changed itself: its interval alone says nothing about its key.
        """
        for name in self._watched.keys() - accounts.keys():
            self._times.remove(name)
            del self._watched[name], self._courses[name]
        news = [name for name, watched in accounts.items() if self._is_new(watched)]
        for place, name in enumerate(news):
            self._courses[name] = Course.begun(self._refusals.pop(name, 0))
            self._times.add(name, accounts[name].pace, spread_s(place, len(news), accounts[name].pace))
            if self._courses[name].paused:
                self._pause(name, "before this began")
        if news:
            self._forget_secrets()
        for name, watched in accounts.items():
            before = self._watched.get(name)
            self._watched[name] = watched
            if before is not None and before.account == watched.account and before.pace != watched.pace:
                self._times.change(name, watched.pace)
            if watched.pace.held_back and (before is None or before.pace != watched.pace):
                least = f"{watched.account.provider} allows one read in {watched.pace.least_s:g} s"
                self._tell(f"{name}: {least}; it is read so often and no more")

    def begin_again(self) -> None:
        """Read every account soon, paused ones apart, and go on from there: after the machine's clock was set back, for
        one, when their times would be long in coming.
        """
        names = [name for name, course in self._courses.items() if not course.paused]
        for place, name in enumerate(names):
            pace = self._watched[name].pace
            self._times.add(name, pace, spread_s(place, len(names), pace))

    def _is_new(self, watched: Watched) -> bool:
        """Whether an account is watched for the first time, as it is now."""
        before = self._watched.get(watched.account.name)
        return before is None or before.account != watched.account

    def resume(self, name: str) -> bool:
        """Read an account soon, paused or not; False where there is no such account."""
        if name not in self._watched:
            return False
        self._courses[name] = Course()
        self._forget_secrets()
        if name in self._reads:
            self._again.add(name)
        self._times.at(name, datetime.now(UTC))
        return True

    def paused(self) -> tuple[str, ...]:
        """The accounts that are left alone."""
        return tuple(name for name, course in self._courses.items() if course.paused)

    def next_read(self, name: str) -> datetime | None:
        """When an account is read next; None while it is paused, or where there is no such account."""
        return self._times.next(name)

    # --- reading ---------------------------------------------------------------------------------------------------

    async def _turn(self, name: str) -> None:
        """An account's turn has come. One whose last read is still under way misses it."""
        if name in self._watched and name not in self._reads:
            task = self._reads[name] = asyncio.create_task(self._read(name, self._watched[name].account))
            task.add_done_callback(self._look_at)

    async def _read(self, name: str, account: Account) -> None:
        """One read of an account, until it is handed over."""
        waiting = self._under_way[name] = asyncio.get_running_loop().create_future()
        self._due.put_nowait(account)
        attempt = attempt_of(FinishedRead.of(await waiting))
        again: timedelta | None = None
        try:
            again = await self._clerk.hand(attempt)
        except BrokenPipeError:
            raise
        except Exception as fault:  # noqa: BLE001  what a read leads to must not end the reading
            self._tell(f"{name}: what follows from a read failed: {fault_text(fault)}")
        del self._reads[name]
        self._go_on(name, account, attempt, again)

    def _look_at(self, task: asyncio.Task[None]) -> None:
        """A read that fails in any other way than reads fail ends the watch."""
        if not task.cancelled() and (fault := task.exception()) is not None:
            self._fault = fault
            self.stop()

    def _go_on(self, name: str, account: Account, attempt: Attempt, again: timedelta | None) -> None:
        """Decide when the account is read next."""
        watched = self._watched.get(name)
        if watched is None:
            return
        if watched.account != account or name in self._again:
            # It has changed meanwhile, or somebody asked: what came of this read says nothing of the next.
            self._again.discard(name)
            self._times.at(name, datetime.now(UTC))
            return
        course = self._courses[name] = self._courses[name].after(attempt, watched.pace)
        if attempt.error == "auth":
            self._forget_secrets()  # the key may have been replaced
        if course.paused:
            self._pause(name, "in a row")
        elif course.wait_s is not None:
            self._times.at(name, attempt.at + timedelta(seconds=course.wait_s))
        elif again is not None:
            soon = attempt.at + max(again, timedelta(seconds=watched.pace.least_s))
            by_interval = self.next_read(name)
            if by_interval is None or soon < by_interval:
                self._times.at(name, soon)

    def _pause(self, name: str, when: str) -> None:
        self._times.pause(name)
        self._tell(
            f"{name}: its key was refused {self._courses[name].refusals} times {when}; it is paused until its config "
            f"changes, or `coffers watch --resume {name}`"
        )

    async def _read_all(self) -> None:
        outcomes = self._client.read_many(self._due_ones(), concurrency=_CONCURRENCY, per_host=self._per_host)
        async with contextlib.aclosing(outcomes):
            async for outcome in outcomes:
                self._under_way.pop(outcome.account.name).set_result(outcome)

    async def _due_ones(self) -> AsyncGenerator[Account]:
        while True:
            yield await self._due.get()

    def _forget_secrets(self) -> None:
        if self._resolver is not None:
            self._resolver.forget()

    async def _end(self, reading: asyncio.Task[None]) -> None:
        """Everything under way is cancelled, what is finished is handed over; each for a moment and no longer."""
        self._times.pause_all()
        reading.cancel()
        await asyncio.wait((reading,), timeout=_CANCEL_S)
        if reading.done() and not reading.cancelled() and self._fault is None:
            self._fault = reading.exception()
        for name in self._under_way:
            self._reads[name].cancel()
        if self._reads:
            await asyncio.wait(self._reads.values(), timeout=_HAND_OVER_S)
        self._clerk.close()
        self._times.stop()
        await asyncio.sleep(0)  # which happens on the loop
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_S):
                await self._client.close()
