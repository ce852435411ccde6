"""The files: every digit, every outcome, whatever ends the run."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from coffers import Account, AuthError, Balance, NetworkError, Outcome, Snapshot, Valuation
from coffers_dask import SCHEMA, to_parquet, unread

NOW = datetime(2026, 11, 21, 3, 0, 0, 123456, tzinfo=UTC)


def account(name: str) -> Account:
    return Account(name, "acme", {"key": "env:ACME_KEY"})


def outcome(name: str, *balances: Balance) -> Outcome:
    return Outcome(account(name), NOW, 0.2, Snapshot(balances, NOW))


def failed(name: str, error: AuthError | NetworkError) -> Outcome:
    return Outcome(account(name), NOW, 0.2, error=error)


FULL = Balance(
    "USDT",
    total=Decimal("98765432109876543210987654321.000000000000000010"),
    reserved=Decimal("1E-18"),
    unit="asset",
    network="TRC20",
    wallet="main",
    valuation=Valuation("USD", total=Decimal("12.50")),
    details={"asset": "usdt-trc20"},
    derived=("total",),
    expires_at=NOW,
)


def test_each_balance_is_a_row_with_every_digit(tmp_path: Path) -> None:
    outcomes = [outcome("a", FULL, Balance("EUR", total=Decimal("0.00"))), outcome("empty")]
    outcomes.append(failed("bad", AuthError("unknown key", code=4)))
    assert (written := to_parquet(outcomes, tmp_path)).read == 2
    assert (written.run, written.failed) == (1, 1)
    table = pq.read_table(tmp_path)
    assert table.schema.equals(SCHEMA)
    full, euro, empty, bad = table.to_pylist()
    assert full == {
        "run": 1,
        "account": "a",
        "provider": "acme",
        "status": "ok",
        "fetched_at": NOW,
        "as_of": NOW,
        "currency": "USDT",
        "unit": "asset",
        "network": "TRC20",
        "wallet": "main",
        "total": "98765432109876543210987654321.000000000000000010",
        "available": None,
        "pending": None,
        "reserved": "0.000000000000000001",
        "spendable": "98765432109876543210987654321.000000000000000010",
        "value_currency": "USD",
        "value_total": "12.50",
        "value_available": None,
        "derived": ["total"],
        "details": [("asset", "usdt-trc20")],
        "expires_at": NOW,
        "error_kind": None,
        "error_code": None,
        "error_message": None,
        "error_retryable": None,
    }
    assert (euro["currency"], euro["total"], euro["value_currency"]) == ("EUR", "0.00", None)
    assert (empty["status"], empty["currency"], empty["total"]) == ("ok", None, None)
    assert (bad["status"], bad["error_kind"], bad["error_code"], bad["error_message"], bad["error_retryable"]) == (
        "error",
        "auth",
        "4",
        "unknown key",
        False,
    )


def test_a_run_that_is_cut_short_has_written_what_came(tmp_path: Path) -> None:
    def outcomes() -> Iterator[Outcome]:
        for number in range(7):
            yield outcome(f"a{number}", FULL)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        to_parquet(outcomes(), tmp_path, part_size=3)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        f"run-0001-part-{number:06}.parquet" for number in (1, 2, 3)
    ]
    everyone = [account(f"a{number}") for number in range(10)]
    left = list(unread(everyone, tmp_path))
    assert left == everyone[7:]
    assert to_parquet((outcome(one.name, FULL) for one in left), tmp_path).run == 2
    assert list(unread(everyone, tmp_path)) == []


def test_what_may_pass_is_read_again_only_when_told(tmp_path: Path) -> None:
    outcomes = [outcome("ok", FULL), failed("auth", AuthError("no")), failed("lost", NetworkError("lost"))]
    to_parquet(outcomes, tmp_path)
    everyone = [account("ok"), account("auth"), account("lost"), account("new")]
    assert [one.name for one in unread(everyone, tmp_path)] == ["new"]
    assert [one.name for one in unread(everyone, tmp_path, again=True)] == ["lost", "new"]
    to_parquet([outcome("lost", FULL)], tmp_path)
    assert [one.name for one in unread(everyone, tmp_path, again=True)] == ["new"]


def test_a_folder_that_is_not_there_has_nothing_read(tmp_path: Path) -> None:
    assert list(unread([account("a")], tmp_path / "nowhere")) == [account("a")]


def test_files_of_others_and_unfinished_ones_count_for_nothing(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "run-0001-part-000001.unfinished").write_bytes(b"half")
    assert list(unread([account("a")], tmp_path)) == [account("a")]
    to_parquet([outcome("a")], tmp_path)
    assert list(unread([account("a")], tmp_path)) == []


def test_a_part_holds_at_least_one(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        to_parquet([], tmp_path, part_size=0)
