"""The sync client: drives the flow of a read with real sockets, real time and threads.

Floor 6. Thread-safe. Tokens, clock offsets and locks belong to the client, keyed by account (see `ledger`); only the
nonce is the whole process's.
"""

from __future__ import annotations

import atexit
import random as randomness
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

from .account import Account, Outcome
from .bounds import overdue_in
from .crew import Crew, Task
from .errors import CoffersError, NetworkError, PluginError, TimedOutError
from .fairness import FairQueue
from .flow import BoundAccount, Effect, HeldToken, NeedToken, Pause, Run, fetch_token, read
from .hosts import Hosts
from .ledger import DEFAULT_TIMEOUT_S, Ledger, Nonces
from .messages import Response, SignedRequest
from .models import Snapshot
from .provider import Provider
from .registry import LOAD_WITHIN_S, Registry
from .settings import Resolver, travel_fault
from .transport import HttpTransport, Transport

if TYPE_CHECKING:  # none is needed before accounts are read in batches
    from concurrent.futures import Executor

    from .batches import Batch, Reading
    from .observing import FinishedRead, Observers

__all__ = ["DEFAULT_TIMEOUT_S", "Client", "Nonces", "read_batch"]

#: Accounts taken from the caller's iterable ahead of being read, so that one slow host holds up no other.
_LOOKAHEAD: Final = 10_000

#: Seconds beyond its deadline after which a read is given up: its verbs have a second each, everything else has none.
_OVERRUN_S: Final = 4.0

T = TypeVar("T")


