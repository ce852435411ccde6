"""The tutorials, typed as they are printed, each into an empty folder of a clean environment with the built core.

How a page is executed is said in `tests/console.py`.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from sybil import Document

from tests.console import PARSERS, Console
from tests.wheels.environment import CORE, Environment

PAGES = sorted((Path(__file__).parents[2] / "docs/tutorials").glob("*.md"))


def test_there_are_tutorials() -> None:
    assert PAGES


@pytest.mark.timeout(900)
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_tutorial_prints_what_it_says(page: Path, tmp_path: Path) -> None:
    environment = Environment(tmp_path)
    environment.pip("install", f"{CORE}[cli,sandbox,testing]")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("COFFERS", "PYTHON"))}
    path = f"{environment.bin}{os.pathsep}{inherited.get('PATH', '')}"
    console = Console({**inherited, "PATH": path, "COLUMNS": "120", "PIP_DISABLE_PIP_VERSION_CHECK": "1"})
    document = Document.parse(str(page), *PARSERS)
    document.namespace["console"] = console
    try:
        examples = list(document.examples())
        assert examples
        for example in examples:
            example.evaluate()
    finally:
        console.close()
