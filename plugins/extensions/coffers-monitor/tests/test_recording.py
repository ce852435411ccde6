"""What `coffers balances` and `coffers check` read stands in the history, where the config has the table."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from coffers import Response
from coffers_monitor.facts import Attempt, Figures, Place
from coffers_monitor.rules import judge
from coffers_monitor.store import Store
from tests.core.loopback import Asked, Loopback, serve

pytestmark = pytest.mark.usefixtures("installed")

JSON = (("Content-Type", "application/json"),)
EXACT = "1234567890.123456789012345678"


def answer(asked: Asked) -> Response:
    if "bad" in asked.path:
        return Response(401)
    amount = "0" if "empty" in asked.path else EXACT
    return Response(200, JSON, json.dumps({"currency": "EUR", "balance": amount, "on_hold": "0"}).encode())


def write(folder: Path, server: Loopback, *names: str, monitor: str = "[monitor]") -> Path:
    accounts = [
        f'[accounts.{name}]\nprovider = "acme"\nkey = "env:COFFERS_TEST_KEY"\nbase_url = "{server.base_url}/{name}"\n'
        for name in names
    ]
    path = folder / "config.toml"
    path.write_text(f"{monitor}\n" + "\n".join(accounts))
    path.chmod(0o600)
    return path


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "coffers", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def kept(folder: Path) -> dict[str, list[Attempt]]:
    """Every read in the usual database."""
    with Store.open(f"sqlite:///{folder / 'state/coffers/monitor.sqlite3'}", create=False) as store:
        begin, end = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
        return {account: list(store.attempts(account, begin, end)) for account in store.accounts()}


def test_reads_of_balances_and_check_are_kept_with_every_digit_and_failures_too(tmp_path: Path) -> None:
    with serve(answer) as server:
        config = write(tmp_path, server, "shop", "bad")
        shown = run("balances", "--csv", "--config", config)
        assert (shown.returncode, shown.stderr.count("not kept")) == (5, 0), shown.stderr
        assert run("check", "shop", "--below", "5EUR", "--config", config).returncode == 0
    found = kept(tmp_path)
    first, second = found["shop"]
    assert [row.total for row in first.rows or ()] == [Decimal(EXACT)]
    assert first.rows == second.rows
    [failed] = found["bad"]
    assert (failed.error, failed.rows) == ("auth", None)
    assert EXACT in run("history", "--csv", "--config", config).stdout
    assert all(b"canary" not in path.read_bytes() for path in (tmp_path / "state/coffers").iterdir())


def test_a_config_without_the_table_keeps_nothing(tmp_path: Path) -> None:
    with serve(answer) as server:
        shown = run("balances", "--csv", "--config", write(tmp_path, server, "shop", monitor=""))
    assert (shown.returncode, shown.stderr) == (0, "")
    assert not (tmp_path / "state").exists()


def test_a_sudden_nothing_is_kept_as_unconfirmed_and_judged_by_the_watch_alone(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    money = Attempt("empty", "acme", now, 0.1, (Figures(Place("empty", "EUR"), total=Decimal(5)),))
    with serve(answer) as server:
        config = write(tmp_path, server, "empty")
        assert run("balances", "--csv", "--config", config).returncode == 0
        with Store.open(f"sqlite:///{tmp_path / 'state/coffers/monitor.sqlite3'}") as store:
            with store.begin() as transaction:
                transaction.put_state("empty", judge((), None, money, now, lambda _: None).state.to_text())
            assert run("balances", "--csv", "--config", config).returncode == 0
            with store.begin() as transaction:
                remembered = transaction.state("empty")
    assert [attempt.unconfirmed for attempt in kept(tmp_path)["empty"]] == [False, True]
    assert remembered == judge((), None, money, now, lambda _: None).state.to_text()


@pytest.mark.parametrize(
    ("monitor", "complaint"),
    [
        ('[monitor]\ndatabase = "env:NOT_SET_ANYWHERE"', "the address of the database"),
        ('[monitor]\ndatabase = "sqlite:////dev/null/nowhere.sqlite3"', "/dev/null/nowhere.sqlite3"),
        ('[monitor]\neverry = "1h"', "monitor.everry: is not a key of [monitor]"),
    ],
)
def test_balances_are_shown_all_the_same_where_they_cannot_be_kept(
    tmp_path: Path, monitor: str, complaint: str
) -> None:
    with serve(answer) as server:
        shown = run("balances", "--csv", "--config", write(tmp_path, server, "shop", "more", monitor=monitor))
    assert (shown.returncode, shown.stdout.count(",money,")) == (0, 2)
    [line] = [line for line in shown.stderr.splitlines() if "not kept in the history" in line]
    assert complaint in line
