"""`coffers providers --tier`: what the kit says of every installed plugin, of broken ones as well."""

from __future__ import annotations

import importlib
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.roof.cli.conftest import Result, install

Cli = Callable[..., Result]
BROKEN = {
    "bang": "raise RuntimeError('no \\x1b[31m money')",
    "leaver": "import sys; sys.exit(0)",
    "needy": "import a_module_that_nobody_has",
    "talker": "print('hello')",
}


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bare: Callable[..., None]) -> Path:
    """A folder of plugins, the only ones there are, and an empty one to stand in."""
    bare()
    folder, here = tmp_path / "plugins", tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    return folder


def forget(*modules: str) -> None:
    """Forget what was imported from a folder that goes away."""
    for known in [known for known in sys.modules if known.partition(".")[0] in modules]:
        del sys.modules[known]
    importlib.invalidate_caches()


def installed(site: Path, modules: dict[str, str]) -> None:
    for name, text in modules.items():
        install(site, f"coffers-{name}", {f"coffers_{name}": text}, f"[coffers.providers]\n{name} = coffers_{name}\n")


def acme(site: Path, cli: Cli) -> None:
    """The template's plugin, installed with its cases beside its module."""
    assert cli("new-provider", "acme", "--to", site.parent).code == 0
    points = "[coffers.providers]\nacme = coffers_acme\n[coffers.sandboxes]\nacme = coffers_acme.sandbox:SANDBOX\n"
    install(site, "coffers-acme", {}, points)
    shutil.copytree(site.parent / "coffers-acme/src/coffers_acme", site / "coffers_acme")
    shutil.copytree(site.parent / "coffers-acme/vectors", site / "coffers_acme/vectors")


def test_a_broken_plugin_has_no_tier_and_keeps_no_other_from_its_own(cli: Cli, site: Path) -> None:
    installed(site, BROKEN)
    acme(site, cli)
    try:
        result = cli("providers", "--tier", "--json")
    finally:
        forget("coffers_acme", *(f"coffers_{name}" for name in BROKEN))
    assert result.code == 2, result.err
    answer = json.loads(result.out)
    assert answer["schema"] == "coffers.tiers/1"
    rated = {entry["id"]: entry for entry in answer["providers"]}
    assert rated.keys() == {"acme", *BROKEN}
    good = rated.pop("acme")
    assert good.pop("checks") > 50
    assert good == {"id": "acme", "version": "2.1", "dist": "coffers-acme", "tier": "gold", "failed": [], "error": None}
    for name, entry in rated.items():
        assert (entry["tier"], entry["checks"], entry["failed"]) == (None, 0, []), name
        assert f"the plugin coffers-{name} 2.1 is broken" in entry["error"]
    assert "\x1b" not in result.out + result.err
    assert "hello" in result.err  # what a plugin prints spoils no JSON
    assert list(Path.cwd().iterdir()) == []


def test_a_plugin_without_cases_has_no_tier(cli: Cli, site: Path, toy_folder: Path) -> None:
    module = (toy_folder / "coffers_toybox.py").read_text()
    install(site, "coffers-toybox", {"coffers_toybox": module}, "[coffers.providers]\ntoybox = coffers_toybox\n")
    try:
        listed, alone = cli("providers", "--tier"), cli("providers", "toybox", "--tier")
    finally:
        forget("coffers_toybox")
    assert (listed.code, alone.code) == (2, 2)
    assert "it has no recorded cases" in listed.out
    assert alone.out.splitlines() == [
        "Tier:         none",
        "Checks:       0 of 0 hold",
        "Reason:       it has no recorded cases",
    ]


def test_without_providers_it_says_so(cli: Cli, site: Path) -> None:
    result = cli("providers", "--tier")
    assert (result.code, result.out) == (0, "")
    assert "provider" in result.err


def test_a_fault_is_shown_with_how_to_mend_it(cli: Cli, site: Path) -> None:
    acme(site, cli)
    shutil.rmtree(site / "coffers_acme/vectors/acme/html-page")
    try:
        listed, alone = cli("providers", "--tier"), cli("providers", "acme", "--tier")
    finally:
        forget("coffers_acme")
    assert (listed.code, alone.code) == (0, 0)
    assert "silver" in listed.out
    assert "Tier:         silver" in alone.out
    assert "How to mend it:" in alone.out


def test_without_the_kits_packages_it_says_what_to_install(
    cli: Cli, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    acme(site, cli)
    for name in [name for name in sys.modules if name.partition(".")[0] == "hypothesis"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    try:
        result = cli("providers", "--tier")
    finally:
        forget("coffers_acme")
    assert (result.code, result.out) == (2, "")
    assert 'the kit needs more packages (hypothesis): pip install "coffers[testing]"' in result.err
