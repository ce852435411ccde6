"""The one flow of a read: what is asked in which order, what is tried again, what an answer counts as.

Floor 5.5: above the registry, below the clients. A sans-I/O generator: it yields what it needs done (send this
message, wait, get a token) and is sent the result; it opens no socket, reads no clock of its own and sleeps nowhere.
The sync client, an async client and a test kit are thin drivers of it, so all of them follow the same rules.

    Query -request-> Request -sign-> SignedRequest -send-> Response -parse-> Snapshot
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Generator
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias, cast

import attrs

from .account import Account
from .bounds import PASSING, bounded
from .errors import AuthError, BadResponseError, ClockError, CoffersError, ConfigError, PluginError
from .guard import check_query, known_error, parse_guarded, place_of
from .messages import AccessToken, Attempt, Query, Request, Response, SignedRequest
from .models import MAX_BALANCES, Snapshot
from .registry import LoadedProvider
from .secret import Scrubber, Secret
from .statuses import http_date, retry_after_s, status_error

__all__ = ["BoundAccount", "Clock", "Effect", "HeldToken", "NeedToken", "Pause", "Run", "fetch_token", "read"]

#: A read that asks more often than this does not end.
MAX_STEPS: Final = 50
#: Requests of one step, clock mend and token refresh not counted.
MAX_ATTEMPTS: Final = 3
#: Of the 4xx, those that another request soon may turn into an answer.
PASSING_STATUSES: Final = frozenset({408, 425, 429})
#: Backoff: a random part of 0.5 s, then of 1 s, 2 s ..., never more than 5 s.
FIRST_BACKOFF_S: Final = 0.5
LONGEST_BACKOFF_S: Final = 5.0
#: Seconds a verb may take however little is left of the read: it needs far less than a millisecond, and an answer that
#: came just in time shall not be lost to a busy machine.
LEAST_VERB_S: Final = 1.0
#: A secret shorter than this may well stand in a currency code by chance.
_TELLTALE_LENGTH: Final = 8


@attrs.frozen
class Pause:
    """The driver must wait so many seconds."""

    seconds: float


@attrs.frozen
class NeedToken:
    """The driver must answer a `HeldToken`, other than `refused`."""

    refused: AccessToken | None = None


@attrs.frozen
class HeldToken:
    """A token, and whether it was kept from before this question (then it may have been revoked meanwhile)."""

    token: AccessToken
    kept: bool


Effect: TypeAlias = SignedRequest | Pause | NeedToken


@attrs.define
class Clock:
    """An account's time: ours, plus what is known of the provider's offset.

    Attributes:
        now_s: our own clock, seconds since 1970-01-01 UTC.
        offset_ms: set, never added to, when the provider found our time wrong.
    """

    now_s: Callable[[], float]
    offset_ms: int = 0

    def time_ms(self) -> int:
        """The provider's time as far as we know it."""
        return self.own_ms() + self.offset_ms

    def own_ms(self) -> int:
        """Our own time."""
        return int(self.now_s() * 1000)

    def own_time(self) -> datetime:
        """Our own time, in UTC."""
        return datetime.fromtimestamp(self.now_s(), UTC)

    def learn(self, theirs: datetime) -> None:
        """Remember that it is `theirs` at the provider now."""
        self.offset_ms = int(theirs.timestamp() * 1000) - self.own_ms()


@attrs.define(eq=False)  # not frozen: one is made for each read, and freezing triples what that costs
class BoundAccount:
    """An account with everything its read needs; lives for one read.

    Attributes:
        account: as configured.
        provider: its loaded plugin.
        settings: an instance of the manifest's settings class.
        credentials: an instance of one of its credentials classes, or None.
        secrets: every secret in `credentials`.
        scrub: removes them from texts.
    """

    account: Account
    provider: LoadedProvider
    settings: Any
    credentials: Any = attrs.field(repr=False)
    secrets: tuple[Secret, ...]
    scrub: Scrubber

    @property
    def telltale(self) -> Scrubber:
        """Finds a secret where it cannot be by chance."""
        long = [secret for secret in self.secrets if len(secret.reveal()) >= _TELLTALE_LENGTH]
        return self.scrub if len(long) == len(self.secrets) else Scrubber(long)  # as a rule they all are


@attrs.define(eq=False)  # as above
class Run:
    """What a read gets from its driver.

    Attributes:
        deadline: when the read must be over, in the seconds of `monotonic`.
        monotonic: the clock of the deadline.
        random: a number from 0 to 1.
        clock: the account's time.
        nonce: a number that rises strictly, given our time in milliseconds.
        may_retry: whether the client's retry budget allows one more; asking takes it.
        verb_limit_s: seconds that one verb may take, where that is less than what is left of the read.
        requests: how many were made so far; the driver counts them.
    """

    deadline: float
    monotonic: Callable[[], float]
    random: Callable[[], float]
    clock: Clock
    nonce: Callable[[int], int]
    may_retry: Callable[[], bool]
    verb_limit_s: float = math.inf
    requests: int = 0


