"""What all tests share: the guard of `tests/guard.py`, and the examples of README and docs, executed.

Python blocks of a page are one module. A ```console block holds lines that begin with ``$`` and what they print;
``...`` stands for anything. All commands of a page run in one folder, empty at first. The documentation cannot lie,
because it runs.
"""

from __future__ import annotations

import doctest
import os
import shutil
import subprocess
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

import pytest
from sybil import Example, Sybil
from sybil.integration.pytest import SybilItem
from sybil.parsers.myst import CodeBlockParser, PythonCodeBlockParser, SkipParser

from tests.guard import nothing_strays  # noqa: F401  a fixture of every test


def run_console(example: Example) -> str | None:
    """Run the commands of one block; what is printed must be what is written."""
    wanted = str(example.parsed)
    scripts = sysconfig.get_path("scripts")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COFFERS_")}
    environment |= {"PATH": f"{scripts}{os.pathsep}{environment.get('PATH', '')}", "COLUMNS": "120"}
    folder: str = example.namespace.get("console_folder") or tempfile.mkdtemp(prefix="coffers-docs-")
    example.namespace["console_folder"] = folder
    environment |= {"HOME": folder, "XDG_CONFIG_HOME": str(Path(folder) / ".config")}
    printed = ""
    for line in wanted.splitlines():
        if line.startswith("$ "):
            run = subprocess.run(  # noqa: S603  our own pages
                ["bash", "-c", line[2:]],  # noqa: S607  bash is what a console block is written for
                cwd=folder,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            printed += "".join(f"{text.rstrip()}\n" for text in [line, *run.stdout.splitlines()])
    wanted += "\n" if not wanted.endswith("\n") else ""
    if doctest.OutputChecker().check_output(wanted, printed, doctest.ELLIPSIS):
        return None
    return f"expected:\n{wanted}\nprinted:\n{printed}"


def remove_folder(namespace: dict[str, Any]) -> None:
    """At the end of a page: its folder goes."""
    if folder := namespace.get("console_folder"):
        shutil.rmtree(folder)


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
    teardown=remove_folder,
).pytest()
