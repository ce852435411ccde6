"""The line on which each key of a TOML text stands. tomllib does not tell; a light scan does.

Floor 5, inside `settings`. Only for texts that tomllib has read: it places keys, it does not judge them.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from typing import Any, Final

__all__ = ["KeyPath", "key_lines", "line_of"]

#: A key and the tables it lies in, outermost first; for a list the position in it, from 0.
KeyPath = tuple[str | int, ...]

_KEY: Final = r"(?:[A-Za-z0-9_-]+|\"(?:\\.|[^\"\\])*\"|'[^']*')"
_DOTTED: Final = rf"({_KEY}(?:[ \t]*\.[ \t]*{_KEY})*)"
_TABLE: Final = re.compile(rf"[ \t]*(\[\[?)[ \t]*{_DOTTED}[ \t]*\]\]?[ \t]*(?:#.*)?")
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
    lists: dict[KeyPath, int] = {}  # how many tables each list of tables has so far
    for number, line in enumerate(_COMMENT_OR_TEXT.sub(_without_breaks, text).split("\n"), start=1):
        if header := _TABLE.fullmatch(line.rstrip("\r")):
            table = _place(_path(header[2]), lists, begins=header[1] == "[[")
            for length in (len(table) - 1, len(table)) if header[1] == "[[" else (len(table),):
                lines.setdefault(table[:length], number)
        elif entry := _ENTRY.match(line):
            lines.setdefault(table + _path(entry[1]), number)
    return lines


def line_of(path: KeyPath, lines: Mapping[KeyPath, int]) -> int | None:
    """The line of a key, else of the nearest table around it; None where neither is known."""
    for length in range(len(path), 0, -1):
        if (line := lines.get(path[:length])) is not None:
            return line
    return None


def _place(names: tuple[str, ...], lists: dict[KeyPath, int], *, begins: bool) -> KeyPath:
    """Where a header leads: a list of tables on the way means its latest one.

    Args:
        names: what the header says.
        lists: how many tables each list has so far.
        begins: whether the header begins one more.
    """
    place: KeyPath = ()
    for depth, name in enumerate(names, start=1):
        place += (name,)
        if begins and depth == len(names):
            lists[place] = lists.get(place, 0) + 1
        if place in lists:
            place += (lists[place] - 1,)
    return place


def _without_breaks(match: re.Match[str]) -> str:
    breaks = match[0].count("\n")
    return "''" + "\n" * breaks if breaks else match[0]


def _path(dotted: str) -> tuple[str, ...]:
    path: tuple[str, ...] = ()
    inner: Any = tomllib.loads(f"{dotted} = 0")
    while inner:  # the innermost is the 0
        ((key, inner),) = inner.items()
        path += (key,)
    return path
