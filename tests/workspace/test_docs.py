"""The pages that name modules, names, commands and providers: none is left out, none is there no more."""

from __future__ import annotations

import inspect
import re
from importlib.metadata import entry_points
from pathlib import Path

import attrs
import pytest

import coffers
import coffers.cli.door
import coffers.extensions
import coffers.plugin
import coffers.sandbox
import coffers.testing
from coffers import RESERVED_KEYS, Registry, hookspecs
from coffers.cli.app import COMMANDS
from coffers.extensions import hookspecs as extension_hookspecs

ROOT = Path(__file__).parents[2]
CORE = ROOT / "core/src/coffers"
PATH_PAGE = (ROOT / "docs/explanation/path-of-a-balance.md").read_text("utf-8")
FLOORS_PAGE = (ROOT / "docs/explanation/floors.md").read_text("utf-8")
REFERENCE = {page.name: page.read_text("utf-8") for page in (ROOT / "docs/reference").glob("*.md")}

FRONTS = (coffers, coffers.plugin, coffers.extensions, coffers.cli.door, coffers.sandbox, coffers.testing)

#: The four promises: pluggy's marker leaves a mark on them.
HOOKS = [hook for hook in vars(hookspecs).values() if inspect.isfunction(hook) and hasattr(hook, "coffers_spec")]

#: The public values, by the name that the reference knows them under.
VALUES = {
    f"{front.__name__}.{name}": value
    for front in FRONTS
    for name in front.__all__
    if isinstance(value := getattr(front, name), type) and attrs.has(value)
}

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


@pytest.mark.parametrize("front", FRONTS, ids=lambda front: front.__name__)
def test_every_public_name_is_in_the_reference(front: object) -> None:
    words = {word for page in REFERENCE.values() for word in re.findall(r"\w+", page)}
    assert [name for name in getattr(front, "__all__", ()) if name not in words] == []


def documented(thing: object) -> set[str]:
    """What the sections of a docstring name: arguments, attributes."""
    return set(re.findall(r"^    (\w+):", inspect.getdoc(thing) or "", re.MULTILINE))


def test_every_hook_of_extensions_are_in_the_reference_with_each_argument() -> None:
    found = [
        hook for hook in vars(extension_hookspecs).values() if hasattr(hook, f"{extension_hookspecs.PROJECT}_spec")
    ]
    assert [hook.__name__ for hook in found] == ["coffers_register_commands", "coffers_observe", "coffers_demo"]
    for hook in found:
        assert f".. autofunction:: coffers.extensions.hookspecs.{hook.__name__}\n" in REFERENCE["extensions.md"]
        assert documented(hook) == inspect.signature(hook).parameters.keys()


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook.__name__)
def test_every_hook_is_in_the_reference_with_each_argument(hook: object) -> None:
    assert f".. autofunction:: coffers.hookspecs.{hook.__name__}\n" in REFERENCE["hooks.md"]
    assert documented(hook) == inspect.signature(hook).parameters.keys()


def test_there_are_four_hooks_and_many_values() -> None:
    assert [hook.__name__ for hook in HOOKS] == [f"coffers_{verb}" for verb in ("provider", "request", "sign", "parse")]
    assert {"coffers.plugin.Provider", "coffers.plugin.Query", "coffers.Balance", "coffers.Account"} <= VALUES.keys()


@pytest.mark.parametrize("name", VALUES)
def test_every_public_value_is_in_the_reference_with_each_attribute(name: str) -> None:
    value = VALUES[name]
    pages = "\n".join(REFERENCE.values())
    shown = {other for other, same in VALUES.items() if same is value}
    assert any(f".. autoclass:: {other}\n" in pages for other in shown)
    assert {field.alias for field in attrs.fields(value) if not field.name.startswith("_")} <= documented(value)


def test_every_command_is_in_the_reference_with_its_help() -> None:
    page = REFERENCE["command-line.md"]
    assert [name for name in COMMANDS if f"$ coffers {name} --help" not in page] == []


def test_every_reserved_key_is_in_the_reference() -> None:
    assert [key for key in RESERVED_KEYS if f"`{key}`" not in REFERENCE["config.md"]] == []


def test_onboarding_names_files_that_are_there_and_leads_to_all_corners() -> None:
    page = (ROOT / "docs/onboarding.md").read_text("utf-8")
    named = re.findall(r"^(\d+)\. \[?`([^`]+)`(?:\]\([^)]+\))?: \S", page, re.MULTILINE)
    assert [int(number) for number, _ in named] == list(range(1, len(named) + 1))
    assert len(named) > 15
    assert [file for _, file in named if not (ROOT / file).is_file()] == []
    assert all((ROOT / folder).is_dir() for folder in re.findall(r"`(plugins/\w+)`", page))


def test_onboarding_can_be_found() -> None:
    assert "(docs/onboarding.md)" in (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    assert "\nonboarding\n" in (ROOT / "docs/index.md").read_text("utf-8")


def test_the_glossary_has_the_words_of_the_line_in_order() -> None:
    terms = re.findall(r"^([a-z]\S*(?: \w+)*)\n  [A-Z`]", REFERENCE["glossary.md"], re.MULTILINE)
    values = {"account", "query", "request", "response", "snapshot", "balance", "attempt", "manifest", "settings"}
    assert values | {field.name for field in attrs.fields(coffers.Balance)} <= {*terms}
    assert terms == sorted(set(terms))


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
