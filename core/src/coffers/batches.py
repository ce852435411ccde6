"""Many accounts, read in other processes: which go together, what travels, what becomes of those that are lost.

Floor 5, beside `fairness`. Knows no client and no engine: any `concurrent.futures.Executor` that runs a call at most
once will do. It must never send a secret, and never have an account read a second time: what a lost worker did is not
known, and its accounts say so.
"""

from __future__ import annotations

import math
import os
import queue
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, TypeAlias

import attrs

from .account import Account, Outcome
from .errors import CoffersError, NetworkError, TimedOutError
from .fairness import Lanes
from .models import Snapshot

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future

__all__ = ["Batch", "Batches", "Reading", "process_id"]

#: Seconds beyond `within_s` that a batch under way has to come back.
_GRACE_S: Final = 10.0

#: The most seconds to wait at a time; a queue takes no endless number.
_LONGEST_WAIT_S: Final = 3600.0

_TOO_LATE: Final = "the time was over before this account's turn came"
_UNKNOWN: Final = "this account may have been read, and nothing is known of it"

#: An outcome on its way home, without the account: when the read ended, seconds it took, what came of it.
Reading: TypeAlias = tuple[datetime, float, Snapshot | None, CoffersError | None]


def process_id() -> int:
    """Which process this is: a client that was made before a fork belongs to another one."""
    return os.getpid()


@attrs.frozen
class Batch:
    """What travels: accounts that are read together, and how.

    Attributes:
        accounts: each with references where its secrets go.
        workers: how many are read at a time at most.
        per_host: how many of them at one host at most.
        within_s: seconds from now after which what is unread ends as `timeout`; None sets no such bound.
        timeout_s: seconds one read may take, unless the account says otherwise.
    """

    accounts: tuple[Account, ...]
    workers: int
    per_host: int
    within_s: float | None
    timeout_s: float

    def readings(self, outcomes: Iterable[Outcome]) -> list[Reading]:
        """The outcomes of its own accounts, in the order of these, ready to travel."""
        places: dict[int, list[int]] = {}
        for place, account in enumerate(self.accounts):
            places.setdefault(id(account), []).append(place)
        found: dict[int, Reading] = {}
        for outcome in outcomes:
            place = places[id(outcome.account)].pop()
            found[place] = (outcome.fetched_at, outcome.elapsed_s, outcome.snapshot, outcome.error)
        return [found[place] for place in range(len(self.accounts))]


@attrs.define(eq=False)
class _Sent:
    """A batch under way, the hosts it keeps to itself, and since when."""

    batch: Batch
    hosts: frozenset[str]
    since: float
    called_off: bool = False


