"""A new project, seen by mypy and pyright with its own settings: both are content, and a wrong verb is an error."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from coffers.testing.projects import NewProject

CHECKERS = (("mypy", "--no-incremental"), ("pyright", "--pythonpath", sys.executable))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    acme = NewProject(name="acme", title="Acme", api="https://api.acme.example", docs="https://acme.example/docs")
    acme.write(tmp_path / "coffers-acme")
    return tmp_path / "coffers-acme"


def run(project: Path, checker: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    pytest.importorskip(checker[0], reason=f"{checker[0]} is not installed")
    return subprocess.run([sys.executable, "-m", *checker], cwd=project, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("checker", CHECKERS, ids=lambda checker: checker[0])
def test_a_new_project_is_well_typed(project: Path, checker: tuple[str, ...]) -> None:
    told = run(project, checker)
    assert told.returncode == 0, told.stdout + told.stderr


@pytest.mark.parametrize("checker", CHECKERS, ids=lambda checker: checker[0])
def test_its_checks_are_strict(project: Path, checker: tuple[str, ...]) -> None:
    module = project / "src/coffers_acme/__init__.py"
    text = module.read_text("utf-8")
    unsigned = text.replace("return request.seal(headers=[bearer(credentials.key)])", "return request")
    assert unsigned != text
    module.write_text(unsigned + "\n\ndef untyped(value):\n    return value\n", "utf-8")
    told = run(project, checker)
    assert told.returncode == 1
    wrong = {
        number for number, line in enumerate(unsigned.splitlines(), 1) if line.strip().startswith("return request ")
    }
    assert all(f"__init__.py:{number}:" in told.stdout for number in wrong | {len(unsigned.splitlines()) + 3}), (
        told.stdout
    )
