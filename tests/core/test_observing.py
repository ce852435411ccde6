"""Observers: told of each finished read once, with facts alone, and unable to harm one."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import attrs
import pytest

from coffers import (
    Account,
    AuthError,
    Client,
    CoffersError,
    FinishedRead,
    Outcome,
    Registry,
    Response,
    Secret,
    Snapshot,
    observing,
)
from coffers.plugin import Query
from tests.core import toy
from tests.core.faces import FACES, choose, make_client
from tests.core.loopback import OK, Asked, serve

KEY = "canary-key-0123456789"

face = pytest.fixture(autouse=True, params=FACES)(choose)


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine is no slow observer."""
    monkeypatch.setattr(observing, "_PATIENCE_S", 60.0)
    monkeypatch.setattr(observing, "_FAREWELL_S", 60.0)


def client(*observers: Callable[[FinishedRead], object], plugins: Any = None, **more: Any) -> Client:
    registry = Registry(plugins or [toy.plugin()], installed=False)
    return make_client(registry=registry, observers=observers, **more)


def account(base_url: str, name: str = "shop", provider: str = "toy", **more: Any) -> Account:
    return Account(name, provider, {"key": Secret(KEY)}, base_url=base_url, **more)


def refusing(asked: Asked) -> Response:
    return Response(401, (), b"no")


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]


def test_a_read_is_told_once_it_is_over() -> None:
    told: list[FinishedRead] = []
    before = datetime.now(UTC)
    with serve() as server, client(told.append) as reader:
        snapshot = reader.read(account(server.base_url))
        [read] = told
    assert (read.account, read.provider, read.snapshot, read.error, read.attempts) == ("shop", "toy", snapshot, None, 1)
    assert before <= read.started_at <= read.fetched_at <= datetime.now(UTC)
    assert (read.fetched_at - read.started_at).total_seconds() == pytest.approx(read.elapsed_s, abs=1e-5)


def test_a_failed_read_is_told_with_a_copy_of_its_error_without_frames() -> None:
    told: list[FinishedRead] = []
    with serve(refusing) as server, client(told.append) as reader, pytest.raises(AuthError) as caught:
        reader.read(account(server.base_url))
    [read] = told
    assert read.snapshot is None
    assert read.error == caught.value
    assert read.error is not caught.value
    assert read.error is not None
    assert read.error.__traceback__ is None
    assert KEY not in repr(read)


def test_an_event_holds_no_more_than_it_says() -> None:
    facts = {"account", "provider", "started_at", "fetched_at", "elapsed_s", "attempts", "snapshot", "error", "config"}
    assert {field.name for field in attrs.fields(FinishedRead)} == facts


def test_requests_of_a_read_are_counted_with_those_made_again() -> None:
    told: list[FinishedRead] = []
    answers = iter([Response(503), Response(503), OK, OK])
    with (
        serve(lambda asked: next(answers)) as server,
        client(told.append, sleep=lambda seconds: None) as reader,
    ):
        reader.read(account(server.base_url))
        reader.read(account(server.base_url))
    assert [read.attempts for read in told] == [3, 1]


def test_each_of_many_reads_is_told_before_its_outcome_comes() -> None:
    told: list[str] = []
    with serve(lambda asked: refusing(asked) if "/a3/" in asked.path else OK) as server:
        accounts = [account(f"{server.base_url}/a{number}", f"a{number}") for number in range(20)]
        with client(lambda read: told.append(read.account)) as reader:
            for outcome in reader.read_many(accounts):
                assert outcome.account.name in told
                assert outcome.attempts == 1
    assert sorted(told) == sorted(one.name for one in accounts)


def test_every_observer_hears_and_one_that_raises_harms_nobody(caplog: pytest.LogCaptureFixture) -> None:
    told: list[FinishedRead] = []

    def bad(read: FinishedRead) -> None:
        raise ValueError(f"{KEY} and the like")

    class Leaver:
        def __call__(self, read: FinishedRead) -> None:
            raise SystemExit

    with serve() as server, client(bad, Leaver(), told.append) as reader:
        for _ in range(3):
            reader.read(account(server.base_url))
    assert len(told) == 3
    complaints = sorted(warnings(caplog))
    assert len(complaints) == 2, complaints
    assert "Leaver raised SystemExit at test_observing.py:" in complaints[0]
    assert "bad raised ValueError at test_observing.py:" in complaints[1]
    assert KEY not in caplog.text


