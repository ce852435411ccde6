"""What a client keeps between reads, and what it decides without waiting: one for each client, sync or async.

Floor 5.7: above the flow, below the clients, which add sockets, time and waiting. Never waits and never blocks for
longer than it takes to count. Safe to share between threads; only the nonce is the whole process's.
"""

from __future__ import annotations

import logging
import math
import random as randomness
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

import attrs

from .account import Account, Outcome
from .errors import CoffersError, NetworkError, TimedOutError
from .flow import BoundAccount, Clock, HeldToken, Run
from .messages import AccessToken, Response, SignedRequest
from .models import Snapshot
from .registry import LoadedProvider
from .secret import Scrubber
from .settings import Resolved
from .transport import Endpoint

__all__ = ["DEFAULT_TIMEOUT_S", "KeptToken", "Ledger", "Nonces"]

#: Seconds one read may take unless the account or the client says otherwise.
DEFAULT_TIMEOUT_S: Final = 15.0

#: The retry budget of a client: ten, or a fifth of its requests, whichever is more.
_FREE_RETRIES: Final = 10
_REQUESTS_PER_RETRY: Final = 5

#: The part of a token's life in which it is no longer used, and the most seconds that may be.
_TOKEN_MARGIN: Final = 0.1
_TOKEN_MARGIN_S: Final = 60.0

_log = logging.getLogger("coffers")


