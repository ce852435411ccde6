"""The door for authors of extensions: commands of their own, and the reads of the others' told to them.

Floor 5, beside `registry`. An extension is a module (or object) with one or more of these hooks, found through an
entry point in the group ``coffers.extensions``; the entry point's name is the extension's. It never sees credentials
or signed requests. Names only, each loaded when it is first used: the overview of the commands asks here whether there
is any extension, and as a rule there is none. Start here:

    hookspecs.py   the three promises
    loading.py     `Extensions`: what is installed, imported one by one, each guarded
"""

from coffers.entries import EXTENSION_GROUP, find_entries

TYPE_CHECKING = False  # checkers know it by its name

if TYPE_CHECKING:
    from typing import Any

    from coffers.entries import Entry
    from coffers.observing import FinishedRead

    from .hookspecs import ExtraCommand, hookimpl
    from .loading import Extensions

#: Which module each name lives in.
_HOMES = {
    "Extensions": "coffers.extensions.loading",
    "ExtraCommand": "coffers.extensions.hookspecs",
    "FinishedRead": "coffers.observing",
    "hookimpl": "coffers.extensions.hookspecs",
}

__all__ = ["EXTENSION_GROUP", "Extensions", "ExtraCommand", "FinishedRead", "hookimpl", "installed"]


def installed() -> "list[Entry]":
    """The entry points of the extensions that are there; nothing is imported."""
    return find_entries(EXTENSION_GROUP)


def __getattr__(name: str) -> "Any":
    if name not in _HOMES:
        raise AttributeError(f"module 'coffers.extensions' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value
