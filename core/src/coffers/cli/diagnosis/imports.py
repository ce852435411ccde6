"""Why a plugin cannot be imported: what was raised, in words, with its place. Roof.

The registry has tried before, within its own bound. Here the import is made once more, to see the exception itself;
in a thread that is left behind if it does not end, so that no plugin can hold up the doctor. Values of local variables
are never looked at.
"""

from __future__ import annotations

import ast
import difflib
import re
import threading
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Final

import attrs

import coffers.plugin
from coffers import one_line
from coffers.cli.diagnosis.finding import Finding, bad
from coffers.cli.diagnosis.places import place, place_raised, place_running, source_of

__all__ = ["Tried", "attempt", "endless", "fault", "load", "sources_of", "words_of"]

#: How long a second import may take; where the first one was too long for the registry, this one tells the line.
PATIENCE_S: Final = 5.0

#: Modules whose distribution has another name.
_DISTS: Final = {
    "Crypto": "pycryptodome",
    "bs4": "beautifulsoup4",
    "dateutil": "python-dateutil",
    "google.protobuf": "protobuf",
    "jwt": "PyJWT",
    "nacl": "PyNaCl",
    "yaml": "PyYAML",
}
_NO_NAME: Final = re.compile(
    r"cannot import name '(?P<name>[^']+)' from (?P<half>partially initialized module )?'(?P<module>[^']+)'"
)


@attrs.frozen
class Tried:
    """What became of a call: its answer, or what it raised, or neither while it is still running."""

    answer: object = None
    error: BaseException | None = None
    ended: bool = True


class NoAttributeError(Exception):
    """An entry point names an attribute that its module does not have."""

    def __init__(self, module: str, attribute: str, near: str) -> None:
        super().__init__(module, attribute, near)
        self.module, self.attribute, self.near = module, attribute, near


def attempt(call: Callable[[], object], patience_s: float | None = None) -> Tried:
    """What `call` answers or raises, whatever it is; it runs in a thread that may be left behind.

    Args:
        call: what may hold a plugin's code.
        patience_s: seconds until it is left behind; None for `PATIENCE_S`.
    """
    done: list[Tried] = []

    def run() -> None:
        try:
            done.append(Tried(call()))
        except BaseException as error:  # noqa: BLE001  a plugin may raise anything, SystemExit too
            done.append(Tried(error=error))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(PATIENCE_S if patience_s is None else patience_s)
    return done[0] if done else Tried(ended=False)


def load(entry: EntryPoint) -> object:
    """What an entry point names.

    Raises:
        NoAttributeError: its module is there and the attribute is not.
        BaseException: whatever the import raises.
    """
    found: object = import_module(entry.module)
    path = entry.module
    for name in filter(None, (entry.attr or "").split(".")):
        if not hasattr(found, name):
            raise NoAttributeError(path, name, _near(name, dir(found)))
        found = getattr(found, name)
        path = f"{path}.{name}"
    return found


def fault(tried: Tried, entry: EntryPoint) -> Finding:
    """Why `load` failed, and what to do."""
    if not tried.ended:
        return endless(f"importing {entry.module}", entry.module)
    error = tried.error
    if isinstance(error, NoAttributeError):
        near = f"; it has {error.near}" if error.near else ""
        return bad(
            f"the entry point names {entry.value}, and {error.module} has no {error.attribute}{near}",
            f"in pyproject.toml mend the line {entry.name} = ..., or name the module alone; install again",
        )
    if isinstance(error, SyntaxError):
        where = place(error.filename, error.lineno, entry.module) if error.filename else entry.module
        return bad(
            f"{where}: Python cannot read it: {one_line(error.msg or type(error).__name__)}",
            "mend that line or the one above it; if it is right for a newer Python, run coffers with that",
        )
    where = place_raised(error, entry.module) if error else ""
    start = f"{where}: " if where else ""
    if isinstance(error, ModuleNotFoundError) and error.name:
        return _no_module(start, error.name, entry)
    if isinstance(error, ImportError) and (match := _NO_NAME.search(str(error))):
        return _no_name(start, match, entry)
    if isinstance(error, SystemExit):
        return bad(
            f"{start}it ends the program at import (SystemExit)",
            "a plugin never calls sys.exit() or exit(); put what is meant for the command line below "
            'if __name__ == "__main__":',
        )
    return bad(
        f"{start or entry.module + ': '}it raises at import: {words_of(error)}",
        "mend that line; at import a plugin only defines its classes and functions",
    )


