"""Accounts read in other processes: what travels, who is read where, and what is said of those that are lost."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import pickle
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import pytest

from coffers import Account, Client, NetworkError, Outcome, RateLimitedError, Response, Secret, TimedOutError, batches
from coffers import client as clients
from tests.core.loopback import Asked, Loopback, serve

ACME = Path(__file__).parents[1] / "acme"
JSON = (("Content-Type", "application/json"),)
OK = Response(200, JSON, b'{"currency": "EUR", "balance": "1234567890.123456789012345678", "on_hold": "2.00"}')


@pytest.fixture(autouse=True)
def acme(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The provider `acme`, installed here and in every worker; a key to be found there."""
    monkeypatch.syspath_prepend(str(ACME))
    monkeypatch.setenv("COFFERS_TEST_KEY", "canary-key-0123456789")
    clients._kept_client.cache_clear()
    yield
    clients._kept_client(batches.process_id(), clients.DEFAULT_TIMEOUT_S).close()
    clients._kept_client.cache_clear()
    sys.modules.pop("coffers_acme", None)


def processes(count: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(count, mp_context=multiprocessing.get_context("spawn"))


def account(server: Loopback, name: str, **fields: Any) -> Account:
    return Account(name, "acme", fields or {"key": "env:COFFERS_TEST_KEY"}, base_url=f"{server.base_url}/{name}")


def name_of(asked: Asked) -> str:
    return asked.path.split("/")[1]


def test_processes_read_what_threads_would(tmp_path: Path) -> None:
    def answer(asked: Asked) -> Response:
        return Response(429, (("Retry-After", "77"),)) if name_of(asked) == "a3" else OK

    with serve(answer) as server, processes(2) as executor, Client(timeout_s=9) as reader:
        accounts = [account(server, f"a{number}") for number in range(20)]
        accounts.append(account(server, "unset", key="env:COFFERS_TEST_UNSET"))
        there = list(reader.read_many(accounts, executor=executor, batch_size=6))
        counts = Counter(map(name_of, server.asked))
        here = list(reader.read_many(accounts))
    assert counts == {f"a{number}": 1 for number in range(20)}

    def told(outcomes: list[Outcome]) -> list[Any]:
        return sorted((outcome.account.name, repr((outcome.snapshot, outcome.error))) for outcome in outcomes)

    assert told(there) == told(here)
    found = {outcome.account.name: outcome for outcome in there}
    assert all(found[one.name].account is one for one in accounts)
    [balance] = found["a0"].unwrap().balances
    assert balance.available is None or isinstance(balance.available, Decimal)
    assert "1234567890.123456789012345678" in repr(balance)
    error = found["a3"].error
    assert isinstance(error, RateLimitedError)
    assert (error.account, error.provider, error.retry_after_s, error.attempts) == ("a3", "acme", 77.0, 1)
    assert (error.__traceback__, error.__cause__, error.__context__) == (None, None, None)


def test_the_limit_of_a_host_is_that_of_all_processes_together() -> None:
    with ExitStack() as stack:
        servers = [stack.enter_context(serve(lambda asked: OK, delay_s=0.03)) for _ in range(4)]
        executor = stack.enter_context(processes(2))
        reader = stack.enter_context(Client())
        accounts = [account(server, f"a{number}") for number in range(15) for server in servers]
        more: dict[str, Any] = {"batch_size": 8, "workers": 4, "per_host": 2, "executor": executor}
        assert all(outcome.unwrap() for outcome in reader.read_many(accounts, **more))
    assert [len(server.asked) for server in servers] == [15] * 4
    assert all(server.most_at_once <= 2 for server in servers)


def test_secrets_stay_here_and_cost_their_own_account_alone() -> None:
    with serve(lambda asked: OK) as server, ThreadPoolExecutor(1) as executor, Client() as reader:
        accounts = [
            account(server, "literal", key="sk-canary-0123456789"),
            account(server, "secret", key=Secret("sk-canary-0123456789")),
            account(server, "misspelt", kye="sk-canary-0123456789"),
            Account("missing", "nowhere", {"key": "env:COFFERS_TEST_KEY"}),
            account(server, "good"),
        ]
        sent: list[object] = []
        submit = executor.submit
        executor.submit = lambda function, batch: sent.append(batch) or submit(function, batch)  # type: ignore[assignment, method-assign, misc]  # to see what travels
        outcomes = {outcome.account.name: outcome for outcome in reader.read_many(accounts, executor=executor)}
    kinds = {name: outcome.error.kind if outcome.error else "ok" for name, outcome in outcomes.items()}
    assert kinds == {"literal": "config", "secret": "config", "misspelt": "config", "missing": "plugin", "good": "ok"}
    assert len(sent) == 1
    assert "sk-canary" not in repr(sent) + repr([outcome.error for outcome in outcomes.values()])
    assert [name_of(asked) for asked in server.asked] == ["good"]
    error = outcomes["literal"].error
    assert error is not None
    assert error.field == "key"
    assert error.message.startswith("key: may be a secret and does not travel to another process; write a reference")
    assert '"env:NAME"' in error.message


def test_what_travels_is_small() -> None:
    numbers = range(500)
    urls = "https://api.acme.example"
    accounts = [
        Account(f"shop-{number:05}", "acme", {"key": f"env:KEY_{number:05}"}, base_url=urls) for number in numbers
    ]
    batch = batches.Batch(tuple(accounts), 32, 4, None, 15.0)
    assert len(pickle.dumps(batch)) / 500 < 120
    with serve(lambda asked: OK) as server, Client() as reader:
        [one] = reader.read_many([account(server, "a")])
    outcomes = [attrs.evolve(one, account=each) for each in accounts]
    assert pickle.loads(pickle.dumps(outcomes)) == outcomes
    assert len(pickle.dumps(outcomes)) / 500 < 240
    found = batch.readings(outcomes)
    assert len(pickle.dumps(found)) / 500 < 60
    error = NetworkError("127.0.0.1:9: refused", provider="acme", step="balances", attempts=3)
    errors = [error.with_facts(account=each.name) for each in accounts]
    assert pickle.loads(pickle.dumps(errors)) == errors
    assert len(pickle.dumps(errors)) / 500 < 80


def test_one_account_given_twice_has_two_outcomes() -> None:
    with serve(lambda asked: OK) as server, ThreadPoolExecutor(2) as executor, Client() as reader:
        one = account(server, "a")
        outcomes = list(reader.read_many([one, one, one], executor=executor))
    assert [outcome.account for outcome in outcomes] == [one] * 3
    assert len(server.asked) == 3


def test_as_many_accounts_are_drawn_ahead_as_are_under_way() -> None:
    drawn: list[int] = []

    def endless(servers: list[Loopback]) -> Iterator[Account]:
        for number in itertools.count():
            drawn.append(number)
            yield account(servers[number % 4], f"a{number}")

    with ExitStack() as stack:
        servers = [stack.enter_context(serve(lambda asked: OK)) for _ in range(4)]
        executor = stack.enter_context(ThreadPoolExecutor(2))
        reader = stack.enter_context(Client())
        more: dict[str, Any] = {"batch_size": 5, "batches": 3, "workers": 4, "executor": executor}
        for count, outcome in enumerate(reader.read_many(endless(servers), **more), 1):
            outcome.unwrap()
            assert len(drawn) - count < 2 * 3 * 5
            if count == 103:
                break
    assert sum(len(server.asked) for server in servers) <= 103 + 5 * 5


def test_no_more_than_the_lookahead_wait_for_a_host_that_is_out() -> None:
    drawn = 0

    def counted(server: Loopback) -> Iterator[Account]:
        nonlocal drawn
        for drawn in range(1, 101):
            yield account(server, f"a{drawn}")

    with serve(lambda asked: OK) as server, ThreadPoolExecutor(2) as executor, Client() as reader:
        more: dict[str, Any] = {"batch_size": 10, "batches": 3, "workers": 4, "executor": executor}
        for count, outcome in enumerate(reader.read_many(counted(server), **more), 1):
            outcome.unwrap()
            assert drawn - count < 30 + 10
        assert count == 100


# --- what is lost --------------------------------------------------------------------------------------------------


def test_a_worker_that_dies_costs_its_batches_and_nobody_is_read_twice() -> None:
    pids: list[int] = []

    def answer(asked: Asked) -> Response:
        if name_of(asked) == "a25":
            os.kill(pids[0], signal.SIGKILL)
        return OK

    with serve(answer) as server, processes(1) as executor, Client() as reader:
        pids.append(executor.submit(os.getpid).result())
        accounts = [account(server, f"a{number:02}") for number in range(60)]
        outcomes = list(reader.read_many(accounts, workers=4, executor=executor, batch_size=10, batches=2))
    counts = Counter(map(name_of, server.asked))
    assert sorted(outcome.account.name for outcome in outcomes) == [one.name for one in accounts]
    assert set(counts.values()) == {1}
    ok = {outcome.account.name for outcome in outcomes if outcome.error is None}
    lost = {
        outcome.account.name for outcome in outcomes if outcome.error and "may have been read" in str(outcome.error)
    }
    unsent = {outcome.account.name for outcome in outcomes if outcome.error and outcome.error.attempts == 0}
    assert ok == {f"a{number:02}" for number in range(20)}
    assert lost == {f"a{number:02}" for number in range(20, 30)}
    assert unsent == {f"a{number:02}" for number in range(30, 60)}
    assert not unsent & counts.keys()
    messages = {str(outcome.error) for outcome in outcomes if outcome.account.name in unsent}
    assert messages == {"the executor takes nothing more (BrokenProcessPool): nothing was sent"}
    assert all(outcome.error.retryable for outcome in outcomes if outcome.error)


class ByHand(Executor):
    """An executor that runs nothing by itself: `begin` says what becomes of a call before it is under way."""

    def __init__(self, begin: Callable[[Future[Any]], object] = bool) -> None:
        self.begin = begin
        self.futures: list[Future[Any]] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.futures.append(future)
        self.begin(future)
        return future


def told(outcomes: Iterator[Outcome]) -> set[tuple[str, str, int | None]]:
    found = [outcome.error for outcome in outcomes]
    return {(error.kind, error.message, error.attempts) for error in found if error}


def accounts_at(*hosts: str) -> list[Account]:
    fields = {"key": "env:COFFERS_TEST_KEY"}
    return [Account(f"a{number}", "acme", fields, base_url=f"https://{host}") for number, host in enumerate(hosts)]


def test_a_cancelled_call_is_said_to_be_lost() -> None:
    with Client() as reader:
        found = told(reader.read_many(accounts_at("a", "b"), executor=ByHand(Future.cancel)))
    unknown = "the worker was lost (cancelled): this account may have been read, and nothing is known of it"
    assert found == {("network", unknown, None)}


def test_an_executor_that_was_shut_down_has_everything_fail() -> None:
    with ThreadPoolExecutor(1) as executor:
        pass
    with Client() as reader:
        found = told(reader.read_many(accounts_at("a", "b", "c"), executor=executor, batch_size=1))
    assert found == {("network", "the executor takes nothing more (RuntimeError): nothing was sent", 0)}


def test_what_was_not_begun_when_the_time_is_over_is_called_off() -> None:
    executor = ByHand()
    with Client() as reader:
        reader.registry.load("acme")  # which takes a while
        more: dict[str, Any] = {"batch_size": 1, "batches": 2, "within_s": 0.3, "executor": executor}
        found = told(reader.read_many(accounts_at("a", "b", "c", "d"), **more))
    assert found == {("timeout", "the time was over before this account's turn came", 0)}
    assert len(executor.futures) == 2


def test_what_does_not_come_back_in_time_is_given_up_and_not_heard_of_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "_GRACE_S", 0.1)
    executor = ByHand(Future.set_running_or_notify_cancel)
    with Client() as reader:
        reader.registry.load("acme")  # which takes a while
        outcomes = reader.read_many(accounts_at("a", "b"), batch_size=1, within_s=0.3, executor=executor)
        first = next(outcomes)
        executor.futures[0].set_result([])
        found = [first, *outcomes]
    assert len(found) == 2
    errors = [outcome.error for outcome in found]
    assert all(isinstance(error, TimedOutError) and error.attempts is None for error in errors)
    assert {str(error) for error in errors} == {
        "its batch did not come back in time: this account may have been read, and nothing is known of it"
    }


