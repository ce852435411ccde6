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
from sybil import Example, Sybil
from sybil.integration.pytest import SybilItem
from sybil.parsers.myst import CodeBlockParser, PythonCodeBlockParser, SkipParser

from tests.console import Console
from tests.guard import nothing_strays  # noqa: F401  a fixture of every test

ACME = Path(__file__).parent / "tests/acme"


@pytest.fixture
def acme_installed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The made-up provider `acme`, installed here and in processes started from here."""
    monkeypatch.syspath_prepend(str(ACME))
    monkeypatch.setenv("PYTHONPATH", str(ACME))
    yield
    sys.modules.pop("coffers_acme", None)


def run_console(example: Example) -> str | None:
    """Run the commands of one block; what is printed must be what is written."""
    if "console" not in example.namespace:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("COFFERS_")}
        environment["PATH"] = f"{sysconfig.get_path('scripts')}{os.pathsep}{environment.get('PATH', '')}"
        example.namespace["console"] = Console({**environment, "COLUMNS": "120"})
    console: Console = example.namespace["console"]
    return console.differs(str(example.parsed))


def close_console(namespace: dict[str, Any]) -> None:
    """At the end of a page: its session ends."""
    if "console" in namespace:
        namespace["console"].close()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A page's examples build on one another: whatever shuffled the tests, these stay in the order of the page."""
    places = [place for place, item in enumerate(items) if isinstance(item, SybilItem)]
    in_order = sorted((items[place] for place in places), key=lambda item: item.location[:2])
    for place, item in zip(places, in_order, strict=True):
        items[place] = item


pytest_collect_file = Sybil(
    parsers=[PythonCodeBlockParser(), CodeBlockParser(language="console", evaluator=run_console), SkipParser()],
    patterns=["README.md", "docs/**/*.md"],
    excludes=["docs/tutorials/*.md", "docs/providers/*.md"],
    fixtures=["acme_installed"],
    teardown=close_console,
).pytest()
