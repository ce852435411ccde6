"""The house: floors of the core, doors of the plugins."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[2]
DISTS = sorted(pyproject.parent for pyproject in ROOT.glob("plugins/providers/*/pyproject.toml"))
PACKAGES = sorted(init.parent for dist in DISTS for init in dist.glob("src/*/__init__.py"))


def test_there_are_plugins_to_check() -> None:
    assert len(DISTS) >= 4
    assert len(PACKAGES) == len(DISTS)


def test_the_floors_hold() -> None:
    script = Path(sys.executable).parent / "lint-imports"
    run = subprocess.run([script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_a_plugin_sees_only_its_own_door(package: Path) -> None:
    others = {other.name for other in PACKAGES} - {package.name}
    graph = grimp.build_graph("coffers", package.name, include_external_packages=True, cache_dir=None)
    seen = {
        target
        for module in graph.modules
        if module.split(".")[0] == package.name
        for target in graph.find_modules_directly_imported_by(module)
        if target.split(".")[0] != package.name
    }
    ours = {target for target in seen if target.split(".")[0] == "coffers"}
    assert ours <= {"coffers.plugin"}
    assert not {target.split(".")[0] for target in seen} & (others | {"urllib3", "requests", "os", "socket", "random"})


#: The front, and what is made for extensions.
DOORS = ("coffers", "coffers.aio", "coffers.extensions", "coffers.cli.door")


def test_an_extension_uses_the_doors() -> None:
    """Read, not imported: an extension needs what is not installed everywhere."""
    doors = {
        f"{path.relative_to(ROOT)}: {door}"
        for path in ROOT.glob("plugins/extensions/*/src/**/*.py")
        for door in re.findall(r"^\s*(?:from|import) (coffers(?:\.\w+)*)\b(?!_)", path.read_text("utf-8"), re.MULTILINE)
    }
    assert doors
    assert {door for door in doors if door.rpartition(" ")[2] not in DOORS} == set()


@pytest.mark.parametrize("dist", DISTS, ids=lambda dist: dist.name)
def test_every_plugin_has_the_same_files(dist: Path) -> None:
    assert {"pyproject.toml", "README.md", "LICENSE", "src", "vectors", "tests"} <= {
        path.name for path in dist.iterdir()
    }
    [package] = dist.glob("src/*/py.typed")
    verbs = {"request.py", "sign.py", "parse.py"}
    for folder in {path.parent for path in package.parent.rglob("*.py") if path.name in verbs} or {package.parent}:
        names = {path.name for path in folder.iterdir()}
        assert {"__init__.py", "sandbox.py"} <= names
        assert names & verbs in (set(), verbs), "one module, as the template's, or a file for each verb"


def test_files_are_short() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for folder in ("core/src", "plugins", "tests")
        for path in (ROOT / folder).rglob("*.py")
        if (lines := len(path.read_text("utf-8").splitlines())) > 500
    }
    assert long == {}
