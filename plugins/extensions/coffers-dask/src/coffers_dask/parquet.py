"""Outcomes as a folder of Parquet files: a row a balance, a row for an account that failed or holds nothing.

Amounts are text, digit for digit as coffers has them. A decimal column has one scale for all of its rows and at most 76
digits; providers answer anything from whole yen to eighteen places, and a row that does not fit would be rounded or
refused. `CAST(total AS DECIMAL(38, 18))` at the reader's end says so where it is wanted.

A file appears whole or not at all. Nothing is ever changed in one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import attrs
import pyarrow  # type: ignore[import-untyped]  # noqa: ICN001  it ships no types; `pa` is its untyped name below
import pyarrow.parquet  # type: ignore[import-untyped]  # likewise

from coffers import Account, Outcome, balance_report

__all__ = ["SCHEMA", "Written", "to_parquet", "unread"]

pa: Any = pyarrow
pq: Any = pyarrow.parquet

_TIME: Final[Any] = pa.timestamp("us", tz="UTC")
_AMOUNTS: Final = ("total", "available", "pending", "reserved", "spendable")
_TEXTS: Final = ("currency", "unit", "network", "wallet", *_AMOUNTS)

#: The columns of every file. `run` counts the runs that wrote into the folder, from 1: an account with rows of two
#: runs was read in both; one of a later run may have been read in an earlier one that was cut short.
SCHEMA: Final[Any] = pa.schema(
    [
        pa.field("run", pa.int32(), nullable=False),
        pa.field("account", pa.string(), nullable=False),
        pa.field("provider", pa.string(), nullable=False),
        pa.field("status", pa.string(), nullable=False),
        pa.field("fetched_at", _TIME, nullable=False),
        pa.field("as_of", _TIME),
        *(pa.field(name, pa.string()) for name in _TEXTS),
        *(pa.field(f"value_{name}", pa.string()) for name in ("currency", "total", "available")),
        pa.field("derived", pa.list_(pa.string())),
        pa.field("details", pa.map_(pa.string(), pa.string())),
        pa.field("expires_at", _TIME),
        pa.field("error_kind", pa.string()),
        pa.field("error_code", pa.string()),
        pa.field("error_message", pa.string()),
        pa.field("error_retryable", pa.bool_()),
    ]
)

_PART: Final = re.compile(r"run-(\d{4,})-part-\d{6,}\.parquet")


@attrs.frozen
class Written:
    """What `to_parquet` wrote.

    Attributes:
        run: the number of this run.
        read: how many accounts were read.
        failed: how many ended as an error.
    """

    run: int
    read: int
    failed: int


def to_parquet(outcomes: Iterable[Outcome], folder: str | Path, *, part_size: int = 10_000) -> Written:
    """Write outcomes as they come, `part_size` of them to a file.

    However the iteration ends, by an exception or a key press too, what came is written. Only a process that is killed
    loses what is not yet in a file: at most `part_size` outcomes.

    Args:
        outcomes: what `read_many` yields.
        folder: made where it is not there; files of earlier runs stay.
        part_size: how many outcomes are held in memory at most.

    Raises:
        ValueError: `part_size` below 1.
        OSError: the folder or a file cannot be written.
    """
    if part_size < 1:
        raise ValueError("part_size must be at least 1")
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    run = 1 + max((int(match[1]) for _, match in _parts(place)), default=0)
    rows: list[dict[str, Any]] = []
    held = part = read = failed = 0

    def write() -> None:
        nonlocal held, part
        part += 1
        target = place / f"run-{run:04}-part-{part:06}.parquet"
        unfinished = target.with_suffix(".unfinished")
        pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMA), unfinished, compression="zstd")
        unfinished.replace(target)
        rows.clear()
        held = 0

    try:
        for outcome in outcomes:
            rows += _rows(outcome, run)
            held += 1
            read += outcome.error is None
            failed += outcome.error is not None
            if held >= part_size:
                write()
    finally:
        if rows:
            write()
    return Written(run, read, failed)


def unread(accounts: Iterable[Account], folder: str | Path, *, again: bool = False) -> Iterator[Account]:
    """Those of `accounts` that have no row in `folder` yet: what is left after an interruption.

    Args:
        accounts: told apart by provider and name.
        folder: of `to_parquet`; need not be there.
        again: whether to include accounts whose last row is an error that may pass, those on lost workers among them.
            These may have been read before; so say their new rows, which are of a later run.
    """
    done: dict[tuple[str, str], bool] = {}
    for path, _ in sorted(_parts(Path(folder))):
        table: Any = pq.read_table(path, columns=["provider", "account", "error_retryable"], schema=SCHEMA)
        for row in table.to_pylist():
            done[row["provider"], row["account"]] = bool(row["error_retryable"])
    for account in accounts:
        may_pass = done.get((account.provider, account.name))
        if may_pass is None or (may_pass and again):
            yield account


def _parts(place: Path) -> list[tuple[Path, re.Match[str]]]:
    with suppress(FileNotFoundError):
        return [(path, match) for path in place.iterdir() if (match := _PART.fullmatch(path.name))]
    return []


def _rows(outcome: Outcome, run: int) -> list[dict[str, Any]]:
    snapshot, error = outcome.snapshot, outcome.error
    shared: dict[str, Any] = {
        "run": run,
        "account": outcome.account.name,
        "provider": outcome.account.provider,
        "status": "ok" if error is None else "error",
        "fetched_at": outcome.fetched_at,
    }
    if error is not None:
        facts = {
            "error_kind": error.kind,
            "error_code": error.code,
            "error_message": error.message,
            "error_retryable": error.retryable,
        }
        return [shared | facts]
    assert snapshot is not None  # an outcome is one or the other
    shared["as_of"] = snapshot.as_of
    rows: list[dict[str, Any]] = []
    for balance in snapshot.balances:
        report = balance_report(balance)
        valuation: dict[str, str | None] = report["value"] or {}
        value = {f"value_{name}": text for name, text in valuation.items()}
        more = {
            "derived": list(balance.derived),
            "details": list(balance.details.items()),
            "expires_at": balance.expires_at,
        }
        rows.append(shared | {name: report[name] for name in _TEXTS} | value | more)
    return rows or [shared]
