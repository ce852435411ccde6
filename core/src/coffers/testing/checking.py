"""What a check is: a function with a name, a group and a docstring that says how to mend what it finds.

Roof. A check takes the provider under test (and a recorded case, if it looks at one at a time) and raises
`CheckFailedError`. The checks themselves are in `coffers.testing.checks`; nothing else registers any.
"""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import attrs

from .vectors import Case

if TYPE_CHECKING:
    from .subject import Subject

__all__ = ["Check", "CheckFailedError", "Group", "Result", "check", "place_of", "registered", "require", "run_check"]

#: What a check is about; a provider's tier follows from these.
Group = Literal["vectors", "safety", "exactness", "resilience", "completeness"]


class CheckFailedError(AssertionError):
    """A check found a fault; the message names it."""


@attrs.frozen
class Check:
    """One standard check.

    Attributes:
        name: lower-case words joined by ``-``.
        group: what it is about.
        advice: how to mend a failure.
        run: raises `CheckFailedError`; takes the subject, and the case where `each` is given.
        each: whether it looks at this case, for a check that looks at one case at a time; else None.
    """

    name: str
    group: Group
    advice: str
    run: Callable[..., None] = attrs.field(repr=False)
    each: Callable[[Case], bool] | None = attrs.field(default=None, repr=False)


@attrs.frozen
class Result:
    """What one check found.

    Attributes:
        check: the check.
        case: the case it looked at, or None.
        fault: what is wrong, or None.
    """

    check: Check
    case: Case | None
    fault: str | None


_ALL: dict[str, Check] = {}


def check(
    group: Group, *, each: Callable[[Case], bool] | None = None
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register a function as a standard check; its name, with ``-`` for ``_``, is the check's."""

    def register(run: Callable[..., None]) -> Callable[..., None]:
        name = run.__name__.replace("_", "-")
        _ALL[name] = Check(name, group, inspect.cleandoc(run.__doc__ or ""), run, each)
        return run

    return register


def registered() -> Iterator[Check]:
    """Every check registered so far, in the order of the modules and their lines."""
    return iter(_ALL.values())


def require(holds: object, fault: str) -> None:
    """Go on only if it holds.

    Raises:
        CheckFailedError: it does not; `fault` says what is wrong.
    """
    if not holds:
        raise CheckFailedError(fault)


def run_check(check: Check, subject: Subject, case: Case | None) -> None:
    """Run one check.

    Raises:
        CheckFailedError: it found a fault.
    """
    arguments: tuple[Any, ...] = (subject,) if check.each is None else (subject, case)
    check.run(*arguments)


def place_of(error: BaseException) -> str:
    """Where a plugin went wrong, as `` at FOLDER/FILE:LINE``: the deepest line not of coffers; empty without one."""
    own = Path(__file__).parents[1]
    foreign = [(Path(frame.filename), frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
    foreign = [(path, line) for path, line in foreign if not path.is_relative_to(own)]
    return f" at {'/'.join(foreign[-1][0].parts[-2:])}:{foreign[-1][1]}" if foreign else ""