class Client:
    """Reads accounts::

        with Client() as client:
            snapshot = client.read(Account("shop", "acme", {"key": "env:ACME_KEY"}))

    Args:
        registry: where providers come from; None looks at what is installed.
        transport: what sends; None opens real connections.
        resolver: what resolves references; None reads the real environment, files and so on.
        timeout_s: seconds one read may take, from the call to the last byte; an account's own timeout goes first.
        clock: seconds since 1970-01-01 UTC.
        monotonic: the clock of deadlines, in seconds.
        sleep: waits so many seconds; None waits until `close()` at most.
        random: a number from 0 to 1, for backoff.
        nonces: draws a rising number; None takes the process's own.
        observers: called with a `FinishedRead` for each read that ended, whatever came of it, one after the other in a
            thread of their own. One that raises harms no read, one that is slow delays its result by a second at most.
    """

    def __init__(
        self,
        *,
        registry: Registry | None = None,
        transport: Transport | None = None,
        resolver: Resolver | None = None,
        timeout_s: float = DEFAULT_TIMEOUT_S,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] | None = None,
        random: Callable[[], float] = randomness.random,
        nonces: Callable[[int], int] | None = None,
        observers: Iterable[Callable[[FinishedRead], object]] = (),
    ) -> None:
        self.registry: Registry = Registry() if registry is None else registry
        self._transport = HttpTransport(monotonic=monotonic) if transport is None else transport
        self._resolver = Resolver() if resolver is None else resolver
        self._owns_resolver = resolver is None
        self._clock = clock
        self._monotonic = monotonic
        self._closed = threading.Event()
        self._sleep = self._closed.wait if sleep is None else sleep
        self._timeout_s = timeout_s  # goes along with accounts that are read elsewhere
        self._ledger = Ledger(timeout_s=timeout_s, clock=clock, monotonic=monotonic, random=random, nonces=nonces)
        self._observers: Observers | None = None
        if told := tuple(observers):
            from .observing import Observers  # without observers a read costs nothing more than without this

            self._observers = Observers(told)
        self._lock = threading.Lock()
        # One for each account that reads or asks for its token one at a time, so that others cost nothing here.
        self._locks: dict[tuple[Account, str], threading.Lock] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection; reads under way fail with `NetworkError` at once. May be called twice.

        A secret's command under way is killed, unless the resolver was given.
        """
        self._closed.set()
        self._transport.close()
        if self._owns_resolver:
            self._resolver.stop()
        if self._observers is not None:
            self._observers.close()

    # --- one account -----------------------------------------------------------------------------------------------

    def read(self, account: Account) -> Snapshot:
        """Everything left in `account`, all or nothing.

        Raises:
            CoffersError: one of its kinds; it holds no secret, and no frame that saw one.
        """
        if self._observers is not None:
            outcome = self._outcome(account, None)
            self._observers.tell(outcome)
            return outcome.unwrap()
        try:
            deadline = self._monotonic() + self._allowed_s(account, None)
            return self._read(account, self._ledger.run(account, deadline))
        except CoffersError as failure:
            error = failure.with_facts(account=account.name, provider=account.provider)  # new, as in `_outcome`
        raise error

    def _outcome(self, account: Account, latest: float | None) -> Outcome:
        started = self._monotonic()
        snapshot: Snapshot | None = None
        error: CoffersError | None = None
        run = self._ledger.run(account, started + self._allowed_s(account, latest))
        try:
            snapshot = self._read(account, run)
        except CoffersError as failure:
            # A new error: frames and causes of the old one may hold what must not be shown.
            error = failure.with_facts(account=account.name, provider=account.provider)
        return self._ledger.outcome(account, started, run, snapshot, error)

    def _allowed_s(self, account: Account, latest: float | None) -> float:
        """Seconds that a read which begins now may take."""
        return self._ledger.allowed_s(account, latest)

    def _read(self, account: Account, run: Run) -> Snapshot:
        deadline = run.deadline
        self._ledger.check_open(deadline, closed=self._closed.is_set())
        provider = self.registry.load(account.provider, within_s=deadline - self._monotonic())
        resolved = self._resolver.resolve(account, provider.manifest, deadline)
        bound = self._ledger.bound(account, provider, resolved)
        if not provider.manifest.one_at_a_time:
            return self._run(bound, run)
        with self._held(account, "read", deadline):
            self._ledger.refresh_clock(run, account)
            return self._run(bound, run)

    def _run(self, bound: BoundAccount, run: Run) -> Snapshot:
        try:
            return self._drive(read(bound, run), bound, run)
        finally:
            self._ledger.keep_clock(bound.account, run.clock)

    def _drive(self, steps: Generator[Effect, Any, T], bound: BoundAccount, run: Run) -> T:
        """Do what the flow asks for until it ends."""
        try:
            effect = next(steps)
            while True:
                try:
                    result = self._perform(effect, bound, run)
                except CoffersError as error:
                    effect = steps.throw(error)
                else:
                    effect = steps.send(result)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]  # a generator's return value is untyped here

    def _perform(self, effect: Effect, bound: BoundAccount, run: Run) -> Response | HeldToken | None:
        if isinstance(effect, SignedRequest):
            return self._send(effect, bound, run)
        if isinstance(effect, Pause):
            self._sleep(effect.seconds)
            if self._closed.is_set():
                raise NetworkError("this client was closed during the read")
            return None
        return self._token(effect, bound, run)

    def _send(self, message: SignedRequest, bound: BoundAccount, run: Run) -> Response:
        endpoint = self._ledger.endpoint(message, bound)
        run.requests += 1
        started = self._monotonic()
        try:
            response = self._transport.send(message, endpoint, run.deadline)
        except CoffersError as error:
            self._ledger.sent(bound.account, message, started, error)
            raise
        self._ledger.sent(bound.account, message, started, response)
        return response

    def _token(self, need: NeedToken, bound: BoundAccount, run: Run) -> HeldToken:
        """A token for `bound`: the kept one, or a new one fetched once for all who wait for it."""
        kept = self._ledger.token(bound.account)
        fetches_before = kept.fetches
        with self._held(bound.account, "token", run.deadline):
            held = kept.at_hand(fetches_before, need.refused, self._monotonic())
            if held is not None:
                return held
            try:
                token = self._drive(fetch_token(bound, run), bound, run)
            except CoffersError as error:
                kept.failed(error)
                raise
            return kept.fetched(token, self._monotonic())

    @contextmanager
    def _held(self, account: Account, what: str, deadline: float) -> Generator[None]:
        """The account's turn to read, or to ask for its token; waiting counts against the deadline."""
        with self._lock:
            lock = self._locks.setdefault((account, what), threading.Lock())
        if not lock.acquire(timeout=self._ledger.left_s(deadline)):
            raise TimedOutError("another read of this account was still under way at the deadline")
        try:
            yield
        finally:
            lock.release()

    # --- many accounts ---------------------------------------------------------------------------------------------

    def read_many(
        self,
        accounts: Iterable[Account],
        *,
        workers: int = 32,
        per_host: int = 4,
        within_s: float | None = None,
        executor: Executor | None = None,
        batch_size: int = 500,
        batches: int = 16,
    ) -> Iterator[Outcome]:
        """Read accounts side by side; an outcome for each, as it completes. One failing account stops no other.

        The iterable is taken lazily and may be endless; a slow host delays only its own accounts. Ending the
        iteration early abandons what has not begun. A read that is stuck beyond its deadline, in a plugin's C code
        say, is given up with an error; its thread is replaced, and does not keep the process alive.

        With an `executor` the accounts are read in its processes, in batches, each by a client that such a process
        makes for itself and keeps. Outcomes come batch by batch. Secrets travel as references, which are resolved over
        there; an account with a secret in it ends as `config` and is not sent. The accounts of a host are in one batch
        at a time, so `per_host` holds for all processes together. Where a worker is lost, each account of its batch
        ends as `network`, and the message says that it may have been read. None is read again unasked.

        Args:
            accounts: what to read.
            workers: how many reads are under way at most; as many outcomes may wait to be taken.
            per_host: how many of them at one host at most (of its `base_url`, else of its own address, else the
                first of the manifest's).
            within_s: seconds after which everything still unread ends as `timeout`; None sets no such bound.
            executor: where to read; None is this process. It must run a call at most once. It stays open.
            batch_size: with an executor, how many accounts go together at most; `workers` is then for each batch.
            batches: with an executor, how many batches are under way at most.

        Raises:
            ValueError: a number below 1.
        """
        if min(workers, per_host, batch_size, batches) < 1:
            raise ValueError("workers, per_host, batch_size and batches must be at least 1")
        if executor is not None:
            from .batches import Batch, Batches

            hosts = Hosts(self._manifest, LOAD_WITHIN_S)
            outcomes = Batches(
                iter(accounts),
                executor,
                read_batch,
                Batch((), workers, per_host, within_s, self._timeout_s),
                size=batch_size,
                at_once=batches,
                host_of=hosts.host_of,
                refusal=self._travel_refusal,
            ).outcomes()
            return outcomes if self._observers is None else self._observers.told(outcomes)
        latest = None if within_s is None else self._monotonic() + within_s
        outcomes = self._read_many(iter(accounts), workers, per_host, latest)
        return outcomes if self._observers is None else self._observers.told(outcomes)

    def _read_many(
        self, accounts: Iterator[Account], workers: int, per_host: int, latest: float | None
    ) -> Generator[Outcome]:
        turns = FairQueue(per_host)
        hosts = Hosts(self._manifest)
        crew: Crew[tuple[str, Account], Outcome] = Crew(
            lambda turn: self._outcome(turn[1], latest),
            take=turns.take,
            done=lambda turn: turns.done(turn[0]),
            limit_s=lambda turn: max(0.0, self._allowed_s(turn[1], latest)) + _OVERRUN_S,
            size=workers,
        )
        more = True
        try:
            while True:
                # As many as can be under way wait for their turn; more only while somebody is free and can read none
                # of those. What has ended goes out first: the next account may be long in coming.
                while more and (len(turns) < workers or (crew.wants_work and len(turns) < _LOOKAHEAD)):
                    if (account := next(accounts, None)) is None:
                        more = False
                        break
                    host = hosts.host_of(account)
                    with crew.lock:
                        turns.put(host, account)
                    crew.call_up()
                    if crew.has_news:
                        break
                crew.call_up()
                if (task := crew.next()) is None:
                    return
                if task.fault is not None:
                    raise task.fault
                yield self._given_up(task) if task.result is None else task.result
        finally:
            crew.dismiss()

    def _travel_refusal(self, account: Account) -> CoffersError | None:
        """Why `account` must not be sent to another process."""
        try:
            return travel_fault(account, self.registry.load(account.provider).fields)
        except PluginError as error:
            return error

    def _manifest(self, provider_id: str, within_s: float) -> Provider[Any, Any] | None:
        """The provider's manifest, if it can be had so soon."""
        try:
            return self.registry.load(provider_id, within_s=max(0.0, within_s)).manifest
        except PluginError:
            return None

    def _given_up(self, task: Task[tuple[str, Account], Outcome]) -> Outcome:
        account = task.job[1]
        complaint = overdue_in(task.thread or 0)
        elapsed_s = time.monotonic() - task.begun
        error: CoffersError
        if complaint is None:
            error = TimedOutError("the read did not end at its deadline and was given up")
        else:
            error = PluginError(f"{complaint} its time and was given up after {elapsed_s:.0f} s")
        return Outcome(
            account=account,
            fetched_at=datetime.fromtimestamp(self._clock(), UTC),
            elapsed_s=elapsed_s,
            error=error.with_facts(account=account.name, provider=account.provider),
        )


# --- in the processes of an executor -------------------------------------------------------------------------------


@lru_cache(maxsize=64)
def _kept_client(process: int, timeout_s: float) -> Client:
    """The client of a process; one that was forked off makes its own."""
    client = Client(timeout_s=timeout_s)
    atexit.register(client.close)
    return client


def read_batch(batch: Batch) -> list[Reading]:
    """What `read_many` has its `executor` run: reads `batch` with the client that this process keeps."""
    from .batches import process_id

    client = _kept_client(process_id(), batch.timeout_s)
    outcomes = client.read_many(batch.accounts, workers=batch.workers, per_host=batch.per_host, within_s=batch.within_s)
    return batch.readings(outcomes)
