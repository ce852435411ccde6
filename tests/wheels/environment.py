"""The built wheels, and fresh environments to put them in. Where nothing is built, importing this skips the tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from configparser import ConfigParser
from pathlib import Path
from zipfile import ZipFile

import pytest

if "COFFERS_WHEELS" not in os.environ:
    pytest.skip("no wheels to test: run `nox -s wheels`", allow_module_level=True)

WHEELS = sorted(Path(os.environ["COFFERS_WHEELS"]).resolve().glob("*.whl"))
[CORE] = [wheel for wheel in WHEELS if wheel.name.startswith("coffers-")]


def announced(wheel: Path, group: str) -> set[str]:
    """The names that a wheel announces in a group of entry points, read from the wheel itself."""
    points = ConfigParser(delimiters=("=",))
    with ZipFile(wheel) as archive:
        for name in archive.namelist():
            if name.endswith(".dist-info/entry_points.txt"):
                points.read_string(archive.read(name).decode())
    return set(points[group]) if group in points else set()


PLUGINS = [wheel for wheel in WHEELS if announced(wheel, "coffers.providers")]
#: Those that add commands; another tool beside the core announces nothing.
EXTENSIONS = [wheel for wheel in WHEELS if announced(wheel, "coffers.extensions")]


class Environment:
    """A fresh virtual environment."""

    def __init__(self, folder: Path) -> None:
        venv.create(folder, with_pip=True)
        self.bin = folder / ("Scripts" if sys.platform == "win32" else "bin")
        self.home = folder

    def pip(self, *arguments: object) -> None:
        run = self.run("python", "-m", "pip", "--disable-pip-version-check", *map(str, arguments))
        assert run.returncode == 0, run.stdout + run.stderr

    def run(self, program: str, *arguments: str, within: str = "") -> subprocess.CompletedProcess[str]:
        """Run one of its programs, in its home or a folder `within`."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("COFFERS", "PYTHON"))}
        return subprocess.run(
            [self.bin / program, *arguments],
            cwd=self.home / within,
            env=environment | {"HOME": str(self.home), "COLUMNS": "160"},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    def listed(self) -> set[str]:
        run = self.run("coffers", "providers", "--json")
        assert run.returncode == 0, run.stderr
        return {provider["id"] for provider in json.loads(run.stdout)["providers"]}
