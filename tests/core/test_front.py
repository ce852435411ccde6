"""The front door: names only, each loaded when first used; nothing happens at import time."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import coffers


def test_every_public_name_is_there() -> None:
    for name in coffers.__all__:
        assert getattr(coffers, name) is not None
    assert set(coffers.__all__) <= set(dir(coffers))


def test_the_three_lists_of_names_agree() -> None:
    """What type checkers see, what is loaded when it is used, and what a star import takes."""
    tree = ast.parse(Path(coffers.__file__).read_text("utf-8"))
    [seen] = [node for node in tree.body if isinstance(node, ast.If)]
    typed = {
        alias.name: imported.module
        for imported in seen.body
        if isinstance(imported, ast.ImportFrom) and imported.level
        for alias in imported.names
    }
    homes = {name: module for module, names in coffers._HOMES.items() for name in names}
    assert typed == homes
    assert {*homes, "__version__"} == set(coffers.__all__)


def test_another_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Purse'"):
        _ = coffers.Purse


def modules_after(statement: str) -> set[str]:
    script = f"import sys; {statement}; print('\\n'.join(sys.modules))"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(run.stdout.split())


def test_importing_coffers_loads_nothing_of_weight() -> None:
    loaded = modules_after("import coffers")
    assert {name for name in loaded if name.startswith("coffers")} == {"coffers", "coffers._version"}
    assert not loaded & {"urllib3", "ssl", "cattrs", "pluggy", "attrs", "attr", "click", "importlib.metadata"}


def test_making_a_client_opens_nothing_and_imports_no_plugin() -> None:
    loaded = modules_after("import coffers; coffers.Client().close()")
    assert not loaded & {"urllib3", "ssl", "cattrs", "click", "rich"}
    assert not {name for name in loaded if name.startswith("coffers_")}
