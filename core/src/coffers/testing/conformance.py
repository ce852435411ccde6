"""Enrolling in the kit: one value that names the provider and its recorded cases.

Roof. A plugin's whole conformance test is::

    from pathlib import Path
    from coffers.testing import Conformance

    acme = Conformance("acme", vectors=Path(__file__).parents[1] / "vectors")

pytest collects it, because ``coffers[testing]`` brings a plugin for it. There is nothing to inherit from, so no check
can be deleted or overridden; one that is expected to fail is named, with its reason.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import final

import attrs

from .checking import Check, CheckFailedError, Result, run_check
from .subject import Subject, plugin_of
from .vectors import Case, load_cases

__all__ = ["Conformance", "title_of"]


@final
@attrs.frozen(slots=False)
class Conformance:
    """The standard checks over one provider.

    Args:
        provider: the id of an installed provider, or a module or object with the four hooks.
        vectors: the folder that holds ``<id>/<case>/``.
        expected_failures: why a check is known to fail, by its title: ``name``, or ``name[case]`` where it looks at
            one case at a time. Such a check must fail; once it holds, it says so.
    """

    provider: str | object
    vectors: Path = attrs.field(kw_only=True, converter=Path)
    expected_failures: Mapping[str, str] = attrs.field(kw_only=True, factory=dict[str, str])

    def __init_subclass__(cls) -> None:
        raise TypeError("Conformance cannot be subclassed; name an expected failure instead, with its reason")

    @cached_property
    def subject(self) -> Subject:
        """The provider, loaded.

        Raises:
            PluginError: it is missing or broken; says why.
        """
        return Subject(plugin_of(self.provider), self.all_cases)

    @cached_property
    def all_cases(self) -> tuple[Case, ...]:
        """Every recorded case of the folder, of other providers too.

        Raises:
            ValueError: there is no such folder.
        """
        if not self.vectors.is_dir():
            raise ValueError(f"vectors: there is no folder {self.vectors}; it holds <id>/<case>/")
        return load_cases(self.vectors)

    def checks(self) -> Iterator[tuple[Check, Case | None]]:
        """Every standard check, with each case it looks at.

        Raises:
            PluginError: the provider is missing or broken.
            ValueError: `expected_failures` names no check, or gives no reason; or there is no folder of vectors.
        """
        from .checks import CHECKS

        found: list[tuple[Check, Case | None]] = []
        for check in CHECKS:
            if check.each is None:
                found.append((check, None))
            else:
                found += [(check, case) for case in self.subject.cases if check.each(case)]
        titles = [title_of(check, case) for check, case in found]
        for title, reason in self.expected_failures.items():
            if title not in titles:
                near = difflib.get_close_matches(title, titles, 1)
                hint = f"; did you mean {near[0]!r}?" if near else ""
                raise ValueError(f"expected_failures: there is no check {title!r}{hint}")
            if not reason.strip():
                raise ValueError(f"expected_failures: {title!r} needs its reason")
        return iter(found)

    def run(self) -> Iterator[Result]:
        """Run every check, one after the other.

        Raises:
            PluginError: the provider is missing or broken.
        """
        for check, case in self.checks():
            try:
                run_check(check, self.subject, case)
            except CheckFailedError as failure:
                yield Result(check, case, str(failure))
            except Exception as error:  # noqa: BLE001  a case that cannot be read, say: the other checks have their say
                yield Result(check, case, f"it could not be run: {type(error).__name__}: {error}")
            else:
                yield Result(check, case, None)


def title_of(check: Check, case: Case | None) -> str:
    """What a check is called in reports: ``name`` or ``name[case]``."""
    return check.name if case is None else f"{check.name}[{case.name}]"
