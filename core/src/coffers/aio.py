"""The async client: drives the flow of a read on an event loop, by the rules and with the errors of `Client`.

Floor 6, beside `client`. For one event loop; not thread-safe. Only who imports this imports asyncio. What may block
runs in a thread: a secret's command, file or keyring, the import of a plugin, the lookup of a name. A plugin's verbs
run on the loop, because each needs far less than a millisecond, and a thread costs more than that.
"""

from __future__ import annotations

import asyncio
import contextlib
import random as randomness
import time
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Generator, Iterable
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

from .account import Account, Outcome
from .aside import Aside
from .errors import CoffersError, NetworkError, TimedOutError
from .fairness import FairQueue
from .flow import BoundAccount, Effect, HeldToken, NeedToken, Pause, Run, fetch_token, read
from .hosts import Hosts, Manifest
from .ledger import DEFAULT_TIMEOUT_S, Ledger
from .messages import Response, SignedRequest
from .models import Snapshot
from .registry import LoadedProvider, Registry
from .settings import Resolved, Resolver, may_block
from .transport.loop import AsyncHttpTransport, AsyncTransport

if TYPE_CHECKING:
    from .observing import FinishedRead, Observers

__all__ = ["AsyncClient", "AsyncHttpTransport", "AsyncTransport"]

#: Accounts taken from the caller's iterable ahead of being read, so that one slow host holds up no other.
_LOOKAHEAD: Final = 10_000
#: So many of them at a stretch; then others on the loop have their turn.
_AT_A_STRETCH: Final = 100

#: Seconds that one verb of a plugin may take. While it runs, everything else on the loop stands still.
_VERB_S: Final = 1.0

#: Seconds beyond the deadline for what ends by itself at the deadline, to say so in its own words.
_LAST_WORD_S: Final = 0.25

T = TypeVar("T")


