"""The pytest plugin: every `Conformance` of a test module becomes one test for each standard check.

Roof. Imported at the start of every pytest run of an environment that has coffers, so it imports nothing heavy itself.
It sees to it that no standard check is lost on the way: skip and xfail marks are refused, and so is a test that
somebody's hook took out without saying so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .checking import Check
    from .conformance import Conformance
    from .vectors import Case

__all__ = ["CheckItem", "ConformanceCollector"]

_MARKS = ("skip", "skipif", "xfail")
_COLLECTED = pytest.StashKey[set[str]]()
_DESELECTED = pytest.StashKey[set[str]]()


def pytest_pycollect_makeitem(collector: pytest.Collector, name: str, obj: object) -> pytest.Collector | None:
    """A `Conformance` in a test module is collected under its name."""
    if type(obj).__name__ != "Conformance":  # the quick no, before anything is imported
        return None
    from .conformance import Conformance

    if not isinstance(obj, Conformance):
        return None
    made: pytest.Collector = ConformanceCollector.from_parent(collector, name=name, conformance=obj)  # pyright: ignore[reportUnknownMemberType]  pytest leaves it untyped
    return made


class ConformanceCollector(pytest.Collector):
    """The standard checks over one provider."""

    def __init__(self, *, conformance: Conformance, **more: Any) -> None:
        super().__init__(**more)
        self.conformance = conformance

    def collect(self) -> Iterator[pytest.Item]:
        """A test for each check and case."""
        from coffers import CoffersError

        from .conformance import title_of

        try:
            found = list(self.conformance.checks())
        except (CoffersError, ValueError) as error:
            raise self.CollectError(str(error)) from None
        for check, case in found:
            yield CheckItem.from_parent(self, name=title_of(check, case), check=check, case=case)  # pyright: ignore[reportUnknownMemberType]  pytest leaves it untyped


class CheckItem(pytest.Item):
    """One standard check as a test."""

    def __init__(self, *, check: Check, case: Case | None, **more: Any) -> None:
        super().__init__(**more)  # pyright: ignore[reportUnknownMemberType]  pytest leaves it untyped
        self.check = check
        self.case = case

    @property
    def conformance(self) -> Conformance:
        """What it belongs to."""
        parent = self.parent
        assert isinstance(parent, ConformanceCollector)
        return parent.conformance

    def runtest(self) -> None:
        """Run the check; an expected failure must fail."""
        from .checking import CheckFailedError, run_check

        reason = self.conformance.expected_failures.get(self.name)
        try:
            run_check(self.check, self.conformance.subject, self.case)
        except CheckFailedError:
            if reason is not None:
                pytest.xfail(reason)
            raise
        if reason is not None:
            raise CheckFailedError(f"it holds by now; take it out of expected_failures (reason given: {reason})")

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], *more: Any, **named: Any) -> Any:
        """The fault and how to mend it, without the kit's own frames."""
        from .checking import CheckFailedError

        advice = "\n".join(f"    {line}".rstrip() for line in self.check.advice.splitlines())
        if isinstance(excinfo.value, CheckFailedError):
            return f"{excinfo.value}\n\nHow to mend it:\n{advice}"
        return f"{super().repr_failure(excinfo, *more, **named)}\n\nWhat the check wants:\n{advice}"

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where it is enrolled, and what it is."""
        return self.path, None, f"{self.conformance_name}: {self.name}"

    @property
    def conformance_name(self) -> str:
        """The name of the value in the test module."""
        return self.parent.name if self.parent else ""


# --- no check is lost ----------------------------------------------------------------------------------------------


def pytest_configure(config: pytest.Config) -> None:
    """Begin to note which checks there are, and what the person at the keyboard deselects."""
    config.stash[_COLLECTED] = set()
    config.stash[_DESELECTED] = set()


def pytest_itemcollected(item: pytest.Item) -> None:
    """A check was asked for."""
    if isinstance(item, CheckItem):
        item.config.stash[_COLLECTED].add(item.nodeid)


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    """What is deselected is told by pytest itself, so it is not lost silently."""
    for item in items:
        item.config.stash[_DESELECTED].add(item.nodeid)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Every check that was asked for is still there, and none carries a mark that would hide it."""
    collected, deselected = session.config.stash[_COLLECTED], session.config.stash[_DESELECTED]
    lost = sorted(collected - deselected - {item.nodeid for item in session.items})
    if lost:
        raise pytest.UsageError(f"{len(lost)} standard checks were taken out of the run, {lost[0]} among them")
    for item in session.items:
        if isinstance(item, CheckItem) and any(mark.name in _MARKS for mark in item.iter_markers()):
            raise pytest.UsageError(
                f"{item.nodeid}: a standard check takes no {' or '.join(_MARKS)} mark; name it in expected_failures, "
                "with its reason"
            )
