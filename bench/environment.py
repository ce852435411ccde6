"""An environment for each peer, so that none sees another's dependencies (one peer's may replace another's library)."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import attrs

ROOT = Path(__file__).parents[1]
CONSTRAINTS = ROOT / "constraints.txt"


class NotMeasuredError(Exception):
    """Why a peer has no figures, in words for the page: no paths."""


@attrs.frozen
class Environment:
    """A virtual environment with compiled bytecode.

    Attributes:
        folder: where it lies.
    """

    folder: Path

    @property
    def bin(self) -> Path:
        """Its programs."""
        return self.folder / "bin"

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.bin / "python"

    @property
    def site(self) -> Path:
        """Where its packages lie."""
        [site] = self.folder.glob("lib/*/site-packages")
        return site

    @classmethod
    def make(cls, folder: Path, requirements: Iterable[str], wheels: Path) -> Environment:
        """One with `requirements`, compiled; what lies in `folder` is kept if it was made from the very same.

        Args:
            folder: where it goes.
            requirements: what to install; what has a wheel in `wheels` comes from there and from nowhere else.
            wheels: our own dists.

        Raises:
            NotMeasuredError: pip could not install the requirements.
        """
        made = cls(folder)
        wanted = [_from_wheels(requirement, wheels) for requirement in requirements]
        stamp, made_from = folder / "made-from", _fingerprint(wanted, wheels)
        if stamp.exists() and stamp.read_text("utf-8") == made_from:
            return made
        subprocess.run([sys.executable, "-m", "venv", "--clear", "--without-pip", folder], check=True)
        if wanted:
            pip: list[str | Path] = [
                sys.executable,
                "-m",
                "pip",
                "--python",
                made.python,
                "--disable-pip-version-check",
            ]
            run = subprocess.run(
                [*pip, "--disable-pip-version-check", "install", "--quiet", "--compile", "-c", CONSTRAINTS, *wanted],
                env={name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
                check=False,
            )
            if run.returncode:
                raise NotMeasuredError("its dependencies could not be installed")
        stamp.write_text(made_from, "utf-8")
        return made

    def versions(self) -> dict[str, str]:
        """What is installed."""
        named = [re.fullmatch(r"(.+)-([^-]+)\.dist-info", info.name) for info in sorted(self.site.glob("*.dist-info"))]
        return {match[1].replace("_", "-").lower(): match[2] for match in named if match}


def name_of(requirement: str) -> str:
    """The dist that a requirement is about, as `Environment.versions` spells it."""
    match = re.match(r"[\w.-]+", requirement)
    assert match is not None
    return match[0].replace("_", "-").lower()


def _from_wheels(requirement: str, wheels: Path) -> str:
    ours = sorted(wheels.glob(f"{name_of(requirement).replace('-', '_')}-*.whl"))
    extras = "".join(re.findall(r"\[.*\]", requirement))
    return f"{name_of(requirement)}{extras} @ {ours[-1].resolve().as_uri()}" if ours else requirement


def _fingerprint(wanted: Iterable[str], wheels: Path) -> str:
    parts = [sys.version.encode(), CONSTRAINTS.read_bytes()]
    for one in wanted:
        parts.append(one.encode())
        if "file:" in one:
            parts.append((wheels / one.rpartition("/")[2]).read_bytes())
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def clean(**more: str) -> dict[str, str]:
    """Variables for what is measured: nothing that changes how Python or coffers behaves."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", **more}


def run_quietly(command: Sequence[str | Path], **more: str) -> bytes:
    """Run `command` to its end and return what it printed.

    Raises:
        NotMeasuredError: it failed.
    """
    run = subprocess.run(command, env=clean(**more), stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if run.returncode:
        sys.stderr.buffer.write(run.stderr)
        raise NotMeasuredError(f"it ended with exit code {run.returncode}")
    return run.stdout
