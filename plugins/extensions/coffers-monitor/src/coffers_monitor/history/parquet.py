"""Reads as a Parquet file; needs pyarrow.

Amounts are text, digit for digit. A decimal column has one scale for all of its rows and at most 76 digits; providers
answer anything from whole yen to eighteen places, and a row that does not fit would be rounded or refused.
``CAST(total AS DECIMAL(38, 18))`` at the reader's end says so where it is wanted.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import pyarrow  # type: ignore[import-untyped]  # noqa: ICN001  it ships no types; `pa` is its untyped name below
import pyarrow.parquet  # type: ignore[import-untyped]  # likewise

from coffers_monitor.facts import Attempt

from .formats import CSV_COLUMNS, flat_rows

__all__ = ["SCHEMA", "write_parquet"]

pa: Any = pyarrow
pq: Any = pyarrow.parquet

_TIME: Final[Any] = pa.timestamp("us", tz="UTC")
_TYPES: Final[dict[str, Any]] = {
    "as_of": _TIME,
    "fetched_at": _TIME,
    "expires_at": _TIME,
    "elapsed_s": pa.float64(),
    "retry_after": pa.int64(),
}

_ALWAYS: Final = ("account", "provider", "status", "fetched_at", "elapsed_s")

#: The columns of the CSV, with times as times.
SCHEMA: Final[Any] = pa.schema(
    [pa.field(name, _TYPES.get(name, pa.string()), nullable=name not in _ALWAYS) for name in CSV_COLUMNS]
)

#: Rows that are held in memory at a time.
_GROUP: Final = 20_000


def write_parquet(attempts: Iterable[Attempt], file: Path) -> int:
    """Write the reads to `file`, in place of what is there; it appears whole or not at all.

    Returns:
        how many rows there are.

    Raises:
        OSError: it cannot be written.
    """
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    unfinished, count = Path(name), 0
    try:
        with os.fdopen(handle, "wb") as sink, pq.ParquetWriter(sink, SCHEMA, compression="zstd") as writer:
            for rows in _groups(attempts):
                writer.write_table(pa.Table.from_pylist(rows, schema=SCHEMA))
                count += len(rows)
        unfinished.replace(file)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    return count


def _groups(attempts: Iterable[Attempt]) -> Iterator[list[dict[str, Any]]]:
    rows: list[dict[str, Any]] = []
    for attempt in attempts:
        expiries = [row.expires_at for row in attempt.rows or ()] or [None]
        for row, expires_at in zip(flat_rows(attempt), expiries, strict=True):
            rows.append(row | {"as_of": attempt.as_of, "fetched_at": attempt.at, "expires_at": expires_at})
        if len(rows) >= _GROUP:
            yield rows
            rows = []
    yield rows
