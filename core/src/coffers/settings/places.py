"""The line on which each key of a TOML text stands. tomllib does not tell; a light scan does.

Floor 5, inside `settings`. Only for texts that tomllib has read: it places keys, it does not judge them.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from typing import Any, Final

__all__ = ["KeyPath", "key_lines", "line_of"]

#: A key and the tables it lies in, outermost first.
KeyPath = tuple[str, ...]

_KEY: Final = r"(?:[A-Za-z0-9_-]+|\"(?:\\.|[^\"\\])*\"|'[^']*')"
_DOTTED: Final = rf"({_KEY}(?:[ \t]*\.[ \t]*{_KEY})*)"
_TABLE: Final = re.compile(rf"[ \t]*\[\[?[ \t]*{_DOTTED}[ \t]*\]\]?[ \t]*(?:#.*)?")
_ENTRY: Final = re.compile(rf"[ \t]*{_DOTTED}[ \t]*=")

#: Comments and texts, so that quotes in the one and line breaks in the other do not mislead.
_COMMENT_OR_TEXT: Final = re.compile(
    r"""#[^\n]*|\"{3}(?:\\.|[^\\])*?\"{3,5}|'{3}.*?'{3,5}|"(?:\\.|[^"\\\n])*"|'[^'\n]*'""", re.DOTALL
)


def key_lines(text: str) -> dict[KeyPath, int]:
    """The line (from 1) of every table and key; keys inside an inline table are not among them.

    Args:
        text: a valid TOML document.
    """
    lines: dict[KeyPath, int] = {}
    table: KeyPath = ()
    for number, line in enumerate(_COMMENT_OR_TEXT.sub(_without_breaks, text).split("\n"), start=1):
        if header := _TABLE.fullmatch(line.rstrip("\r")):
            table = _path(header[1])
            lines.setdefault(table, number)
        elif entry := _ENTRY.match(line):
            lines.setdefault(table + _path(entry[1]), number)
    return lines


def line_of(path: KeyPath, lines: Mapping[KeyPath, int]) -> int | None:
    """The line of a key, else of the nearest table around it; None where neither is known."""
    for length in range(len(path), 0, -1):
        if (line := lines.get(path[:length])) is not None:
            return line
    return None


def _without_breaks(match: re.Match[str]) -> str:
    breaks = match[0].count("\n")
    return "''" + "\n" * breaks if breaks else match[0]


def _path(dotted: str) -> KeyPath:
    path: KeyPath = ()
    inner: Any = tomllib.loads(f"{dotted} = 0")
    while inner:  # the innermost is the 0
        ((key, inner),) = inner.items()
        path += (key,)
    return path