def read(bound: BoundAccount, run: Run) -> Generator[Effect, Any, Snapshot]:
    """Read the account: all of it or nothing.

    Yields:
        effects for the driver, which sends the result or throws a `CoffersError`.

    Raises:
        CoffersError: the read failed; its texts are scrubbed, its facts complete.
    """
    waiting = deque([_first_query(bound)])
    asked: set[Query[Any]] = set()
    answers: list[Snapshot] = []
    while waiting:
        query = waiting.popleft()
        if query in asked:
            raise _finished(BadResponseError("the answer asks for the same step again"), bound, step=query.step)
        asked.add(query)
        answer = yield from _step(bound, run, query)
        if not isinstance(answer, Snapshot):
            raise _finished(PluginError("coffers_parse answered a token for a step that is not the token step"), bound)
        answers.append(answer)
        if sum([len(answer.balances) for answer in answers]) > MAX_BALANCES:
            raise _finished(BadResponseError(f"more than {MAX_BALANCES} balances"), bound, step=query.step)
        waiting.extendleft(reversed(answer.next))  # what an answer leads to comes before what was waiting
        if waiting and len(asked.union(waiting)) > MAX_STEPS:
            raise _finished(BadResponseError(f"more than {MAX_STEPS} steps"), bound, step=query.step)
    return _shown(answers[0] if len(answers) == 1 else _joined(answers), bound)


def _joined(answers: list[Snapshot]) -> Snapshot:
    """Several answers as one, as old as the oldest of those that tell."""
    times = [answer.as_of for answer in answers if answer.as_of is not None]
    return Snapshot([row for answer in answers for row in answer.balances], min(times, default=None))


def _query(bound: BoundAccount, step: str = "balances") -> Query[Any]:
    """A query whose links may lead to the account's own place, and to the provider's, whose links a proxy passes on."""
    try:
        addresses = [bound.account.base_url, *bound.provider.manifest.hosts(bound.settings).values()]
    except ConfigError:
        addresses = []  # the request tells of it
    return Query(bound.settings, step, addresses=tuple(filter(None, addresses)))


def _first_query(bound: BoundAccount) -> Query[Any]:
    query = _query(bound)
    try:
        check_query(query)
    except PluginError as error:
        raise _finished(error, bound, step=query.step) from None
    return query


def fetch_token(bound: BoundAccount, run: Run) -> Generator[Effect, Any, AccessToken]:
    """Run the manifest's token step.

    Yields:
        effects for the driver, as `read`.

    Raises:
        CoffersError: no token.
    """
    answer = yield from _step(bound, run, _query(bound, bound.provider.manifest.token_step or ""))
    if not isinstance(answer, AccessToken):
        raise _finished(PluginError("coffers_parse answered no token for the token step"), bound)
    return answer


def _step(bound: BoundAccount, run: Run, query: Query[Any]) -> Generator[Effect, Any, Snapshot | AccessToken]:
    """One step: asked once, sent until it is answered or there is no sense in trying again."""
    request = _request(bound, run, query)
    wants_token = bound.provider.manifest.token_step not in (None, query.step)
    attempts = failures = 0
    clock_mended = token_refreshed = False
    held: HeldToken | None = None
    refused: AccessToken | None = None
    while True:
        if wants_token and held is None:
            held = yield NeedToken(refused)
        signed = _sign(bound, run, request, held)
        response: Response | None = None
        attempts += 1
        try:
            received: Response = yield signed
            response = received
            return parse_guarded(bound.provider.parse, query, received, within_s=_verb_s(run))
        except CoffersError as error:
            failure = known_error(error)
        # From here on the failure decides: mend, refresh, try again, or give up.
        if isinstance(failure, ClockError) and not clock_mended:
            theirs: Any = failure.server_time or (http_date(response.header("date")) if response else None)
            if isinstance(theirs, datetime):  # a plugin may have given anything
                run.clock.learn(theirs)
                clock_mended = True
                continue
        if isinstance(failure, AuthError) and held is not None and held.kept and not token_refreshed:
            refused, held, token_refreshed = held.token, None, True
            continue
        failures += 1
        now = run.clock.own_time()
        knowing = _knowing_token(bound, held)
        failure = _finished(failure, knowing, response=response, now=now, step=query.step, attempts=attempts)
        wait_s = _wait_before_retry(failure, response, failures, run)
        if wait_s is None:
            raise failure
        yield Pause(wait_s)


def _knowing_token(bound: BoundAccount, held: HeldToken | None) -> BoundAccount:
    """`bound`, scrubbing the token too: it is a secret like the account's own, and refused ones come back in words."""
    return bound if held is None else attrs.evolve(bound, scrub=Scrubber([*bound.secrets, held.token.value]))