class AsyncClient:
    """Reads accounts, many at once on one event loop::

        async with AsyncClient() as client:
            snapshot = await client.read(Account("shop", "acme", {"key": "env:ACME_KEY"}))

    Made anywhere, used on one loop: the first that it reads on. A read that is cancelled ends at once: its connection
    is closed, and nothing that others wait for is held any longer.

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
        observers: as for `Client`; they run in a thread of their own, never on the loop.
    """

    def __init__(
        self,
        *,
        registry: Registry | None = None,
        transport: AsyncTransport | None = None,
        resolver: Resolver | None = None,
        timeout_s: float = DEFAULT_TIMEOUT_S,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] | None = None,
        random: Callable[[], float] = randomness.random,
        nonces: Callable[[int], int] | None = None,
        observers: Iterable[Callable[[FinishedRead], object]] = (),
    ) -> None:
        self.registry: Registry = Registry() if registry is None else registry
        self._transport = AsyncHttpTransport(monotonic=monotonic) if transport is None else transport
        self._resolver = Resolver() if resolver is None else resolver
        self._owns_resolver = resolver is None
        self._monotonic = monotonic
        self._sleep = sleep
        self._closed = asyncio.Event()
        self._ledger = Ledger(timeout_s=timeout_s, clock=clock, monotonic=monotonic, random=random, nonces=nonces)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._aside = Aside()
        self._observers: Observers | None = None
        if told := tuple(observers):
            from .observing import Observers  # without observers a read costs nothing more than without this

            self._observers = Observers(told)
        self._providers: dict[str, LoadedProvider] = {}
        # One for each account that reads or asks for its token one at a time, and each plugin that is imported.
        self._locks: dict[tuple[object, ...], asyncio.Lock] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close every connection and wait until they are closed; reads under way fail with `NetworkError` at once.

        May be called twice. A secret's command under way is killed, unless the resolver was given.
        """
        self._closed.set()
        if self._owns_resolver:
            self._resolver.stop()
        self._aside.dismiss()
        await self._transport.close()
        if self._observers is not None:
            await self._aside.call(self._observers.close)

    # --- one account -----------------------------------------------------------------------------------------------

    async def read(self, account: Account) -> Snapshot:
        """Everything left in `account`, all or nothing.

        Raises:
            CoffersError: one of its kinds; it holds no secret, and no frame that saw one.
            RuntimeError: the client was used on another event loop before.
        """
        outcome = await self._outcome(account, None)
        if self._observers is not None:
            await self._aside.call(self._observers.tell, outcome)
        return outcome.unwrap()

    async def _outcome(self, account: Account, latest: float | None) -> Outcome:
        started = self._monotonic()
        snapshot: Snapshot | None = None
        error: CoffersError | None = None
        run = self._ledger.run(account, started + self._ledger.allowed_s(account, latest), verb_limit_s=_VERB_S)
        try:
            snapshot = await self._read(account, run)
        except CoffersError as failure:
            # A new error: frames and causes of the old one may hold what must not be shown.
            error = failure.with_facts(account=account.name, provider=account.provider)
        return self._ledger.outcome(account, started, run, snapshot, error)

    async def _read(self, account: Account, run: Run) -> Snapshot:
        deadline = run.deadline
        self._check_loop()
        self._ledger.check_open(deadline, closed=self._closed.is_set())
        provider = self._providers.get(account.provider) or await self._loaded(account.provider, deadline)
        if type(self._resolver) is Resolver and not may_block(account):
            resolved = self._resolver.resolve(account, provider.manifest, deadline)
        else:
            resolved = await self._resolved(account, provider.manifest, deadline)
        bound = self._ledger.bound(account, provider, resolved)
        if not provider.manifest.one_at_a_time:
            return await self._run(bound, run)
        async with self._held((account, "read"), deadline):
            self._ledger.refresh_clock(run, account)
            return await self._run(bound, run)

    async def _run(self, bound: BoundAccount, run: Run) -> Snapshot:
        try:
            return await self._drive(read(bound, run), bound, run)
        finally:
            self._ledger.keep_clock(bound.account, run.clock)

    async def _drive(self, steps: Generator[Effect, Any, T], bound: BoundAccount, run: Run) -> T:
        """Do what the flow asks for until it ends."""
        try:
            effect = next(steps)
            while True:
                try:
                    result = await self._perform(effect, bound, run)
                except CoffersError as error:
                    effect = steps.throw(error)
                else:
                    effect = steps.send(result)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]  # a generator's return value is untyped here

    def _perform(self, effect: Effect, bound: BoundAccount, run: Run) -> Awaitable[Response | HeldToken | None]:
        if isinstance(effect, SignedRequest):
            return self._send(effect, bound, run)
        if isinstance(effect, Pause):
            return self._pause(effect.seconds)
        return self._token(effect, bound, run)

    async def _send(self, message: SignedRequest, bound: BoundAccount, run: Run) -> Response:
        endpoint = self._ledger.endpoint(message, bound)
        run.requests += 1
        started = self._monotonic()
        try:
            response = await self._transport.send(message, endpoint, run.deadline)
        except CoffersError as error:
            self._ledger.sent(bound.account, message, started, error)
            raise
        self._ledger.sent(bound.account, message, started, response)
        return response

    async def _pause(self, seconds: float) -> None:
        if self._sleep is not None:
            await self._sleep(seconds)
        else:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._closed.wait()
        if self._closed.is_set():
            raise NetworkError("this client was closed during the read")

    async def _token(self, need: NeedToken, bound: BoundAccount, run: Run) -> HeldToken:
        """A token for `bound`: the kept one, or a new one fetched once for all who wait for it."""
        kept = self._ledger.token(bound.account)
        fetches_before = kept.fetches
        async with self._held((bound.account, "token"), run.deadline):
            held = kept.at_hand(fetches_before, need.refused, self._monotonic())
            if held is not None:
                return held
            try:
                token = await self._drive(fetch_token(bound, run), bound, run)
            except CoffersError as error:
                kept.failed(error)
                raise
            return kept.fetched(token, self._monotonic())

    # --- waiting ---------------------------------------------------------------------------------------------------

    def _check_loop(self) -> None:
        loop = asyncio.get_running_loop()
        if self._loop is None:
            self._loop = loop
        elif self._loop is not loop:
            raise RuntimeError("this AsyncClient was used on another event loop; make one for each loop")

    async def _loaded(self, provider_id: str, deadline: float) -> LoadedProvider:
        """The provider, imported in a thread; whoever wants it too waits for that thread."""
        complaint = "its plugin was still being imported at the deadline"
        async with self._held(("import", provider_id), deadline, complaint):
            known = self._providers.get(provider_id)
            if known is None:
                load = partial(self.registry.load, provider_id, within_s=self._ledger.left_s(deadline))
                known = self._providers[provider_id] = await self._beside(load, deadline, complaint)
            return known

    async def _resolved(self, account: Account, manifest: Manifest, deadline: float) -> Resolved:
        """The account's settings and credentials, looked up in a thread: it may take long."""
        resolve = partial(self._resolver.resolve, account, manifest, deadline)
        return await self._beside(resolve, deadline, "its secrets were still being looked up at the deadline")

    async def _beside(self, function: Callable[[], T], deadline: float, complaint: str) -> T:
        return await self._within(self._aside.call(function), deadline + _LAST_WORD_S, complaint)

    @contextlib.asynccontextmanager
    async def _held(
        self,
        what: tuple[object, ...],
        deadline: float,
        complaint: str = "another read of this account was still under way at the deadline",
    ) -> AsyncGenerator[None]:
        """One's turn, where one goes at a time; waiting counts against the deadline."""
        lock = self._locks.setdefault(what, asyncio.Lock())
        await self._within(lock.acquire(), deadline, complaint)
        try:
            yield
        finally:
            lock.release()

    async def _within(self, awaited: Awaitable[T], deadline: float, complaint: str) -> T:
        try:
            async with asyncio.timeout(self._ledger.left_s(deadline)):
                return await awaited
        except TimeoutError:
            raise TimedOutError(complaint) from None

    # --- many accounts ---------------------------------------------------------------------------------------------

    def read_many(
        self,
        accounts: Iterable[Account] | AsyncIterable[Account],
        *,
        concurrency: int = 1000,
        per_host: int = 4,
        within_s: float | None = None,
    ) -> AsyncGenerator[Outcome]:
        """Read accounts side by side; an outcome for each, as it completes. One failing account stops no other.

        The iterable is taken lazily and may be endless; if it fails, that is raised when what it gave before is read.
        A slow host delays only its own accounts. Nothing is begun while as many outcomes as may be under way wait to be
        taken. To end the iteration early, close it (see `contextlib.aclosing`): what is under way is cancelled then.

        Args:
            accounts: what to read; a plain iterable must not block.
            concurrency: how many reads are under way at most.
            per_host: how many of them at one host at most (of its `base_url`, else of its own address, else the
                first of the manifest's).
            within_s: seconds after which everything still unread ends as `timeout`; None sets no such bound.

        Raises:
            ValueError: `concurrency` or `per_host` below 1.
        """
        if concurrency < 1 or per_host < 1:
            raise ValueError("concurrency and per_host must be at least 1")
        latest = None if within_s is None else self._monotonic() + within_s
        return self._read_many(accounts, concurrency, FairQueue(per_host), latest)

    async def _read_many(
        self,
        accounts: Iterable[Account] | AsyncIterable[Account],
        concurrency: int,
        turns: FairQueue,
        latest: float | None,
    ) -> AsyncGenerator[Outcome]:
        loop = asyncio.get_running_loop()
        under_way: dict[asyncio.Task[Outcome], str] = {}  # or ended and not taken; with the host
        ended: deque[asyncio.Task[Outcome]] = deque()
        news, room = asyncio.Event(), asyncio.Event()
        hosts = Hosts(self._manifest)

        def end(task: asyncio.Task[Outcome]) -> None:
            ended.append(task)
            news.set()

        def crowded() -> bool:
            """Whether as many wait as may be under way; more only while nobody's turn has come and somebody is free."""
            return len(turns) >= (_LOOKAHEAD if len(under_way) < concurrency else concurrency)

        async def wait_for_turn(account: Account) -> None:
            await self._import_for(account, hosts)
            turns.put(hosts.host_of(account), account)
            news.set()
            while crowded():
                room.clear()
                await room.wait()

        async def feed() -> None:
            if isinstance(accounts, AsyncIterable):
                async for account in accounts:
                    await wait_for_turn(account)
                return
            for taken, account in enumerate(accounts, 1):
                await wait_for_turn(account)
                if taken % _AT_A_STRETCH == 0:
                    await asyncio.sleep(0)

        feeder = loop.create_task(feed())
        feeder.add_done_callback(lambda _: news.set())
        try:
            while True:
                while len(under_way) < concurrency and (turn := turns.take()) is not None:
                    host, account = turn
                    task = loop.create_task(self._outcome(account, latest))
                    under_way[task] = host
                    task.add_done_callback(end)
                if not crowded():
                    room.set()
                if ended:
                    task = ended.popleft()
                    turns.done(under_way.pop(task))
                    outcome = task.result()
                    if self._observers is not None:
                        await self._aside.call(self._observers.tell, outcome)
                    yield outcome
                elif feeder.done() and not under_way:
                    feeder.result()  # the iterable may have failed
                    return
                else:
                    news.clear()
                    await news.wait()
        finally:
            feeder.cancel()
            for task in under_way:
                task.cancel()
            await asyncio.gather(feeder, *under_way, return_exceptions=True)

    async def _import_for(self, account: Account, hosts: Hosts) -> None:
        """Import the plugin that says where `account` is read, if there is still time for that."""
        provider_id = hosts.wanted(account)
        if provider_id is not None and provider_id not in self._providers:
            with contextlib.suppress(CoffersError):  # told when the account is read
                await self._loaded(provider_id, self._monotonic() + hosts.left_s())

    def _manifest(self, provider_id: str, _: float) -> Manifest | None:
        known = self._providers.get(provider_id)
        return None if known is None else known.manifest