class Batches:
    """Accounts read batch by batch; `outcomes` yields one for each as the batches come back.

    The accounts of a host are in one batch at a time, so that its `per_host` is the limit of all processes together.
    A batch takes no more of one host than it can read in the time that the whole of it needs.

    Args:
        accounts: what to read; as many are taken ahead as are under way.
        executor: runs `read`, each call at most once.
        read: reads a batch; found by its name where the executor's calls run.
        like: a batch without accounts: everything else about them.
        size: how many accounts a batch holds at most.
        at_once: how many batches are under way at most.
        host_of: where an account is read.
        refusal: why an account must not travel, or None.
    """

    def __init__(
        self,
        accounts: Iterator[Account],
        executor: Executor,
        read: Callable[[Batch], list[Reading]],
        like: Batch,
        *,
        size: int,
        at_once: int,
        host_of: Callable[[Account], str],
        refusal: Callable[[Account], CoffersError | None],
    ) -> None:
        self._accounts = accounts
        self._executor = executor
        self._read = read
        self._like = like
        self._size = size
        self._at_once = at_once
        self._host_of = host_of
        self._refusal = refusal
        self._lanes = Lanes(min(size, max(like.per_host, math.ceil(size * like.per_host / like.workers))))
        self._latest = math.inf if like.within_s is None else time.monotonic() + like.within_s
        self._under_way: dict[Future[list[Reading]], _Sent] = {}
        self._ended: queue.SimpleQueue[Future[list[Reading]]] = queue.SimpleQueue()
        self._more = True

    def outcomes(self) -> Generator[Outcome]:
        """An outcome for each account."""
        try:
            while True:
                yield from self._draw()
                if self._has_place and (self._lanes.ready >= self._size or (self._lanes.ready and self._ended.empty())):
                    yield from self._send()
                elif self._under_way:
                    yield from self._come_back()
                else:
                    return
        finally:
            for future in self._under_way:
                future.cancel()

    @property
    def _has_place(self) -> bool:
        return len(self._under_way) < self._at_once

    def _draw(self) -> Iterator[Outcome]:
        """Take as many accounts as all batches hold, so that each finds hosts of its own; fewer where a batch came
        back meanwhile: what has ended goes out first.
        """
        while self._more and self._has_place and len(self._lanes) < self._size * self._at_once:
            account = next(self._accounts, None)
            if account is None:
                self._more = False
            elif (error := self._refusal(account)) is not None:
                yield _failed(account, error)
            else:
                self._lanes.put(self._host_of(account), account)
            if not self._ended.empty():
                return

    def _send(self) -> Iterator[Outcome]:
        accounts, hosts = self._lanes.take(self._size)
        now = time.monotonic()
        within_s = None if self._like.within_s is None else self._latest - now
        sent = _Sent(attrs.evolve(self._like, accounts=tuple(accounts), within_s=within_s), hosts, now)
        error: CoffersError
        if now >= self._latest:
            error = TimedOutError(_TOO_LATE, attempts=0)
        else:
            try:
                future = self._executor.submit(self._read, sent.batch)
            except Exception as fault:  # noqa: BLE001  an executor may raise anything once it is broken or shut down
                what = f"the executor takes nothing more ({type(fault).__name__}): nothing was sent"
                error = NetworkError(what, attempts=0)
            else:
                self._under_way[future] = sent
                future.add_done_callback(self._ended.put)
                return
        self._lanes.done(hosts)
        yield from _all_failed(sent, error)

    def _come_back(self) -> Iterator[Outcome]:
        """The outcomes of the next batch that comes back; of those that do not in time, too."""
        now = time.monotonic()
        if now >= self._latest:
            for future, sent in self._under_way.items():
                sent.called_off = sent.called_off or future.cancel()
        gone = now >= self._latest + _GRACE_S
        until = self._latest + _GRACE_S if now >= self._latest else self._latest
        try:
            future = self._ended.get(timeout=min(max(0.0, until - now), _LONGEST_WAIT_S))
        except queue.Empty:
            if gone:
                sent = self._under_way.pop(next(iter(self._under_way)))
                self._lanes.done(sent.hosts)
                yield from _all_failed(sent, TimedOutError(f"its batch did not come back in time: {_UNKNOWN}"))
            return
        if future not in self._under_way:
            return  # given up before
        sent = self._under_way.pop(future)
        self._lanes.done(sent.hosts)
        fault = "cancelled" if future.cancelled() else future.exception()
        if sent.called_off:
            yield from _all_failed(sent, TimedOutError(_TOO_LATE, attempts=0))
        elif fault is not None:
            what = fault if isinstance(fault, str) else type(fault).__name__  # its text is of foreign make
            yield from _all_failed(sent, NetworkError(f"the worker was lost ({what}): {_UNKNOWN}"))
        else:
            for account, reading in zip(sent.batch.accounts, future.result(), strict=True):
                yield Outcome(account, *reading)


def _all_failed(sent: _Sent, error: CoffersError) -> Iterator[Outcome]:
    elapsed_s = time.monotonic() - sent.since
    return (_failed(account, error, elapsed_s) for account in sent.batch.accounts)


def _failed(account: Account, error: CoffersError, elapsed_s: float = 0.0) -> Outcome:
    """The outcome of an account that ends here and now."""
    failure = error.with_facts(account=account.name, provider=account.provider)
    return Outcome(account, datetime.now(UTC), elapsed_s, error=failure)
