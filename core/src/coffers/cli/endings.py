"""How a run ends: exit codes, and what is told about a fault of ours.

Roof. A fault is told by class and place alone: messages and local variables may hold what must not be shown.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from coffers import Outcome

__all__ = [
    "ALL_READ",
    "CLOSED_PIPE",
    "FAULT",
    "INTERRUPTED",
    "NONE_READ",
    "SOME_FAILED",
    "UNKNOWN",
    "UNWRITABLE",
    "USAGE",
    "Ending",
    "StoppedError",
    "balances_code",
    "fault_text",
]

ALL_READ: Final = 0
FAULT: Final = 1  # ours, and nothing else
USAGE: Final = 2  # usage or configuration; also: no account could be attempted
UNKNOWN: Final = 3  # of `check`
SOME_FAILED: Final = 5
NONE_READ: Final = 69
UNWRITABLE: Final = 74  # stdout takes no more: a full disk
INTERRUPTED: Final = 130
CLOSED_PIPE: Final = 141  # what a shell says of a program that wrote to a closed pipe

#: Errors of accounts for which nothing was sent; a plugin may also fail over an answer, then there were attempts.
_NOT_ATTEMPTED: Final = frozenset({"config", "plugin"})


class Ending(NamedTuple):
    """An exit code, and whether the process must end without waiting for reads under way."""

    code: int
    at_once: bool = False


class StoppedError(Exception):
    """A command cannot go on.

    Args:
        lines: what to tell on stderr, each on one line.
        code: the exit code.
        at_once: whether the process must end without waiting for its threads.
    """

    def __init__(self, *lines: str, code: int = USAGE, at_once: bool = False) -> None:
        super().__init__(*lines)
        self.lines = lines
        self.code = code
        self.at_once = at_once


def balances_code(outcomes: Iterable[Outcome]) -> int:
    """The exit code of `balances` for what became of the chosen accounts (at least one)."""
    errors = [outcome.error for outcome in outcomes]
    if all(error is not None and error.kind in _NOT_ATTEMPTED and not error.attempts for error in errors):
        return USAGE
    if all(error is not None for error in errors):
        return NONE_READ
    return SOME_FAILED if any(error is not None for error in errors) else ALL_READ


def fault_text(error: BaseException) -> str:
    """The class of an exception and the places it came through, outermost first; nothing of what it says."""
    from pathlib import Path
    from traceback import walk_tb

    places = [
        f"{'/'.join(Path(frame.f_code.co_filename).parts[-2:])}:{line}" for frame, line in walk_tb(error.__traceback__)
    ]
    return f"a fault in coffers itself, please report it: {type(error).__name__} at {' > '.join(places) or 'unknown'}"
