"""Where something is: files and lines as a person may be shown them. Roof.

A place is told relative to the folder that holds the plugin's package, so that it says nothing of whose machine this
is. Nothing here imports a plugin.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

__all__ = ["place", "place_of", "place_raised", "place_running", "shown", "source_of"]


def source_of(module: str) -> Path | None:
    """The folder of a package or the file of a module, by its top-level name; None where there is none."""
    try:
        spec = find_spec(module.partition(".")[0])
    except ValueError:  # a module that was put together by hand has no spec
        return None
    if spec is None:
        return None
    folders = list(spec.submodule_search_locations or ())
    if folders:
        return Path(folders[0])
    return Path(spec.origin) if spec.has_location and spec.origin else None


def place(file: str, line: int | None, module: str) -> str:
    """``folder/file.py:line``, relative to what holds `module`, else to the folder it is imported from."""
    path, source = Path(file), source_of(module)
    roots = [*([source.parent] if source else []), *map(Path, sys.path)]
    told = next((path.relative_to(root) for root in roots if path.is_relative_to(root)), Path(path.name))
    return f"{told.as_posix()}:{line}" if line else told.as_posix()


def place_of(function: Callable[..., Any], module: str) -> str:
    """Where a function is written; empty for one that is not written in Python."""
    code = getattr(function, "__code__", None)
    return "" if code is None else place(code.co_filename, code.co_firstlineno, module)


def place_raised(error: BaseException, module: str) -> str:
    """The last line of the plugin that an exception came through; empty where it came through none."""
    lines = [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    own = [(file, line) for file, line in lines if _belongs(file, module)]
    return place(*own[-1], module) if own else ""


def place_running(module: str) -> str:
    """The line of the plugin that its import, or its manifest, is at now; empty where neither is under way."""
    for innermost in sys._current_frames().values():  # pyright: ignore[reportPrivateUsage]  documented; nothing else tells
        stack = [(frame.f_code, line) for frame, line in traceback.walk_stack(innermost)]  # innermost first
        own = [(code, line) for code, line in stack if _belongs(code.co_filename, module)]
        if any(code.co_name in ("<module>", "coffers_provider") for code, _ in own):  # not a thread the plugin started
            code, line = own[0]
            return place(code.co_filename, line, module)
    return ""


def _belongs(file: str, module: str) -> bool:
    source = source_of(module)
    return source is not None and Path(file).is_relative_to(source)


def shown(path: Path) -> str:
    """A path with the current folder as ``.`` and the home folder as ``~``."""
    for folder, sign in ((Path.cwd(), "."), (Path("~").expanduser(), "~")):
        if path.is_relative_to(folder):
            return Path(sign, path.relative_to(folder)).as_posix() if sign == "~" else f"./{path.relative_to(folder)}"
    return path.as_posix()
