"""Rows as a table for people; where the terminal is too narrow for that, as a list.

Roof. No amount, no currency and no error text is ever cut: names and notes fold, and if that is not enough the list
takes over. A provider's text is shown as it is, never read as markup.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Final

from rich import box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from coffers.cli.rows import AMOUNTS, LABELS, Row, columns_of

__all__ = ["BalancesTable"]

#: Columns that may fold, and the width to which they may be folded at most.
_FOLDABLE: Final[Mapping[str, int]] = {"account": 8, "provider": 8, "network": 7, "wallet": 8, "note": 28}

#: Spaces between two columns.
_GAP: Final = 2

_STYLES: Final = {"error": "red", "reading": "dim", "ok": ""}


class BalancesTable:
    """A renderable that takes the form its console has room for.

    Args:
        rows: what to show.
        caption: a line below it, while it fills.
    """

    def __init__(self, rows: Sequence[Row], caption: str = "") -> None:
        self._rows = rows
        self._caption = caption

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        widths = _widths(self._rows, options.max_width)
        ruled = console.is_terminal and not options.ascii_only
        yield _list(self._rows, options.max_width) if widths is None else _table(self._rows, widths, ruled=ruled)
        if self._caption:
            yield Text(self._caption, style="dim")


def _widths(rows: Sequence[Row], room: int) -> dict[str, int] | None:
    """The width of each column, or None where `room` is too little however much is folded."""
    columns = columns_of(rows)
    widths = {column: max(cell_len(text) for text in _texts(rows, column)) for column in columns}
    least = {
        column: min(widths[column], max(_FOLDABLE[column], cell_len(LABELS[column])))
        for column in columns
        if column in _FOLDABLE
    }
    excess = sum(widths.values()) + _GAP * (len(widths) - 1) - room
    while excess > 0:
        column = max(least, key=lambda name: widths[name] - least[name])
        if widths[column] == least[column]:
            return None
        widths[column] -= 1
        excess -= 1
    return widths


def _texts(rows: Sequence[Row], column: str) -> list[str]:
    return [LABELS[column], *(row.cell(column) for row in rows)]


def _table(rows: Sequence[Row], widths: Mapping[str, int], *, ruled: bool) -> Table:
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


def _list(rows: Sequence[Row], room: int) -> RenderableType:
    """A block for each account, an amount a line."""
    lines: list[Text] = []
    for (account, provider), group in groupby(rows, key=lambda row: (row.account, row.provider)):
        if lines:
            lines.append(Text(""))
        lines.append(Text.assemble((account, "bold"), "  ", (provider, "dim"), overflow="fold"))
        for row in group:
            lines += _block(row, room)
    return Group(*lines)


def _block(row: Row, room: int) -> list[Text]:
    place = " ".join(text for text in (row.currency, row.network, row.wallet) if text)
    lines = [Text(f"  {place}", overflow="fold")] if place else []
    facts = {LABELS[column]: row.cell(column) for column in (*AMOUNTS, "as_of") if row.cell(column) not in ("", "-")}
    label_width = max((cell_len(LABELS[column]) for column in (*AMOUNTS, "as_of")), default=0)
    width = max(map(cell_len, facts.values()), default=0)
    for label, text in facts.items():
        line = f"    {label:<{label_width}}  {text:>{width}}"
        lines += [Text(line)] if cell_len(line) <= room else [Text(f"    {label}"), Text(text, overflow="fold")]
    if row.note:
        lines.append(Text(f"  {row.note}", style=_STYLES[row.state], overflow="fold"))
    return lines
