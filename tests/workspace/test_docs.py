"""The pages that name modules, names, commands and providers: none is left out, none is there no more."""

from __future__ import annotations

import re
from importlib.metadata import entry_points
from pathlib import Path

import pytest

import coffers
import coffers.plugin
from coffers import RESERVED_KEYS, Registry
from coffers.cli.app import COMMANDS

ROOT = Path(__file__).parents[2]
CORE = ROOT / "core/src/coffers"
PATH_PAGE = (ROOT / "docs/explanation/path-of-a-balance.md").read_text("utf-8")
FLOORS_PAGE = (ROOT / "docs/explanation/floors.md").read_text("utf-8")
REFERENCE = {page.name: page.read_text("utf-8") for page in (ROOT / "docs/reference").glob("*.md")}

#: Files of a plugin, which the page on the path names beside those of the core.
VERBS = {"request.py", "sign.py", "parse.py"}


def test_the_path_of_a_balance_names_files_that_are_there() -> None:
    named = set(re.findall(r"`([a-z_/]+(?:\.py|/))`", PATH_PAGE))
    assert len(named) > 12
    assert [name for name in named - VERBS if not (CORE / name).exists()] == []


def test_every_module_stands_on_a_floor_of_the_page() -> None:
    drawing = "\n".join(line for line in FLOORS_PAGE.splitlines() if line.startswith("    "))
    modules = {path.stem for path in CORE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert [name for name in modules - {"__init__", "__main__", "_version"} if name not in drawing] == []


@pytest.mark.parametrize("front", [coffers, coffers.plugin], ids=lambda front: front.__name__)
def test_every_public_name_is_in_the_reference(front: object) -> None:
    words = {word for page in REFERENCE.values() for word in re.findall(r"\w+", page)}
    assert [name for name in getattr(front, "__all__", ()) if name not in words] == []


def test_every_command_is_in_the_reference_with_its_help() -> None:
    page = REFERENCE["command-line.md"]
    assert [name for name in COMMANDS if f"$ coffers {name} --help" not in page] == []


def test_every_reserved_key_is_in_the_reference() -> None:
    assert [key for key in RESERVED_KEYS if f"`{key}`" not in REFERENCE["config.md"]] == []


def test_every_provider_has_a_sandbox_part() -> None:
    parts = {entry.name for entry in entry_points(group=coffers.SANDBOX_GROUP)}
    assert parts == {installed.id for installed in Registry().list()}


def test_links_between_pages_lead_somewhere() -> None:
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("*/*/*/README.md"), ROOT / "core/README.md"]
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in pages
        if "_build" not in page.parts
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text("utf-8"))
        if not (page.parent / target).exists()
    ]
    assert broken == []