def test_a_slow_observer_is_waited_for_once_and_still_hears_everything(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(observing, "_PATIENCE_S", 0.05)
    go_on = threading.Event()
    told: list[str] = []

    def slow(read: FinishedRead) -> None:
        go_on.wait(30)
        told.append(read.account)

    with serve() as server, client(slow) as reader:
        for number in range(5):
            reader.read(account(server.base_url, f"a{number}"))
        assert told == []
        [complaint] = warnings(caplog)
        assert "takes longer than 0.05 s; reads wait for it no more" in complaint
        go_on.set()
    assert told == ["a0", "a1", "a2", "a3", "a4"]


def test_an_observer_that_hangs_does_not_hold_up_the_end_and_loses_what_is_too_much(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(observing, "_PATIENCE_S", 0.01)
    monkeypatch.setattr(observing, "_FAREWELL_S", 0.01)
    monkeypatch.setattr(observing, "_MOST_WAITING", 3)
    never = threading.Event()
    entered = threading.Event()

    def hang(read: FinishedRead) -> None:
        entered.set()
        never.wait(60)

    with serve() as server:
        with client(hang) as reader:
            for _ in range(9):
                reader.read(account(server.base_url))
        assert entered.wait(30)
    never.set()
    assert [complaint.split(";")[0].split(" is ")[-1] for complaint in warnings(caplog)][-1:] == [
        "too slow: some reads are not told to it"
    ]


def test_one_observer_is_never_called_twice_at_once() -> None:
    lock = threading.Lock()
    clashes: list[str] = []
    told: list[str] = []

    def observe(read: FinishedRead) -> None:
        if not lock.acquire(blocking=False):
            clashes.append(read.account)
            return
        told.append(read.account)
        lock.release()

    with serve() as server, client(observe) as reader, ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: reader.read(account(server.base_url, f"a{number}")), range(40)))
    assert (clashes, len(told)) == ([], 40)


def test_a_read_that_is_given_up_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    never = threading.Event()
    told: list[FinishedRead] = []

    def parse(response: Response, query: Query[Any]) -> Snapshot:
        never.wait(60)
        return toy.parse(response, query)

    registry = Registry([toy.plugin(parse=parse)], installed=False)
    monkeypatch.setattr("coffers.client._OVERRUN_S", 0.1)
    with serve() as server, Client(registry=registry, observers=[told.append], timeout_s=0.3) as reader:
        [outcome] = reader.read_many([account(server.base_url)])
        never.set()
    assert outcome.error is not None
    [read] = told
    assert read.error == outcome.error
    assert read.attempts is None


def test_reads_under_way_when_the_iteration_ends_early_are_nobody_s_news() -> None:
    told: list[str] = []
    with serve() as server:
        accounts = [account(server.base_url, f"a{number}") for number in range(5)]
        with client(lambda read: told.append(read.account)) as reader:
            outcomes: Any = reader.read_many(accounts)
            first: Outcome = next(outcomes)
            outcomes.close()
            assert told == [first.account.name]


def test_a_closed_client_tells_of_its_refusals_too() -> None:
    told: list[FinishedRead] = []
    with client(told.append) as reader:
        pass
    if isinstance(reader, Client):  # a loop that has ended reads nothing more
        with pytest.raises(CoffersError) as caught:
            reader.read(account("http://127.0.0.1:9"))
        assert [read.error for read in told] == [caught.value]


def test_what_is_read_in_other_processes_is_told_here() -> None:
    told: list[FinishedRead] = []
    registry = Registry([toy.plugin()], installed=False)
    with Client(registry=registry, observers=[told.append]) as reader, ThreadPoolExecutor(1) as executor:
        [outcome] = reader.read_many([account("http://127.0.0.1:9")], executor=executor)  # its secret may not travel
    assert outcome.error is not None
    assert [(read.error, read.attempts) for read in told] == [(outcome.error, None)]
