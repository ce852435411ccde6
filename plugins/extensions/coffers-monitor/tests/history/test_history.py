"""`coffers history`, run as the core runs a command: every form says the same, with every digit."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner, Result

from coffers import ConfigError
from coffers_monitor.facts import Attempt, Figures, Place
from coffers_monitor.history.command import command
from coffers_monitor.history.formats import CSV_COLUMNS
from coffers_monitor.history.times import time_from_text
from coffers_monitor.store import Store

BEGIN = datetime(2026, 11, 1, 3, 0, 0, 250000, tzinfo=UTC)
WIDE = Decimal("98765432109876543210987654321.000000000000000010")
SCHEMA = json.loads((files("coffers_monitor") / "schemas/history-1.schema.json").read_text("utf-8"))

FULL = Attempt(
    "shop",
    "acme",
    BEGIN,
    0.25,
    (
        Figures(Place("shop", "USDT", "TRC20", "=main"), "asset", total=WIDE, available=Decimal("-5.00")),
        Figures(Place("shop", "EUR"), pending=Decimal(1), reserved=Decimal("0"), expires_at=BEGIN),
    ),
    as_of=BEGIN,
)
EMPTY = Attempt("shop", "acme", BEGIN + timedelta(hours=1), 0.5, ())
BAD = Attempt(
    "shop", "acme", BEGIN + timedelta(hours=2), 1.5, None, error="rejected", message="@no [red]way", retry_after_s=1.2
)
OTHER = Attempt("payouts", "initech", BEGIN, 0.1, (Figures(Place("payouts", "JPY"), total=Decimal(1000)),))
ALL = ("--since", "2026-11-01")


@pytest.fixture
def place(tmp_path: Path) -> str:
    """A database with two accounts."""
    url = f"sqlite:///{tmp_path / 'monitor.sqlite3'}"
    with Store.open(url) as store, store.begin() as transaction:
        for attempt in (FULL, EMPTY, BAD, OTHER):
            transaction.add(attempt)
    return url


@pytest.fixture(autouse=True)
def no_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """None but what a test makes."""
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    monkeypatch.delenv("COFFERS_CONFIG", raising=False)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, arguments, catch_exceptions=False, standalone_mode=False)


def out(*arguments: str) -> str:
    result = run(*arguments)
    assert (result.return_value, result.stderr) == (0, "")
    return result.stdout


def test_json_has_every_read_and_every_digit(place: str) -> None:
    document = json.loads(out(*ALL, "--json", "--database", place))
    jsonschema.validate(document, SCHEMA)
    assert document["since"] == "2026-11-01T00:00:00Z"
    other, full, empty, bad = document["attempts"]
    assert (other["account"], other["balances"][0]["total"]) == ("payouts", "1000")
    assert full == {
        "account": "shop",
        "provider": "acme",
        "status": "ok",
        "fetched_at": "2026-11-01T03:00:00.25Z",
        "elapsed_s": 0.25,
        "as_of": "2026-11-01T03:00:00.25Z",
        "unconfirmed": False,
        "balances": [
            {
                "currency": "USDT",
                "unit": "asset",
                "network": "TRC20",
                "wallet": "=main",
                "total": "98765432109876543210987654321.000000000000000010",
                "available": "-5.00",
                "pending": None,
                "reserved": None,
                "spendable": "-5.00",
                "expires_at": None,
            },
            {
                "currency": "EUR",
                "unit": "money",
                "network": None,
                "wallet": None,
                "total": None,
                "available": None,
                "pending": "1",
                "reserved": "0",
                "spendable": None,
                "expires_at": "2026-11-01T03:00:00.25Z",
            },
        ],
    }
    assert (empty["status"], empty["balances"]) == ("ok", [])
    assert bad["error"] == {"kind": "rejected", "message": "@no [red]way", "retry_after": 2}


def test_each_line_of_jsonl_is_a_read(place: str) -> None:
    lines = [json.loads(line) for line in out(*ALL, "--jsonl", "--database", place, "shop").splitlines()]
    for line in lines:
        jsonschema.validate(line, SCHEMA)
    whole = json.loads(out(*ALL, "--json", "--database", place))["attempts"]
    assert [{"schema": "coffers.history/1"} | read for read in whole if read["account"] == "shop"] == lines


@pytest.mark.parametrize("change", [{"status": "error"}, {"balances": []}])
def test_the_schema_can_tell(place: str, change: dict[str, Any]) -> None:
    line = json.loads(out(*ALL, "--jsonl", "--database", place).splitlines()[-1 if "balances" in change else 0])
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(line | change, SCHEMA)


def test_csv_is_safe_for_a_spreadsheet(place: str) -> None:
    text = run(*ALL, "--csv", "--database", place).stdout_bytes.decode()  # as they are, line ends too
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert tuple(rows[0]) == CSV_COLUMNS
    _, full, euro, empty, bad = rows
    assert (full["total"], full["available"], full["wallet"]) == (f"{WIDE:f}", "-5.00", "'=main")
    assert (euro["total"], euro["pending"], euro["reserved"], euro["spendable"]) == ("", "1", "0", "")
    assert (empty["status"], empty["currency"], empty["total"]) == ("ok", "", "")
    assert (bad["status"], bad["error_kind"], bad["error_message"]) == ("error", "rejected", "'@no [red]way")
    assert text.count("\r\n") == 6
    assert "\r\r" not in text


def test_a_table_shows_failures_and_every_digit(place: str) -> None:
    lines = out(*ALL, "--database", place).splitlines()
    assert lines[0].split() == (
        [
            "Read",
            "at",
            "Account",
            "Currency",
            "Network",
            "Wallet",
            "Total",
            "Available",
            "Pending",
            "Reserved",
            "Expires",
            "As",
            "of",
            "Note",
        ]
    )
    text = "\n".join(lines)
    assert f"{WIDE:f}" in text
    assert "rejected: @no [red]way" in text
    assert "holds nothing" in text
    assert len(lines) == 6
    assert all(line == line.rstrip() for line in lines)


def test_parquet_holds_the_same(place: str, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="Parquet not tested: pyarrow is not installed")
    file = tmp_path / "history.parquet"
    result = run(*ALL, "--parquet", str(file), "--database", place)
    assert (result.stdout, result.stderr) == ("", f"5 rows in {file}\n")
    table = parquet.read_table(file)
    assert tuple(table.schema.names) == CSV_COLUMNS
    _, full, euro, empty, bad = table.to_pylist()
    assert (full["total"], full["fetched_at"], full["as_of"]) == (f"{WIDE:f}", BEGIN, BEGIN)
    assert (euro["total"], euro["expires_at"]) == (None, BEGIN)
    assert (empty["currency"], bad["error_message"], bad["retry_after"]) == (None, "@no [red]way", 2)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    with pytest.raises(ConfigError, match="cannot be written"):
        run(*ALL, "--parquet", str(tmp_path / "none" / "a.parquet"), "--database", place)


def test_a_time_bounds_what_is_shown(place: str) -> None:
    def reads(*arguments: str) -> list[str]:
        lines = out(*arguments, "--jsonl", "--database", place, "shop").splitlines()
        return [json.loads(line)["fetched_at"] for line in lines]

    assert len(reads("--since", "2026-11-01T04:00:00")) == 2
    assert len(reads(*ALL, "--until", "2026-11-01T04:00:00.25")) == 2
    assert len(reads(*ALL, "--until", "2026-11-01")) == 3
    assert reads("--since", "2026-11-02", "--until", "2026-11-02") == []


def test_no_reads_are_no_error(place: str) -> None:
    result = run("--since", "2026-10-01", "--until", "2026-10-02", "--database", place)
    assert (result.return_value, result.stdout) == (0, "")
    assert "nothing was read" in result.stderr
    document = json.loads(out("--since", "2026-10-01", "--until", "2026-10-02", "--json", "--database", place))
    assert document["attempts"] == []


def test_a_long_table_says_that_it_is_cut(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'long.sqlite3'}"
    with Store.open(url) as store, store.begin() as transaction:
        for number in range(1001):
            transaction.add(Attempt("shop", "acme", BEGIN + timedelta(seconds=number), 0.1, ()))
    result = run(*ALL, "--database", url)
    assert len(result.stdout.splitlines()) == 1001
    assert "only the last 1000 reads" in result.stderr
    assert len(out(*ALL, "--jsonl", "--database", url).splitlines()) == 1001


# --- which database ------------------------------------------------------------------------------------------------


def test_the_config_names_the_database(place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[monitor]\ndatabase = "sqlite:///monitor.sqlite3"\n')
    assert "rejected" in out(*ALL, "--config", str(config))
    config.write_text('[monitor]\ndatabase = "env:DATABASE"\n')
    monkeypatch.setenv("DATABASE", place)
    monkeypatch.setenv("COFFERS_CONFIG", str(config))
    assert "rejected" in out(*ALL)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[monitor", "cannot be read"),
        ("monitor = 1", "monitor: must be a table"),
        ("[monitor]\ndatabase = 1", "monitor.database: must be a text"),
        ('[monitor]\ndatabase = "mysql://h/d"', "monitor.database: the address names a kind"),
        ('[monitor]\ndatabase = "postgresql://u:canary@h/d"', "monitor.database: holds a password"),
        ('[monitor]\ndatabase = "env:NOT_THERE"', "NOT_THERE is not set"),
    ],
)
def test_a_config_that_is_wrong_is_told(tmp_path: Path, text: str, said: str) -> None:
    config = tmp_path / "config.toml"
    config.write_text(text)
    with pytest.raises(ConfigError, match=said) as caught:
        run("--config", str(config))
    assert "canary" not in str(caught.value)


def test_what_is_not_there_is_told_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"monitor\.sqlite3 is not there yet; `coffers watch` makes it"):
        run()
    assert not (tmp_path / "home").exists()
    with pytest.raises(ConfigError, match="does not exist"):
        run("--config", str(tmp_path / "none.toml"))
    with pytest.raises(ConfigError, match="--database: holds a password"):
        run("--database", "postgresql://u:canary@h/d")


def test_an_account_that_was_never_read_is_told(place: str) -> None:
    with pytest.raises(ConfigError, match="no account 'shpo' was ever read; did you mean 'shop'"):
        run("--database", place, "shpo")


WRONG = [
    ("--since", "yesterday"),
    ("--since", "99999999d"),
    ("--until", "2026-13-01"),
    ("--csv", "--json"),
    ("--jsonl", "--parquet", "a"),
]


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_usage_is_told(place: str, wrong: tuple[str, ...]) -> None:
    from click import UsageError

    with pytest.raises(UsageError):
        run(*wrong, "--database", place)


def test_a_time_to_come_is_told_for_what_it_is(place: str) -> None:
    from click import UsageError

    with pytest.raises(UsageError, match="--since is later than now"):
        run("--since", "2999-01-01", "--database", place)
    with pytest.raises(UsageError, match="--since is later than --until"):
        run("--since", "1h", "--until", "2h", "--database", place)


@pytest.mark.parametrize(
    ("text", "begin", "end"),
    [
        ("90s", "2026-11-21T11:58:30Z", None),
        ("7d", "2026-11-14T12:00:00Z", None),
        ("2w", "2026-11-07T12:00:00Z", None),
        ("2026-11-20", "2026-11-20T00:00:00Z", "2026-11-20T23:59:59.999999Z"),
        ("2026-11-20T05:30+05:30", "2026-11-20T00:00:00Z", None),
        ("2026-11-20T05:30", "2026-11-20T05:30:00Z", None),
    ],
)
def test_times_are_read(text: str, begin: str, end: str | None) -> None:
    now = datetime(2026, 11, 21, 12, tzinfo=UTC)
    assert time_from_text(text, now, end=False) == datetime.fromisoformat(begin)
    assert time_from_text(text, now, end=True) == datetime.fromisoformat(end or begin)
