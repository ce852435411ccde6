"""Users and plugin authors, seen by mypy and pyright: right code passes, each wrong line is an error on that line."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

SAMPLES = Path(__file__).parent / "samples"
FILES = sorted(SAMPLES.glob("*.py"))

#: A wrong line: the file's name and the line's number.
Faults = set[tuple[str, int]]


def _marked() -> Faults:
    return {
        (file.name, number)
        for file in FILES
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1)
        if "  # error" in line
    }


def _run(*command: str) -> str:
    run = subprocess.run(
        [sys.executable, "-m", *command, *map(str, FILES)], cwd=SAMPLES, capture_output=True, text=True, check=False
    )
    assert run.returncode == 1, run.stdout + run.stderr
    return run.stdout


def test_every_right_file_has_a_wrong_one() -> None:
    wrong = {file.name for file in FILES if file.stem.endswith("_wrong")}
    assert {name for name, _ in _marked()} == wrong
    assert {f"{file.stem}_wrong.py" for file in FILES if file.name not in wrong} == wrong


def test_mypy(tmp_path: Path) -> None:
    config = tmp_path / "mypy.ini"
    config.write_text("[mypy]\nstrict = True\n", "utf-8")
    cache = SAMPLES.parents[2] / ".mypy_cache" / "samples"
    told = _run("mypy", "--config-file", str(config), "--cache-dir", str(cache), "--no-error-summary")
    found = re.findall(r"^(.+?):(\d+): error: ", told, re.MULTILINE)
    assert {(Path(file).name, int(line)) for file, line in found} == _marked(), told


def test_pyright() -> None:
    """Strict, as the first lines of the samples ask for."""
    pytest.importorskip("pyright", reason="pyright is not installed")
    told = _run("pyright", "--pythonpath", sys.executable, "--outputjson")
    found = [fault for fault in json.loads(told)["generalDiagnostics"] if fault["severity"] == "error"]
    places = {(Path(fault["file"]).name, fault["range"]["start"]["line"] + 1) for fault in found}
    assert places == _marked(), told
