"""Reads as a table for people.

Nothing is ever cut: what has no room folds. Texts are shown as they are, never read as markup. Off a terminal it is
plain text, as wide as it is, without colour.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final, TextIO

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from coffers import amount_to_text, one_line
from coffers_monitor.facts import Attempt

__all__ = ["print_table"]

_LABELS: Final[Mapping[str, str]] = {
    "at": "Read at",
    "account": "Account",
    "currency": "Currency",
    "network": "Network",
    "wallet": "Wallet",
    "total": "Total",
    "available": "Available",
    "pending": "Pending",
    "reserved": "Reserved",
    "expires": "Expires",
    "as_of": "As of",
    "note": "Note",
}
_AMOUNTS: Final = frozenset({"total", "available", "pending", "reserved"})
_WHEN_NEEDED: Final = frozenset({"network", "wallet", "pending", "reserved", "expires", "as_of", "note"})
#: As wide as any line of plain text will be.
_ENDLESS: Final = 100_000


def print_table(attempts: Iterable[Attempt], stream: TextIO) -> None:
    """Draw the reads.

    Args:
        attempts: in their order; all of them are held in memory.
        stream: where to.
    """
    rows = [row for attempt in attempts for row in _rows(attempt)]
    columns = [column for column in _LABELS if column not in _WHEN_NEEDED or any(row.get(column) for row in rows)]
    terminal = stream.isatty()
    table = Table(
        box=box.SIMPLE_HEAD if terminal else None,
        show_edge=False,
        pad_edge=False,
        padding=(0, 1 if terminal else 2, 0, 0),
        header_style="bold",
    )
    for column in columns:
        table.add_column(Text(_LABELS[column]), justify="right" if column in _AMOUNTS else "left", overflow="fold")
    for row in rows:
        style = "red" if row["failed"] else ""
        table.add_row(*(Text(row.get(name, ""), style=style if name == "note" else "") for name in columns))
    console = Console(
        file=stream,
        force_terminal=terminal,
        force_jupyter=False,
        color_system="auto" if terminal else None,
        markup=False,
        emoji=False,
        highlight=False,
        width=None if terminal else _ENDLESS,
    )
    if terminal:
        console.print(table)
        return
    with console.capture() as captured:
        console.print(table)
    stream.writelines(line.rstrip() + "\n" for line in captured.get().splitlines())


def _rows(attempt: Attempt) -> Iterable[dict[str, str]]:
    shared = {"at": _time(attempt.at), "account": attempt.account, "as_of": _time(attempt.as_of), "failed": ""}
    if attempt.rows is None:
        yield shared | {"note": one_line(f"{attempt.error}: {attempt.message}"), "failed": "yes"}
    elif not attempt.rows:
        yield shared | {"note": "holds nothing"}
    for row in attempt.rows or ():
        yield shared | {
            "currency": row.place.currency,
            "network": one_line(row.place.network),
            "wallet": one_line(row.place.wallet),
            "total": _amount(row.total) or "-",
            "available": _amount(row.available) or "-",
            "pending": _amount(row.pending),
            "reserved": _amount(row.reserved),
            "expires": _time(row.expires_at),
            "note": "unconfirmed" if attempt.unconfirmed else "",
        }


def _amount(amount: Decimal | None) -> str:
    return "" if amount is None else amount_to_text(amount)


def _time(when: datetime | None) -> str:
    return "" if when is None else f"{when.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z"
