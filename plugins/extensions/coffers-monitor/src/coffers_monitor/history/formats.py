"""Reads as CSV, JSON and JSON lines, a few at a time, so that any number will do.

As `coffers balances` writes them: RFC 4180, texts that a spreadsheet would take for a formula neutralised, amounts with
every digit, a row for a failed and for an empty read too.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Final

from coffers import one_line, time_to_text
from coffers_monitor.facts import Attempt

from .report import HISTORY_SCHEMA, attempt_report

__all__ = ["CSV_COLUMNS", "csv_parts", "flat_rows", "json_lines", "json_parts"]

#: The columns of the CSV. New ones may be added at the end; these stay.
CSV_COLUMNS: Final[tuple[str, ...]] = (
    "account", "provider", "status", "currency", "unit", "network", "wallet", "total", "available", "pending",
    "reserved", "spendable", "as_of", "fetched_at", "elapsed_s", "error_kind", "error_message", "retry_after",
    "expires_at", "unconfirmed",
)  # fmt: skip

#: Columns that hold a number or nothing; every other one holds text.
_NUMBERS: Final = frozenset({"total", "available", "pending", "reserved", "spendable", "elapsed_s", "retry_after"})

#: A spreadsheet takes text that begins so for a formula.
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")


def csv_parts(attempts: Iterable[Attempt]) -> Iterator[str]:
    """A header, then a row for each balance, and for each read that failed or found nothing."""
    text = io.StringIO(newline="")
    writer: csv.DictWriter[str] = csv.DictWriter(text, CSV_COLUMNS, restval="")
    writer.writeheader()
    for attempt in attempts:
        for row in flat_rows(attempt):
            writer.writerow({column: _cell(column, value) for column, value in row.items()})
        yield text.getvalue()
        text.seek(0)
        text.truncate()
    yield text.getvalue()


def flat_rows(attempt: Attempt) -> Iterator[dict[str, Any]]:
    """A read as rows of `CSV_COLUMNS`; what is not known is None."""
    report = attempt_report(attempt)
    names = ("account", "provider", "status", "as_of", "fetched_at", "elapsed_s")
    shared: dict[str, Any] = dict.fromkeys(CSV_COLUMNS) | {name: report[name] for name in names}
    shared["unconfirmed"] = "yes" if attempt.unconfirmed else None
    if (error := report.get("error")) is not None:
        shared |= {"error_kind": error["kind"], "error_message": error["message"], "retry_after": error["retry_after"]}
    balances: list[dict[str, Any]] = report.get("balances") or [{}]
    for balance in balances:
        yield shared | balance


def _cell(column: str, value: Any) -> str:
    if value is None:
        return ""
    if column in _NUMBERS:
        return str(value)
    text = one_line(str(value))
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def json_parts(
    attempts: Iterable[Attempt], since: datetime | None, until: datetime, now: datetime, *, ascii_only: bool
) -> Iterator[str]:
    """One JSON document, a read on a line of its own."""
    facts = {
        "schema": HISTORY_SCHEMA,
        "generated_at": time_to_text(now.replace(microsecond=0)),
        "since": None if since is None else time_to_text(since),
        "until": time_to_text(until),
    }
    yield json.dumps(facts)[:-1] + ', "attempts": ['
    between = "\n"
    for attempt in attempts:
        yield between + json.dumps(attempt_report(attempt), ensure_ascii=ascii_only)
        between = ",\n"
    yield "\n]}\n"


def json_lines(attempts: Iterable[Attempt], *, ascii_only: bool) -> Iterator[str]:
    """One JSON object a line."""
    for attempt in attempts:
        yield json.dumps({"schema": HISTORY_SCHEMA} | attempt_report(attempt), ensure_ascii=ascii_only) + "\n"
