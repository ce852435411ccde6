"""Rows as a table for people, in the widest of three forms that the terminal has room for.

    wide     a row holds everything; names and notes may fold
    groups   a line for each account, below it its balances in columns; names may fold
    list     a line for each account, below it an amount a line

Roof. No amount, no currency and no error text is ever cut; in the list, the last resort, a long amount folds. A
provider's text is shown as it is, never read as markup.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby, zip_longest
from typing import Final

from rich import box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from coffers.cli.rows import AMOUNTS, LABELS, Row, columns_of

__all__ = ["BalancesTable"]

#: Columns that may fold, and the width to which they may be folded at most.
_FOLDABLE: Final[Mapping[str, int]] = {
    "account": 16,
    "provider": 12,
    "network": 10,
    "wallet": 12,
    "derived": 9,
    "note": 28,
}

#: Spaces between two columns.
_GAP: Final = 2

#: What stands before a line that belongs to the one above.
_INDENT: Final = "  "

#: Columns that together say where an amount is held.
_PLACE: Final = ("currency", "network", "wallet")

_STYLES: Final = {"error": "red", "reading": "dim", "ok": ""}


class BalancesTable:
    """A renderable that takes the form its console has room for.

    Args:
        rows: what to show.
        caption: a line below it, while it fills; alone as long as there are more rows than the screen has lines.
    """

    def __init__(self, rows: Sequence[Row], caption: str = "") -> None:
        self._rows = rows
        self._caption = caption

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        room = options.max_width
        if self._caption and len(self._rows) >= console.height:
            pass
        elif (widths := _wide_widths(self._rows, room)) is not None:
            yield _wide(self._rows, widths, ruled=console.is_terminal and not options.ascii_only)
        elif (widths := _group_widths(self._rows, room)) is not None:
            yield _groups(self._rows, widths, console)
        else:
            yield _list(self._rows, room)
        if self._caption:
            yield Text(self._caption, style="dim")


def _wide_widths(rows: Sequence[Row], room: int) -> dict[str, int] | None:
    """The width of each column, or None where `room` is too little however much is folded."""
    return _fitting(rows, columns_of(rows), room)


def _fitting(rows: Sequence[Row], columns: Sequence[str], room: int) -> dict[str, int] | None:
    widths = _natural_widths(rows, columns)
    least = {
        column: min(widths[column], max(_FOLDABLE[column], cell_len(LABELS[column])))
        for column in widths
        if column in _FOLDABLE
    }
    excess = sum(widths.values()) + _GAP * (len(widths) - 1) - room
    while excess > 0:
        column = max(least, key=lambda name: widths[name] - least[name], default=None)
        if column is None or widths[column] == least[column]:
            return None
        widths[column] -= 1
        excess -= 1
    return widths


def _natural_widths(rows: Sequence[Row], columns: Iterable[str]) -> dict[str, int]:
    return {column: max(cell_len(LABELS[column]), *(cell_len(row.cell(column)) for row in rows)) for column in columns}


def _wide(rows: Sequence[Row], widths: Mapping[str, int], *, ruled: bool) -> Table:
    # A rule below the headings draws one space between columns, so one less is padded.
    table = Table(
        box=box.SIMPLE_HEAD if ruled else None,
        show_edge=False,
        pad_edge=False,
        padding=(0, _GAP - 1 if ruled else _GAP, 0, 0),
        header_style="bold",
    )
    for column, width in widths.items():
        right = "right" if column in AMOUNTS else "left"
        table.add_column(Text(LABELS[column]), width=width, justify=right, overflow="fold")  # type: ignore[arg-type]  # the literals are those it wants
    before = None
    for row in rows:
        cells: list[Text] = []
        for column in widths:
            repeated = column in ("account", "provider") and before is not None and before.account == row.account
            style = "dim" if repeated else _STYLES[row.state] if column == "note" else ""
            cells.append(Text(row.cell(column), style=style, overflow="fold"))
        table.add_row(*cells)
        before = row
    return table


def _group_widths(rows: Sequence[Row], room: int) -> dict[str, int] | None:
    """The width of each column below an account, or None where `room` is too little."""
    columns = [column for column in columns_of(rows) if column in (*_PLACE, *AMOUNTS)]
    return _fitting(rows, columns, room - len(_INDENT))


def _groups(rows: Sequence[Row], widths: Mapping[str, int], console: Console) -> RenderableType:
    lines = [Text(line, style="bold") for line in _aligned(LABELS, widths, console)]
    for account in _by_account(rows):
        lines += _heading(account[0])
        for row in account:
            if row.currency:
                lines += map(Text, _aligned({column: row.cell(column) for column in widths}, widths, console))
    return Group(*lines)


def _aligned(cells: Mapping[str, str], widths: Mapping[str, int], console: Console) -> Iterator[str]:
    """One row in columns, on as many lines as its longest cell is folded to."""
    folded = {column: Text(cells[column]).wrap(console, width) for column, width in widths.items()}
    for parts in zip_longest(*folded.values(), fillvalue=Text()):
        padded: list[str] = []
        for (column, width), part in zip(widths.items(), parts, strict=True):
            text = part.plain.rstrip()
            blanks = " " * (width - cell_len(text))
            padded.append(blanks + text if column in AMOUNTS else text + blanks)
        yield _INDENT + (" " * _GAP).join(padded).rstrip()


def _list(rows: Sequence[Row], room: int) -> RenderableType:
    lines: list[Text] = []
    for account in _by_account(rows):
        lines += _heading(account[0])
        for row in account:
            lines += _block(row, room) if row.currency else []
    return Group(*lines)


def _by_account(rows: Sequence[Row]) -> list[list[Row]]:
    return [list(group) for _, group in groupby(rows, key=lambda row: row.account)]


def _heading(row: Row) -> list[Text]:
    """An account's own line, and what is to be said about it as a whole."""
    as_of = f"  as of {row.as_of}" if row.as_of else ""
    heading = Text.assemble((row.account, "bold"), f"  {row.provider}", (as_of, "dim"), overflow="fold")
    if not row.note:
        return [heading]
    return [heading, Text(_INDENT + row.note, style=_STYLES[row.state], overflow="fold")]


def _block(row: Row, room: int) -> list[Text]:
    """One balance, an amount a line."""
    lines = [Text(_INDENT + " ".join(row.cell(column) for column in _PLACE if row.cell(column)), overflow="fold")]
    facts = {LABELS[column]: row.cell(column) for column in AMOUNTS if row.cell(column) not in ("", "-")}
    label_width = max(cell_len(LABELS[column]) for column in AMOUNTS)
    width = max(map(cell_len, facts.values()), default=0)
    for label, text in facts.items():
        line = f"{_INDENT * 2}{label:<{label_width}}  {text:>{width}}"
        lines += [Text(line)] if cell_len(line) <= room else [Text(_INDENT * 2 + label), Text(text, overflow="fold")]
    return lines
