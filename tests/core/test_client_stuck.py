"""Plugins that hang, through the client: each costs its own accounts an error, and no other anything."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest

from coffers import Account, Client, CoffersError, PluginError, Registry, Secret, TimedOutError, client, flow
from coffers.plugin import Query, Response, Snapshot
from tests.core import toy
from tests.core.loopback import OK, serve


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "LEAST_VERB_S", 0.1)
    monkeypatch.setattr(client, "_OVERRUN_S", 0.4)


@pytest.fixture
def release() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


def stuck_in(wait: Callable[[], object]) -> object:
    def parse(response: Response, query: Query[Any]) -> Snapshot:
        wait()
        return toy.parse(response, query)

    return toy.plugin("stuck", parse=parse)


def account(base_url: str, name: str, provider: str = "toy") -> Account:
    return Account(name, provider, {"key": Secret("canary-key-0123456789")}, base_url=base_url)


def errors_of(reader: Client, accounts: list[Account], **more: Any) -> dict[str, CoffersError | None]:
    return {outcome.account.name: outcome.error for outcome in reader.read_many(accounts, **more)}


def forever() -> NoReturn:
    while True:
        pass


@pytest.mark.parametrize("workers", [1, 8])
def test_a_loop_costs_its_own_account_alone(workers: int) -> None:
    registry = Registry([toy.plugin(), stuck_in(forever)], installed=False)
    started = time.monotonic()
    with serve() as server, Client(registry=registry, timeout_s=2.0) as reader:
        accounts = [account(server.base_url, "a", "stuck"), *(account(server.base_url, name) for name in "bcdef")]
        errors = errors_of(reader, accounts, workers=workers)
    assert time.monotonic() - started < 20
    assert isinstance(errors["a"], PluginError)
    assert errors["a"].message.startswith("coffers_parse did not end within ")
    assert (errors["a"].account, errors["a"].provider, errors["a"].attempts) == ("a", "stuck", 1)
    assert [errors[name] for name in "bcdef"] == [None] * 5


@pytest.mark.parametrize("workers", [1, 8])
def test_what_is_stuck_in_c_code_is_given_up_and_its_place_is_taken(workers: int, release: threading.Event) -> None:
    registry = Registry([toy.plugin(), stuck_in(lambda: release.wait(30))], installed=False)
    started = time.monotonic()
    with serve() as server, Client(registry=registry, timeout_s=1.5) as reader:
        accounts = [account(server.base_url, "a", "stuck"), *(account(server.base_url, name) for name in "bcdef")]
        outcomes = {outcome.account.name: outcome for outcome in reader.read_many(accounts, workers=workers)}
    assert time.monotonic() - started < 20
    error = outcomes["a"].error
    assert isinstance(error, PluginError)
    assert re.fullmatch(r"coffers_parse did not end within its time and was given up after \d+ s", error.message)
    assert (error.account, error.provider) == ("a", "stuck")
    assert 0.5 < outcomes["a"].elapsed_s < 15
    assert all(outcomes[name].error is None for name in "bcdef")


def test_a_read_that_is_stuck_elsewhere_is_no_fault_of_the_plugin(release: threading.Event) -> None:
    class Stuck:
        def send(self, message: object, endpoint: object, deadline: float) -> Response:
            release.wait(30)
            return OK

        def close(self) -> None: ...

    reader = Client(registry=Registry([toy.plugin()], installed=False), transport=Stuck(), timeout_s=0.1)
    [error] = errors_of(reader, [account("http://127.0.0.1:9", "a")]).values()
    assert isinstance(error, TimedOutError)
    assert error.message == "the read did not end at its deadline and was given up"


def test_an_import_that_hangs_costs_its_own_accounts_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    info = tmp_path / "acme_plugin-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-plugin\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[coffers.providers]\nacme = acme_hangs_at_import\n")
    (tmp_path / "acme_hangs_at_import.py").write_text("import time\ntime.sleep(20)\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    registry = Registry([toy.plugin()], load_within_s=1)
    with serve() as server, Client(registry=registry, timeout_s=5) as reader:
        accounts = [Account(f"a{number}", "acme") for number in range(6)]
        accounts += [account(server.base_url, name) for name in "bcdef"]
        started = time.monotonic()
        errors = errors_of(reader, accounts)
    assert time.monotonic() - started < 15
    assert set(list(errors)[:5]) == set("bcdef")  # they waited for nobody
    assert [errors[name] for name in "bcdef"] == [None] * 5
    for number in range(6):
        error = errors[f"a{number}"]
        assert isinstance(error, PluginError)
        assert "the plugin acme-plugin 1.0 is broken: importing it takes longer than 1 s" in error.message


def test_the_end_of_the_process_waits_for_no_stuck_plugin() -> None:
    script = """
import time
from coffers import Account, Client, Registry, Response, Secret, client, flow
from tests.core import toy
class Quick:
    def send(self, message, endpoint, deadline): return Response(200)
    def close(self): ...
client._OVERRUN_S, flow.LEAST_VERB_S = 0.5, 0.05
plugin = toy.plugin(parse=lambda response, query: time.sleep(60))
with Client(registry=Registry([plugin], installed=False), transport=Quick(), timeout_s=0.1) as reader:
    [outcome] = reader.read_many([Account("a", "toy", {"key": Secret("k" * 9)})])
print(outcome.error.kind)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=30)
    assert (done.stdout, done.stderr) == ("plugin\n", "")