def _wait_before_retry(failure: CoffersError, response: Response | None, failures: int, run: Run) -> float | None:
    """Seconds to wait before one more attempt, or None if there must be none."""
    if not failure.retryable or isinstance(failure, ClockError) or failures >= MAX_ATTEMPTS:
        return None
    if response is not None and 400 <= response.status < 500 and response.status not in PASSING_STATUSES:
        return None  # a proxy's 403, say: worth another read later, not another request now
    backoff_s = run.random() * min(LONGEST_BACKOFF_S, FIRST_BACKOFF_S * 2 ** (failures - 1))
    wait_s = failure.retry_after_s or backoff_s
    if run.monotonic() + wait_s >= run.deadline or not run.may_retry():
        return None
    return wait_s


# --- the other two verbs, guarded -------------------------------------------------------------------------------------


def _verb_s(run: Run) -> float:
    """Seconds that a verb may take now."""
    return min(run.verb_limit_s, max(LEAST_VERB_S, run.deadline - run.monotonic()))


def _request(bound: BoundAccount, run: Run, query: Query[Any]) -> Request:
    verb = bound.provider.request
    try:
        request = bounded(verb, query, limit_s=_verb_s(run), complaint="coffers_request did not end within")
        hosts = bound.provider.manifest.hosts(bound.settings)
    except PASSING:
        raise
    except BaseException as error:  # noqa: BLE001  foreign code may raise anything, SystemExit too
        raise _fault(error, "coffers_request", bound, query.step) from None
    if not isinstance(request, Request):  # pyright: ignore[reportUnnecessaryIsInstance]  foreign code may answer anything
        raise _finished(PluginError("coffers_request must answer a Request"), bound, step=query.step)
    host: Any = request.host  # foreign code may give anything
    if not isinstance(host, str) or host not in hosts:
        raise _finished(PluginError("coffers_request names a host that is not in base_urls"), bound, step=query.step)
    return request


def _sign(bound: BoundAccount, run: Run, request: Request, held: HeldToken | None) -> SignedRequest:
    attempt = Attempt(run.clock.time_ms(), run.nonce(run.clock.own_ms()), held.token if held else None)
    arguments = (request, bound.credentials, attempt)
    verb = bound.provider.sign
    try:
        signed = bounded(verb, *arguments, limit_s=_verb_s(run), complaint="coffers_sign did not end within")
    except PASSING:
        raise
    except BaseException as error:  # noqa: BLE001  foreign code may raise anything, and it saw the credentials
        raise _fault(error, "coffers_sign", bound, None) from None
    if not _can_be_sent(signed):
        raise _finished(PluginError("coffers_sign must answer what request.seal() makes"), bound)
    if signed.host != request.host:
        raise _finished(PluginError("coffers_sign changed the host"), bound)
    return signed


def _can_be_sent(signed: Any) -> bool:
    """Whether it is a sealed message of parts that are of their types; `seal` makes no other, foreign code may."""
    if not isinstance(signed, SignedRequest):
        return False
    body: Any = signed.body
    texts = [signed.method, signed.target, *(text for pair in signed.headers for text in pair)]
    return isinstance(body, bytes) and all(isinstance(text, str) for text in cast("list[object]", texts))


def _fault(error: BaseException, verb: str, bound: BoundAccount, step: str | None) -> CoffersError:
    if isinstance(error, CoffersError):
        return _finished(known_error(error), bound, step=step)
    return _finished(PluginError(f"{verb} raised {place_of(error)}"), bound, step=step)


def _finished(
    error: CoffersError,
    bound: BoundAccount,
    *,
    response: Response | None = None,
    now: datetime | None = None,
    step: str | None = None,
    attempts: int | None = None,
) -> CoffersError:
    """The error with every fact we know, scrubbed, without the frames and causes it came with."""
    facts: dict[str, Any] = {"provider": bound.provider.manifest.id, "account": bound.account.name}
    facts |= {"step": step, "attempts": attempts}
    if response is not None:
        known = status_error(response)
        facts |= {"retry_after_s": retry_after_s(response, now=now), "request_id": known.request_id}
    return error.with_facts(bound.scrub, **facts)


def _shown(snapshot: Snapshot, bound: BoundAccount) -> Snapshot:
    """What the caller gets. No row shows a secret: scrubbed in `details`, refused where it would be a name."""
    rows = snapshot.balances
    labelled = [row for row in rows if row.network or row.wallet or row.details]
    names = "\n".join([row.currency for row in rows])
    if labelled:
        names += "".join([f"\n{row.network}\n{row.wallet}" for row in labelled])
    if bound.telltale.finds(names):
        raise _finished(BadResponseError("the answer holds a secret of this account where a name is due"), bound)
    details = "\n".join([text for row in labelled for item in row.details.items() for text in item])
    if not bound.scrub.finds(details):
        return snapshot
    clean = bound.scrub
    scrubbed = [
        attrs.evolve(row, details={clean(name): clean(text) for name, text in row.details.items()}) for row in rows
    ]
    return Snapshot(scrubbed, snapshot.as_of)
