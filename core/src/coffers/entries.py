"""Entry points of the installed distributions, found without importing `importlib.metadata`.

Floor 1. Reads each distribution's ``entry_points.txt`` where Python's own finder would, and answers what
`importlib.metadata.entry_points` answers, whose import alone takes a third as long as Python's start. Where
distributions may lie elsewhere (in a zip, in an egg, with somebody else's finder) it is asked after all. Never imports
a plugin before `Entry.load` is called.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial, reduce
from importlib import import_module
from importlib.machinery import PathFinder
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from importlib.metadata import Distribution

__all__ = ["EXTENSION_GROUP", "Entry", "find_entries"]

#: Where installed extensions announce themselves; looked for along with the providers, in one go.
EXTENSION_GROUP: Final = "coffers.extensions"

#: What the folder of a distribution's metadata is called, behind its name and version.
_SUFFIXES: Final = (".dist-info", ".egg-info")
#: A reference to an object as nearly everybody writes it; for others Python's own reader is asked.
_REFERENCE: Final = re.compile(r"([\w.]+)(?::([\w.]+))?")


class Entry(NamedTuple):
    """One entry point. No attrs class: the overview of the commands looks for some, and has no other use for attrs.

    Attributes:
        group: what kind of thing it announces.
        name: its name.
        value: what it refers to, ``package.module`` or ``package.module:object``.
        load: imports that and answers it.
        whose: reads name and version of its distribution; each is empty where it is not known.
    """

    group: str
    name: str
    value: str
    load: Callable[[], object]
    whose: Callable[[], tuple[str, str]]


def find_entries(*groups: str) -> list[Entry]:
    """Every entry point of `groups`; of a distribution that is there twice, those of the first on ``sys.path``."""
    try:
        return [entry for folder in _folders() for entry in _entries_in(folder, groups)]
    except _ElsewhereError:
        return [entry for group in groups for entry in _asked_for(group)]


class _ElsewhereError(Exception):
    """Distributions may lie where only Python's own reader finds them."""


def _folders() -> Iterator[str]:
    """The metadata folder of each distribution, the first of each name."""
    if [finder for finder in sys.meta_path if hasattr(finder, "find_distributions")] != [PathFinder]:
        raise _ElsewhereError
    seen: set[str] = set()
    for place in sys.path:
        for child in _children(place):
            if child.lower().endswith(_SUFFIXES):
                name = _name_and_version(child)[0]
                normal = re.sub(r"[-_.]+", "_", name).lower()
                if normal not in seen:
                    seen.add(normal)
                    yield os.path.join(place, child)


def _children(place: object) -> list[str]:
    if not isinstance(place, str) or place.lower().rstrip("/\\").endswith(".egg"):
        raise _ElsewhereError
    try:
        return os.listdir(place or ".")
    except NotADirectoryError:
        raise _ElsewhereError from None  # a zip, most likely
    except (OSError, ValueError):
        return []


def _name_and_version(folder: str) -> tuple[str, str]:
    stem, suffix = os.path.splitext(os.path.basename(folder))
    name, _, version = stem.partition("-")
    if suffix not in _SUFFIXES or not name:
        raise _ElsewhereError  # its metadata alone know the name
    return name, version


def _entries_in(folder: str, groups: tuple[str, ...]) -> Iterator[Entry]:
    section = ""
    for line in map(str.strip, _text(folder, "entry_points.txt").splitlines()):
        if not line or line.startswith("#"):
            continue
        if line.startswith("[") and line.endswith("]"):
            section = line.strip("[]")
        elif section in groups and "=" in line:
            name, value = map(str.strip, line.split("=", 1))
            yield Entry(section, name, value, partial(_load, name, value, section), partial(_whose, folder))


def _text(folder: str, name: str) -> str:
    """The text of a file among the metadata; empty where there is none."""
    try:
        # One that is not UTF-8 shall not hide the others.
        with open(os.path.join(folder, name), encoding="utf-8", errors="replace") as file:
            return file.read()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError, PermissionError):
        return ""


def _load(name: str, value: str, group: str) -> object:
    reference = _REFERENCE.fullmatch(value)
    if reference is None:
        from importlib.metadata import EntryPoint

        return EntryPoint(name, value, group).load()
    module, path = reference.groups(default="")
    return reduce(getattr, filter(None, path.split(".")), import_module(module))


def _whose(folder: str) -> tuple[str, str]:
    headers: dict[str, str] = {}
    for line in (_text(folder, "METADATA") or _text(folder, "PKG-INFO")).splitlines():
        if not line:
            break  # the description begins
        header, _, value = line.partition(":")
        headers.setdefault(header.lower(), value.strip())
    name, version = _name_and_version(folder)
    return headers.get("name", name), headers.get("version", version)


def _asked_for(group: str) -> Iterable[Entry]:
    from importlib.metadata import entry_points

    for entry in entry_points(group=group):
        yield Entry(group, entry.name, entry.value, entry.load, partial(_told_by, entry.dist))


def _told_by(dist: Distribution | None) -> tuple[str, str]:
    return (dist.name, dist.version) if dist else ("", "")