class Nonces:
    """Strictly rising numbers, milliseconds since 1970 wherever they suffice.

    Milliseconds on purpose: numbers of a finer unit are larger, and a provider that has seen one refuses the smaller
    ones of the user's other tools with the same key from then on.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0

    def __call__(self, now_ms: int) -> int:
        """The next one."""
        with self._lock:
            self._last = max(self._last + 1, now_ms)
            return self._last


#: One for the process: two clients with the same key must not draw the same number.
_process_nonces: Final = Nonces()


@attrs.define(eq=False)
class KeptToken:
    """A token that a client keeps for an account, and what became of the last question for one.

    Whoever wants one notes `fetches`, waits for the account's turn to ask, and holds it from `at_hand` until the token
    is fetched or the fetch has failed. A fetch that is given up in the middle leaves nothing behind.

    Attributes:
        fetches: how often the provider was asked.
    """

    fetches: int = 0
    _token: AccessToken | None = None
    _until: float = 0.0
    _refusal: CoffersError | None = None

    def at_hand(self, fetches_before: int, refused: AccessToken | None, now: float) -> HeldToken | None:
        """The kept token; None if it must be fetched.

        Args:
            fetches_before: `fetches` when the waiting began.
            refused: a token that is of no use any more.
            now: in seconds of the client's `monotonic`.

        Raises:
            CoffersError: somebody asked meanwhile and was refused: so are all who waited.
        """
        if self.fetches != fetches_before and self._refusal is not None:
            raise self._refusal
        if self._token is not None and self._token != refused and now < self._until:
            return HeldToken(self._token, kept=True)
        self._token = self._refusal = None
        return None

    def fetched(self, token: AccessToken, now: float) -> HeldToken:
        """Keep a new token."""
        margin_s = min(token.lifetime_s * _TOKEN_MARGIN, _TOKEN_MARGIN_S)
        self._token, self._until = token, now + token.lifetime_s - margin_s
        self.fetches += 1
        return HeldToken(token, kept=False)

    def failed(self, error: CoffersError) -> None:
        """Keep a refusal, for those who wait; a passing fault is not theirs."""
        self._refusal = None if error.retryable else error
        self.fetches += 1


class Ledger:
    """The facts of one client. See `Client` for the arguments."""

    def __init__(
        self,
        *,
        timeout_s: float,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        random: Callable[[], float] = randomness.random,
        nonces: Callable[[int], int] | None = None,
    ) -> None:
        self._timeout_s = timeout_s
        self._clock = clock
        self._monotonic = monotonic
        self._random = random
        self._nonces = _process_nonces if nonces is None else nonces
        self._lock = threading.Lock()
        # Filled only for accounts that need them, so that a million plain ones cost nothing here.
        self._clocks: dict[Account, Clock] = {}
        self._tokens: dict[Account, KeptToken] = {}
        self._requests = self._retries = 0
        self._warned: set[str] = set()
        self._scrubber = lru_cache(maxsize=1024)(Scrubber)

    def allowed_s(self, account: Account, latest: float | None) -> float:
        """Seconds that a read which begins now may take; `latest` is when all reading must be over."""
        timeout_s = self._timeout_s if account.timeout_s is None else account.timeout_s
        return timeout_s if latest is None else min(timeout_s, latest - self._monotonic())

    def left_s(self, deadline: float) -> float:
        """Seconds until `deadline`, 0 at the least."""
        return max(0.0, deadline - self._monotonic())

    def check_open(self, deadline: float, *, closed: bool) -> None:
        """See that a read may begin.

        Raises:
            NetworkError: the client is closed.
            TimedOutError: the deadline has passed.
        """
        if closed:
            raise NetworkError("this client is closed")
        if self._monotonic() >= deadline:
            raise TimedOutError("the time was over before this account's turn came")

    def bound(self, account: Account, provider: LoadedProvider, resolved: Resolved) -> BoundAccount:
        """The account with all that its read needs; warns, once, of what is unsafe."""
        for warning in resolved.warnings:
            if warning not in self._warned:
                self._warned.add(warning)
                _log.warning("%s: %s", account.name, warning)
        return BoundAccount(
            account=account,
            provider=provider,
            settings=resolved.settings,
            credentials=resolved.credentials,
            secrets=resolved.secrets,
            scrub=self._scrubber(resolved.secrets),
        )

    def run(self, account: Account, deadline: float, *, verb_limit_s: float = math.inf) -> Run:
        """What one read gets from us; hand its clock to `keep_clock` at the end."""
        known = self._clocks.get(account) if self._clocks else None  # to look for an account takes time
        return Run(
            deadline=deadline,
            monotonic=self._monotonic,
            random=self._random,
            clock=known or Clock(self._clock),
            nonce=self._nonces,
            may_retry=self._may_retry,
            verb_limit_s=verb_limit_s,
        )

    def refresh_clock(self, run: Run, account: Account) -> None:
        """Give a read that had to wait for its turn what the one before has learnt of the provider's time."""
        run.clock = self._clocks.get(account, run.clock)

    def keep_clock(self, account: Account, clock: Clock) -> None:
        """Remember what a read has learnt of the provider's time."""
        if clock.offset_ms:
            self._clocks[account] = clock

    def token(self, account: Account) -> KeptToken:
        """What is known of the account's token."""
        with self._lock:
            return self._tokens.setdefault(account, KeptToken())

    def endpoint(self, message: SignedRequest, bound: BoundAccount) -> Endpoint:
        """Where `message` goes; counts it as a request of the client."""
        base_url = bound.account.base_url or bound.provider.manifest.hosts(bound.settings)[message.host]
        with self._lock:
            self._requests += 1
        return Endpoint(base_url, bound.account.ca_file)

    def sent(self, account: Account, message: SignedRequest, started: float, became: Response | CoffersError) -> None:
        """Log what became of a message, without a byte of it."""
        if _log.isEnabledFor(logging.DEBUG):
            what = became.kind if isinstance(became, CoffersError) else became.status
            took_s = self._monotonic() - started
            _log.debug("%s: %s %s -> %s in %.3f s", account.name, message.method, message.host, what, took_s)

    def outcome(
        self, account: Account, started: float, run: Run, snapshot: Snapshot | None, error: CoffersError | None
    ) -> Outcome:
        """How a read that began at `started` ended."""
        return Outcome(
            account=account,
            fetched_at=datetime.fromtimestamp(self._clock(), UTC),
            elapsed_s=self._monotonic() - started,
            snapshot=snapshot,
            error=error,
            attempts=run.requests,
        )

    def _may_retry(self) -> bool:
        with self._lock:
            allowed = self._retries < max(_FREE_RETRIES, self._requests // _REQUESTS_PER_RETRY)
            self._retries += allowed
            return allowed
