"""More accounts than anybody would hold in memory: a client takes them as it goes and keeps none of them."""

from __future__ import annotations

import itertools
import threading
import time
import tracemalloc
from collections.abc import Iterator

import attrs

from coffers import Account, Client, Endpoint, Registry, Response, Secret, SignedRequest
from coffers.client import _LOOKAHEAD
from tests.core import toy
from tests.core.loopback import OK

WORKERS = 16


@attrs.define
class Instant:
    """A transport that answers without a network: at once, or for one host not before it is told to."""

    release: threading.Event = attrs.field(factory=threading.Event)
    sent: int = 0

    def send(self, message: SignedRequest, endpoint: Endpoint, deadline: float) -> Response:
        self.sent += 1
        if "slow" in endpoint.base_url:
            self.release.wait(10)
        return OK

    def close(self) -> None: ...


@attrs.define
class Accounts:
    """An endless iterable of accounts at `hosts` hosts in rotation, which counts what is drawn from it."""

    hosts: tuple[str, ...]
    provider: str = "toy"
    drawn: int = 0
    key: Secret = attrs.field(factory=lambda: Secret("canary-key-0123456789"))

    def __iter__(self) -> Iterator[Account]:
        for host in itertools.cycle(self.hosts):
            self.drawn += 1
            yield Account(f"a{self.drawn}", self.provider, {"key": self.key}, base_url=f"https://{host}.example")


def client(transport: Instant) -> Client:
    return Client(registry=Registry([toy.plugin()], installed=False), transport=transport)


def test_memory_stays_flat_however_many_there_are() -> None:
    total, warm = 60_000, 10_000
    accounts = Accounts(tuple(f"h{number}" for number in range(50)))
    with client(Instant()) as reader:
        tracemalloc.start()
        try:
            peaks: list[int] = []
            # The time is over before it begins: nothing is read, everything else is as always.
            for count, outcome in enumerate(reader.read_many(accounts, workers=WORKERS, within_s=0.0), 1):
                assert outcome.error is not None
                if count == warm:
                    tracemalloc.reset_peak()
                    peaks.append(tracemalloc.get_traced_memory()[0])
                if count == total:
                    break
            peaks.append(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
    grown = peaks[1] - peaks[0]
    assert grown < 400_000, f"{grown / (total - warm):.1f} bytes an account"
    assert peaks[1] < 4_000_000


def test_no_more_are_drawn_than_can_wait_for_the_workers() -> None:
    accounts = Accounts(tuple(f"h{number}" for number in range(50)))
    transport = Instant()
    with client(transport) as reader:
        ahead = 0
        for count, outcome in enumerate(reader.read_many(accounts, workers=WORKERS), 1):
            outcome.unwrap()
            ahead = max(ahead, accounts.drawn - count)
            if count == 3000:
                break
    # In waiting, under way, ended and not taken: each as many as there are workers, and the one just drawn.
    assert ahead <= 3 * WORKERS + 1
    assert transport.sent <= 3000 + 3 * WORKERS


def test_a_slow_host_has_the_lookahead_drawn_and_no_more() -> None:
    """Nine of ten accounts are at a host that does not answer: the others are read past them, up to the lookahead."""
    accounts = Accounts((*["slow"] * 9, "quick"))
    transport = Instant()
    ahead = count = 0
    with client(transport) as reader:
        for outcome in reader.read_many(accounts, workers=WORKERS):
            outcome.unwrap()
            count += 1
            ahead = max(ahead, accounts.drawn - count)
            if accounts.drawn - count >= _LOOKAHEAD:
                transport.release.set()  # nobody else can be read any more
            if transport.release.is_set() and count > 1500:
                break
    assert _LOOKAHEAD <= ahead <= _LOOKAHEAD + 3 * WORKERS + 1


def test_what_has_ended_goes_out_before_the_next_account_is_waited_for() -> None:
    taken: list[str] = []

    def slowly() -> Iterator[Account]:
        accounts = iter(Accounts(("h",)))
        yield next(accounts)
        time.sleep(0.3)  # as a slow database would
        yield next(accounts)
        deadline = time.monotonic() + 10
        while not taken:
            assert time.monotonic() < deadline
            yield next(accounts)
            time.sleep(0.05)

    with client(Instant()) as reader:
        for outcome in reader.read_many(slowly(), workers=1000):
            taken.append(outcome.account.name)  # noqa: PERF401  the accounts look at it meanwhile
    assert taken[0] == "a1"
    assert len(taken) < 10