def test_an_early_end_calls_off_what_has_not_begun() -> None:
    with serve(lambda asked: OK) as server, ThreadPoolExecutor(1) as executor, Client() as reader:
        by_hand = ByHand(lambda future: executor.submit(_answer, future, server) if len(by_hand.futures) == 1 else None)
        outcomes = reader.read_many(accounts_at("a", "b", "c"), batch_size=1, executor=by_hand)
        next(outcomes)
        outcomes.close()  # type: ignore[attr-defined]  # it is a generator
    assert [future.cancelled() for future in by_hand.futures] == [False, True, True]


def _answer(future: Future[Any], server: Loopback) -> None:
    future.set_result(clients.read_batch(batches.Batch((account(server, "a"),), 1, 1, None, 15.0)))


def test_a_process_keeps_its_client_and_one_that_was_forked_off_makes_its_own() -> None:
    kept = clients._kept_client(batches.process_id(), 15.0)
    assert clients._kept_client(batches.process_id(), 15.0) is kept
    assert clients._kept_client(-1, 15.0) is not kept


@pytest.mark.parametrize("bad", [{"batch_size": 0}, {"batches": 0}])
def test_batches_of_nothing_are_refused_at_the_call(bad: dict[str, int]) -> None:
    with Client() as reader, pytest.raises(ValueError, match="at least 1"):
        reader.read_many([], **bad)