def endless(what: str, module: str, patience_s: float | None = None) -> Finding:
    """A plugin that does not come back, with the line that it is at."""
    where = place_running(module)
    return bad(
        f"{where or module}: {what} had not ended after {patience_s or PATIENCE_S:g} s",
        "do no work at import or in coffers_provider: no network, no waiting, no loop that may not end",
    )


def words_of(error: BaseException | None) -> str:
    """Class and text of an exception of a plugin that has seen no credentials, on one line."""
    text = one_line(str(error))
    return f"{type(error).__name__}: {text[:300]}" if text else type(error).__name__


def _no_module(start: str, name: str, entry: EntryPoint) -> Finding:
    top = name.partition(".")[0]
    own = entry.module.partition(".")[0]
    if name == entry.module or entry.module.startswith(f"{name}."):
        near = _near(name, _shipped(entry))
        return bad(
            f"the entry point names the module {name}, which is not there" + (f"; there is {near}" if near else ""),
            f"in pyproject.toml mend the line {entry.name} = ..., or let the wheel hold the package; install again",
        )
    if top == own:
        near = _near(name, [f"{own}.{path.stem}" for path, _ in sources_of(own)])
        return bad(
            f"{start}it imports its own module {name}, which is not there" + (f"; there is {near}" if near else ""),
            "mend the import, or let the wheel hold that file; install again",
        )
    if top == "coffers":
        return bad(
            f"{start}it imports {name}, which this coffers does not have",
            "import from coffers.plugin alone; or it is made for a newer coffers: pip install --upgrade coffers",
        )
    declared = any(re.match(rf"{re.escape(top)}\b", line, re.IGNORECASE) for line in _requires(entry))
    dist = _DISTS.get(name) or _DISTS.get(top, top)
    also = "" if declared else "; the plugin's author adds it to the dependencies in pyproject.toml"
    return bad(f"{start}it imports {name}, which is not installed", f"pip install {dist}{also}")


def _no_name(start: str, match: re.Match[str], entry: EntryPoint) -> Finding:
    name, module = match["name"], match["module"]
    text = f"{start}it imports {name} from {module}, which has no such name"
    if match["half"]:
        return bad(
            f"{start}it imports {name} from {module} while {module} itself is still being imported",
            "two of its files import each other; move what both need into a third",
        )
    if module == "coffers.plugin":
        near = _near(name, coffers.plugin.__all__)
        hint = f"did you mean {near}? else " if near else ""
        return bad(text, f"{hint}the plugin may be made for a newer coffers: pip install --upgrade coffers")
    if module.partition(".")[0] == "coffers":
        return bad(text, "a plugin imports from coffers.plugin alone")
    if module.partition(".")[0] == entry.module.partition(".")[0]:
        return bad(text, f"mend the import, or define {name} in {module}")
    return bad(text, f"another version of {module.partition('.')[0]} has it; see which one the plugin needs")


def _requires(entry: EntryPoint) -> list[str]:
    return list((entry.dist.requires if entry.dist else None) or ())


def _shipped(entry: EntryPoint) -> list[str]:
    """The modules that the entry point's distribution holds, as far as it lists its files."""
    files = (entry.dist.files if entry.dist else None) or []
    modules = [file for file in files if file.suffix == ".py"]
    return sorted({".".join(file.with_suffix("").parts).removesuffix(".__init__") for file in modules})


def _near(name: str, names: list[str]) -> str:
    return next(iter(difflib.get_close_matches(name, names, 1)), "")


def sources_of(module: str) -> Iterator[tuple[Path, ast.Module]]:
    """Every file of a plugin that Python can read, parsed and not run."""
    source = source_of(module)
    if source is None:
        return
    for path in sorted(source.rglob("*.py")) if source.is_dir() else [source]:
        try:
            yield path, ast.parse(path.read_bytes())
        except (SyntaxError, ValueError, OSError):
            continue
