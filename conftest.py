"""What all tests share: the guard of `tests/guard.py`, and the examples of README and docs, executed.

Python blocks of a page are one module, its console blocks one session (`tests/console.py`). The pages speak of a
made-up provider, `acme`, and find it installed (`tests/acme`). The tutorials are not here: they need an environment of
their own and run in `tests/wheels`. The documentation cannot lie, because it runs.
"""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sybil import Sybil
from sybil.integration.pytest import SybilItem
from sybil.parsers.myst import PythonCodeBlockParser, SkipParser

from tests.console import PARSERS, Console
from tests.guard import a_finaliser_may_be_hit, nothing_else_is_hit, nothing_strays  # noqa: F401  fixtures of every test

ACME = Path(__file__).parent / "tests/acme"

#: Tests of one run that may need a second trial; more is no bad luck any more.
_MOST_RERUNS = 3


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A run in which many tests fail at first has failed; and one that lacks what tests of extensions speak to, if it
    is said to have all of it."""
    reporter = session.config.pluginmanager.getplugin("terminalreporter")
    skipped = [one.nodeid for one in reporter.stats.get("skipped", ())] if reporter else []
    if os.environ.get("COFFERS_SKIP_NONE") and any(name.startswith("plugins/extensions/") for name in skipped):
        reporter.write_line("COFFERS_SKIP_NONE is set, and tests of extensions were skipped", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    rerun = len(reporter.stats.get("rerun", ())) if reporter else 0
    if rerun > _MOST_RERUNS:
        reporter.write_line(f"{rerun} tests were run again; of one run at most {_MOST_RERUNS} may be", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture
def acme_installed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The made-up provider `acme`, installed for the Python of a page."""
    monkeypatch.syspath_prepend(str(ACME))
    yield
    sys.modules.pop("coffers_acme", None)


def open_console(namespace: dict[str, Any]) -> None:
    """At the beginning of a page: its session, in this environment, with `acme` installed."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COFFERS_")}
    environment["COFFERS_NO_EXTENSIONS"] = "1"  # a page shows what the core does; others may be installed here
    path = f"{sysconfig.get_path('scripts')}{os.pathsep}{environment.get('PATH', '')}"
    namespace["console"] = Console({**environment, "PATH": path, "PYTHONPATH": str(ACME), "COLUMNS": "120"})


def close_console(namespace: dict[str, Any]) -> None:
    """At the end of a page: its session ends."""
    namespace["console"].close()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A page's examples build on one another: whatever shuffled the tests, these stay in the order of the page."""
    places = [place for place, item in enumerate(items) if isinstance(item, SybilItem)]
    in_order = sorted((items[place] for place in places), key=lambda item: item.location[:2])
    for place, item in zip(places, in_order, strict=True):
        items[place] = item
        item.add_marker(pytest.mark.flaky(reruns=0))  # neither can one be run again: it stands on those before it


pytest_collect_file = Sybil(
    parsers=[PythonCodeBlockParser(), SkipParser(), *PARSERS],
    patterns=["README.md", "docs/**/*.md"],
    excludes=["docs/tutorials/*.md", "docs/providers/*.md", "docs/extensions/*.md"],
    fixtures=["acme_installed"],
    setup=open_console,
    teardown=close_console,
).pytest()
