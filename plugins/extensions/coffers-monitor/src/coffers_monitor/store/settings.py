"""What ``[monitor]`` may say about the store: `database` and `keep`. Plain TOML values become settings, or faults.

    [monitor]
    database = "sqlite:///monitor.sqlite3"     # or "env:DATABASE_URL", "file:...": what holds a password is a reference
    keep = { raw = "90d", hourly = "366d" }    # every read, then some of each hour, then some of each day

No fault's text holds a value of the file.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import timedelta
from typing import Any, Final, cast

import attrs

from .address import address_fault
from .thinning import Keep

__all__ = ["StoreFault", "read_database", "read_keep"]

_SPAN: Final = re.compile(r"([0-9]{1,5})d")
_USUAL: Final = Keep()


@attrs.frozen
class StoreFault:
    """One thing that is wrong.

    Attributes:
        path: the keys that lead there, from the value that was checked.
        text: what is wrong and what to do.
    """

    path: tuple[str | int, ...]
    text: str


def read_database(value: Any, *, accounts: Collection[str] = ()) -> tuple[str | None, tuple[StoreFault, ...]]:
    """The value of `database`, for `resolved`; None where there is a fault.

    Args:
        value: as tomllib reads it.
        accounts: not needed; every part of the table is asked alike.
    """
    fault = address_fault(value) if isinstance(value, str) else 'must be a text: write "sqlite:///FILE"'
    return (None, (StoreFault((), fault),)) if fault else (value, ())


def read_keep(value: Any, *, accounts: Collection[str] = ()) -> tuple[Keep, tuple[StoreFault, ...]]:
    """The value of `keep`; the usual one where there is a fault.

    Args:
        value: as tomllib reads it: a table of `raw` and `hourly`, each a number of days like ``"90d"``; either may be
            left out.
        accounts: not needed; every part of the table is asked alike.
    """
    if not isinstance(value, dict):
        return _USUAL, (StoreFault((), 'must be a table: write { raw = "90d", hourly = "366d" }'),)
    table = cast("dict[str, object]", value)
    faults: list[StoreFault] = []
    spans: dict[str, timedelta] = {}
    for key, text in table.items():
        match = _SPAN.fullmatch(text) if isinstance(text, str) else None
        if key not in ("raw", "hourly"):
            faults.append(StoreFault((key,), "is no key of keep; there are raw and hourly"))
        elif match is None:
            faults.append(StoreFault((key,), 'must be a number of days like "90d"'))
        else:
            spans[key] = timedelta(days=int(match[1]))
    if faults:
        return _USUAL, tuple(faults)
    spans.setdefault("hourly", max(_USUAL.hourly, spans.get("raw", _USUAL.raw)))
    spans.setdefault("raw", min(_USUAL.raw, spans["hourly"]))
    try:
        return Keep(**spans), ()
    except ValueError as error:  # in our words
        return _USUAL, (StoreFault((), str(error)),)
