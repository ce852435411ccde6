"""Rows of tables: put where they may be already, and an hour's as a value."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, Final

from sqlalchemy import Connection, Executable, Table
from sqlalchemy.dialects import postgresql, sqlite

from coffers_monitor.facts import Point

from .hours import Span

__all__ = ["add_up", "put", "put_new", "span_of", "span_values"]

#: The columns of `HOUR` beside its key.
_SPAN_COLUMNS: Final = ("first_at", "first", "last_at", "last", "low_at", "low", "high_at", "high")


def put(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows, in place of those that have their key already."""
    connection.execute(_replacing(connection.dialect.name, table, tuple(rows[0])), rows)


@cache
def _replacing(dialect: str, table: Table, columns: tuple[str, ...]) -> Executable:
    """Kept, because making it takes longer than all else."""
    statement = _kind(dialect).insert(table)
    keys = [column.name for column in table.primary_key]
    new = {name: statement.excluded[name] for name in columns if name not in keys}
    made: Executable = statement.on_conflict_do_update(index_elements=keys, set_=new)
    return made


def add_up(connection: Connection, table: Table, row: dict[str, Any]) -> None:
    """Add the numbers of `row` to those of the row that has its key; insert it where there is none."""
    connection.execute(_adding(connection.dialect.name, table), row)


@cache
def _adding(dialect: str, table: Table) -> Executable:
    statement = _kind(dialect).insert(table)
    keys = [column.name for column in table.primary_key]
    numbers = [column for column in table.columns if column.name not in keys]
    sums = {column.name: column + statement.excluded[column.name] for column in numbers}
    made: Executable = statement.on_conflict_do_update(index_elements=keys, set_=sums)
    return made


def put_new(connection: Connection, table: Table, row: dict[str, Any]) -> bool:
    """Insert a row, unless one is there already that it may not stand beside; whether it was inserted."""
    statement = _kind(connection.dialect.name).insert(table).on_conflict_do_nothing().returning(*table.primary_key)
    return connection.execute(statement, row).first() is not None


def _kind(dialect: str) -> Any:
    """The module in which SQLAlchemy keeps what a database has of its own."""
    return postgresql if dialect == "postgresql" else sqlite


def span_of(row: Any) -> Span:
    """A row of `HOUR` as a span."""
    return Span(
        Point(row.first_at, row.first),
        Point(row.last_at, row.last),
        Point(row.low_at, row.low),
        Point(row.high_at, row.high),
    )


def span_values(span: Span) -> dict[str, Any]:
    """A span as the columns of `HOUR`."""
    points = (span.first, span.last, span.low, span.high)
    return dict(zip(_SPAN_COLUMNS, [fact for point in points for fact in (point.at, point.amount)], strict=True))
