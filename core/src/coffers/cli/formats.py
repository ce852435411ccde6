"""Outcomes as JSON, JSON lines and CSV: for programs.

Roof. The shape of the JSON is the core's (`balances_report`); here are only bytes, order and the CSV's columns.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, Final, TextIO

import click

from coffers import BALANCES_SCHEMA, Outcome, account_report, balances_report, one_line

__all__ = ["CSV_COLUMNS", "print_csv", "print_json", "print_json_line", "print_json_value"]

#: The columns of the CSV. New ones may be added at the end; these stay.
CSV_COLUMNS: Final[tuple[str, ...]] = (
    "account", "provider", "status", "currency", "unit", "network", "wallet", "total", "available", "pending",
    "reserved", "spendable", "value_currency", "value_total", "value_available", "as_of", "fetched_at", "error_kind",
    "error_code", "error_message", "derived", "expires_at",
)  # fmt: skip

#: Columns that hold a number or nothing; every other one holds text.
_NUMBERS: Final = frozenset(
    {"total", "available", "pending", "reserved", "spendable", "value_total", "value_available"}
)

#: A spreadsheet takes text that begins so for a formula.
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")


def print_json(outcomes: Iterable[Outcome]) -> None:
    """The whole document."""
    print_json_value(balances_report(outcomes, generated_at=datetime.now(UTC)))


def print_json_value(value: Any) -> None:
    """Any JSON value, indented for people."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=_ascii_only(sys.stdout)))


def print_json_line(outcome: Outcome, stdout: TextIO | None) -> None:
    """One account on a line of its own, at once; to the stdout that was there before plugins ran, if there was one."""
    if stdout is None:
        return
    line = json.dumps({"schema": BALANCES_SCHEMA} | account_report(outcome), ensure_ascii=_ascii_only(stdout))
    click.echo(line, file=stdout)


def _ascii_only(stdout: TextIO | None) -> bool:
    # What another encoding cannot say would be replaced by something that is no JSON.
    return (getattr(stdout, "encoding", None) or "").lower().replace("-", "") != "utf8"


def print_csv(outcomes: Iterable[Outcome]) -> None:
    """RFC 4180: a header, a row for each balance, a row for each account that failed or holds nothing."""
    import csv
    import io

    text = io.StringIO(newline="")
    writer: csv.DictWriter[str] = csv.DictWriter(text, CSV_COLUMNS, restval="")
    writer.writeheader()
    for outcome in outcomes:
        for row in _csv_rows(account_report(outcome)):
            writer.writerow({column: _cell(column, value) for column, value in row.items()})
    click.echo(text.getvalue(), nl=False)


def _csv_rows(report: dict[str, Any]) -> Iterator[dict[str, str | None]]:
    account = {column: report[column] for column in ("account", "provider", "status", "as_of", "fetched_at")}
    error = report.get("error")
    if error:
        account |= {f"error_{fact}": error[fact] for fact in ("kind", "code", "message")}
    balances: list[dict[str, Any]] = report.get("balances") or [{}]
    for balance in balances:
        value: dict[str, str | None] = balance.get("value") or {}
        yield (
            account
            | {column: balance[column] for column in CSV_COLUMNS if column in balance}
            | {"derived": " ".join(balance.get("derived", ()))}
            | {f"value_{fact}": text for fact, text in value.items()}
        )


def _cell(column: str, value: str | None) -> str:
    if value is None or column in _NUMBERS:
        return value or ""
    text = one_line(value)
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text
