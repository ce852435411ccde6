"""Several processes on one database, some of them killed: nothing is lost, nothing is handed out twice."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from coffers_monitor.facts import Attempt, Figures, Place
from coffers_monitor.store import Address, Store, StoreError
from coffers_monitor.store import store as store_module

KILLS = os.environ.get("COFFERS_TEST_KILLS", "200")


def whole(address: Address) -> str:
    return address.url.render_as_string(hide_password=False)


@pytest.mark.timeout(900)
@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills not tested: processes cannot be forked here")
def test_a_kill_at_any_moment_loses_nothing(address: Address) -> None:
    command = [sys.executable, "-W", "error", Path(__file__).with_name("killing.py"), whole(address), KILLS]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{KILLS} kills")


WRITE = """
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from coffers_monitor.facts import Attempt, Figures, Place
from coffers_monitor.store import Store
begin = datetime(2026, 11, 1, tzinfo=UTC)
with Store.open(sys.argv[1]) as store:
    for number in range(100):
        for account in ("shared", sys.argv[2]):
            rows = (Figures(Place(account, "USD"), total=Decimal(number)),)
            with store.begin() as transaction:
                transaction.add(Attempt(account, "acme", begin + timedelta(minutes=number), 0.1, rows))
                transaction.put_notice(f"{account}-{number}", "text", begin)
    while due := store.notices_due(begin, at_most=3):
        for notice in due:
            print(notice.id, flush=True)
            store.notice_sent(notice, begin)
"""


def test_processes_write_read_and_deliver_side_by_side(address: Address) -> None:
    """The accounts of their own and one that they share; we read meanwhile, and thin."""
    command = [sys.executable, "-W", "error", "-c", WRITE, whole(address)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with contextlib.ExitStack() as stack:
        store = stack.enter_context(Store.open(address))
        processes = [stack.enter_context(subprocess.Popen([*command, name], **pipes)) for name in ("a", "b")]  # type: ignore[call-overload]
        for process in processes:
            stack.callback(process.kill)
        seen = 0
        while any(process.poll() is None for process in processes):
            for name, (last, success) in store.latest().items():
                assert last == success
                assert len(last.rows or ()) == 1, "a read without its rows was seen"
                assert last.account == name
            now = sum(1 for _ in store.attempts("shared"))
            assert now >= seen, "what was there went away"
            seen = now
            store.thin(datetime.fromisoformat("2026-11-02T00:00:00Z"))
        told = [process.communicate(timeout=100) for process in processes]
        assert [errors for _, errors in told] == ["", ""]
        sent = [line for out, _ in told for line in out.splitlines()]
        assert sorted(sent) == sorted(f"{name}-{n}" for name in ("shared", "a", "b") for n in range(100))
        assert all(notice.sent_at is not None for notice in store.notices())
        assert [len(list(store.attempts(name))) for name in ("shared", "a", "b")] == [200, 100, 100]


def test_threads_share_a_store(store: Store, now: datetime) -> None:
    def write(name: str) -> None:
        for number in range(25):
            rows = (Figures(Place(name, "USD"), total=Decimal(number)),)
            with store.begin() as transaction:
                transaction.add(Attempt(name, "acme", now + timedelta(seconds=number), 0.1, rows))
            store.latest()

    threads = [threading.Thread(target=write, args=(f"account-{number}",)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(list(store.attempts(name))) for name in store.accounts()] == [25] * 6


def test_who_holds_a_file_for_ever_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "WAIT_S", 0.05)
    monkeypatch.setattr("coffers_monitor.store.engine.WAIT_S", 0.05)
    with Store.open(f"sqlite:///{tmp_path / 'a'}") as one, Store.open(f"sqlite:///{tmp_path / 'a'}") as other:
        with one.begin() as transaction:
            transaction.put_state("shop", "{}")
            with pytest.raises(StoreError, match="held by another program"), other.begin():
                pass
            with pytest.raises(StoreError, match="held by another thread"), one.begin():
                pass
            assert other.latest() == {}, "who only reads does not wait"
        with other.begin() as transaction:
            assert transaction.state("shop") == "{}"
