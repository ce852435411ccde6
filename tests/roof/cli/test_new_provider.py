"""`coffers new-provider`: what it makes is whole, and what it renews is the template's alone."""

from __future__ import annotations

import importlib
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from packaging.requirements import Requirement

import coffers
from coffers import Registry
from coffers.plugin import SandboxAccount, SandboxCall, SandboxProvider, amount_from_text
from coffers.testing.projects import RENEWED, renew
from coffers.testing.vectors import load_cases, replay

from .conftest import Result, process

Cli = Callable[..., Result]

ROOT = Path(__file__).parents[3]
NAMES = ["acme", "acme-pay2", "4acme-x"]


@pytest.fixture(params=NAMES)
def project(request: pytest.FixtureRequest, cli: Cli, tmp_path: Path) -> Path:
    """A fresh project."""
    result = cli("new-provider", request.param, "--to", tmp_path / "work")
    assert (result.code, result.out) == (0, ""), result.err
    folder: Path = tmp_path / "work" / f"coffers-{request.param}"
    return folder


@pytest.fixture
def acme(cli: Cli, tmp_path: Path) -> Path:
    """One fresh project."""
    assert cli("new-provider", "acme", "--to", tmp_path).code == 0
    return tmp_path / "coffers-acme"


def name_of(project: Path) -> str:
    return project.name.removeprefix("coffers-")


def package_of(project: Path) -> str:
    return project.name.replace("-", "_")


def imported(project: Path, module: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A module of the project, forgotten after the test."""
    monkeypatch.syspath_prepend(str(project / "src"))
    for known in [known for known in sys.modules if known.partition(".")[0] == package_of(project)]:
        monkeypatch.delitem(sys.modules, known)
    for part in (package_of(project), f"{package_of(project)}.sandbox"):
        monkeypatch.setitem(sys.modules, part, ModuleType(part))  # so that what the import leaves is taken away again
        del sys.modules[part]
    return importlib.import_module(module)


# --- what is made --------------------------------------------------------------------------------------------------


def test_a_project_is_whole(project: Path) -> None:
    name, package = name_of(project), package_of(project)
    cases = ("amount-missing", "balance", "html-page", "server-error", "too-many-requests", "wrong-key")
    assert {str(file.relative_to(project).as_posix()) for file in project.rglob("*") if file.is_file()} == {
        *RENEWED,
        "tests/test_conformance.py",
        ".gitignore",
        "LICENSE",
        "README.md",
        "pyproject.toml",
        f"src/{package}/__init__.py",
        f"src/{package}/py.typed",
        f"src/{package}/sandbox.py",
        f"tests/test_{name.replace('-', '_')}.py",
        *(f"vectors/{name}/{case}/{file}" for case in cases for file in ("query.json", "response.http")),
        *(f"vectors/{name}/{case}/error.json" for case in cases if case != "balance"),
        *(
            f"vectors/{name}/balance/{file}"
            for file in ("credentials.json", "attempt.json", "request.http", "signed.http", "snapshot.json")
        ),
    }
    for file in project.rglob("*"):
        if file.is_file() and file.suffix != ".yml":
            assert not re.search(r"\{\{|\}\}(?!$)|\{%", file.read_text("utf-8")), file
    workflow = (project / ".github/workflows/test.yml").read_text("utf-8")
    assert "${{ matrix.python }}" in workflow
    assert f"the coffers-{name} authors" in (project / "LICENSE").read_text("utf-8")


def test_the_dist_announces_the_provider(project: Path) -> None:
    name, package = name_of(project), package_of(project)
    facts = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))
    assert facts["project"]["name"] == f"coffers-{name}"
    assert facts["project"]["entry-points"] == {
        "coffers.providers": {name: package},
        "coffers.sandboxes": {name: f"{package}.sandbox:SANDBOX"},
    }
    assert facts["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"] == {"vectors": f"{package}/vectors"}
    [core] = [Requirement(line) for line in facts["project"]["dependencies"] if line.startswith("coffers")]
    assert core.specifier.contains(coffers.__version__)
    [kit] = [Requirement(line) for line in facts["project"]["optional-dependencies"]["test"] if "coffers" in line]
    assert kit.extras == {"testing", "sandbox", "cli"}


def test_the_provider_is_one_small_module(project: Path) -> None:
    module = project / "src" / package_of(project) / "__init__.py"
    assert len(module.read_text("utf-8").splitlines()) <= 60


def test_the_provider_loads_and_answers_its_vectors(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plugin = imported(project, package_of(project), monkeypatch)
    loaded = Registry([plugin], installed=False).load(name_of(project))
    assert loaded.fields["key"].secret
    cases = load_cases(project / "vectors")
    arrows = [(case.name, arrow) for case in cases for arrow in replay(case, plugin)]
    assert [(case, arrow) for case, arrow in arrows if not arrow.holds] == []
    assert [arrow.verb for case, arrow in arrows if case == "balance"] == ["request", "sign", "parse"]
    kinds = {case.name: case.json("error.json").get("kind") for case in cases}
    assert kinds == {
        "amount-missing": "bad_response",
        "balance": None,
        "html-page": "bad_response",
        "server-error": "unavailable",
        "too-many-requests": "rate_limited",
        "wrong-key": "auth",
    }


def test_the_sandbox_part_checks_path_method_and_key(acme: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    part: SandboxProvider = imported(acme, "coffers_acme.sandbox", monkeypatch).SANDBOX
    account = SandboxAccount(dict(part.fields), {code: amount_from_text(text) for code, text in part.balances.items()})

    def status(method: str = "GET", path: str = "/v1/balance", key: str = part.fields["key"]) -> int:
        call = SandboxCall(method, path, (), (("Authorization", f"Bearer {key}"),), b"", 0.0)
        return part.answer(call, account).status

    assert status() == 200
    assert status(method="POST") == status(path="/v1/other") == 404
    assert status(key="other") == 401
    account.revoked = True
    assert status() == 401


@pytest.mark.parametrize("arguments", [("check",), ("format", "--check")])
def test_the_files_are_in_order(project: Path, arguments: tuple[str, ...]) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "ruff", *arguments, "--no-cache", "."],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_they_are_with_the_longest_of_names_and_titles_too(cli: Cli, tmp_path: Path) -> None:
    assert cli("new-provider", "a" * 40, "--title", "b" * 60, "--to", tmp_path).code == 0
    for arguments in ("check",), ("format", "--check"):
        ruff = [sys.executable, "-m", "ruff", *arguments, "--no-cache", "."]
        run = subprocess.run(ruff, cwd=tmp_path / f"coffers-{'a' * 40}", capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stdout + run.stderr


def test_a_clock_in_the_provider_is_refused_as_in_this_workspace(acme: Path) -> None:
    ours = tomllib.loads((ROOT / "plugins/providers/ruff.toml").read_text("utf-8"))
    theirs = tomllib.loads((acme / "ruff.toml").read_text("utf-8"))
    bans = theirs["lint"]["flake8-tidy-imports"]["banned-api"]
    assert bans == ours["lint"]["flake8-tidy-imports"]["banned-api"] != {}
    (acme / "src/coffers_acme/clock.py").write_text("import time\n\nNOW = time.time()\n", "utf-8")
    run = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--no-cache", "."],
        cwd=acme,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1
    assert "TID251" in run.stdout


def test_what_is_told_stands_in_the_project(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "coffers-acme").mkdir()  # an empty folder is as good as none
    result = cli(
        "new-provider", "acme", "--title", "Ácme & Søns (EU)", "--api", "https://api.acme.test/v2",
        "--docs", "https://acme.test/docs?page=1#balance",
    )  # fmt: skip
    assert result.code == 0
    assert result.err.splitlines() == [
        "Wrote coffers-acme. Next:",
        "  cd coffers-acme",
        '  python -m pip install -e ".[test]"',
        "  python -m pytest",
    ]
    project = tmp_path / "coffers-acme"
    manifest = imported(project, "coffers_acme", monkeypatch).coffers_provider()
    assert (manifest.title, manifest.docs) == ("Ácme & Søns (EU)", "https://acme.test/docs?page=1#balance")
    assert manifest.base_urls == {"api": "https://api.acme.test/v2"}
    for file in project.rglob("*"):
        if file.is_file():
            assert str(tmp_path) not in file.read_text("utf-8")
            assert "site-packages" not in file.read_text("utf-8")
    assert renew(project) == ()


def test_without_answers_they_are_made_of_the_name(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = name_of(project)
    manifest = imported(project, package_of(project), monkeypatch).coffers_provider()
    assert manifest.title.lower().replace(" ", "-") == name
    assert manifest.base_urls == {"api": f"https://api.{name}.example"}
    assert manifest.permission


def test_an_installed_id_is_pointed_out(cli: Cli, tmp_path: Path) -> None:
    result = cli("new-provider", "toybox", "--to", tmp_path)
    assert result.code == 0
    assert "'toybox' is installed already, by coffers-toybox 2.1" in result.err


def test_copiers_own_settings_change_nothing(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COPIER_SETTINGS_PATH", str(tmp_path / "none.yml"))  # of which copier warns
    monkeypatch.setenv("PATH", "")  # neither git nor anything else
    assert cli("new-provider", "acme", "--to", tmp_path).code == 0
    assert cli("new-provider", "--update", tmp_path / "coffers-acme").code == 0


# --- what is refused -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("Acme",), "lower-case letters"),
        (("acme_pay",), "lower-case letters"),
        (("acme-",), "single hyphens"),
        (("a" * 41,), "at most 40"),
        (("coffers-acme",), "without 'coffers-': acme"),
        (("acme", "--title", ""), "the title must be"),
        (("acme", "--title", 'A"cme'), "the title must be"),
        (("acme", "--title", "two\nlines"), "the title must be"),
        (("acme", "--title", "a\x07b"), "the title must be"),
        (("acme", "--title", "x" * 61), "the title must be"),
        (("acme", "--api", "http://api.acme.test"), "the address of the API must be https"),
        (("acme", "--api", "https://user@api.acme.test"), "the address of the API must hold no user"),
        (("acme", "--docs", "acme.test/docs"), "the address of the docs must begin with https://"),
        (("acme", "--docs", 'https://acme.test/"'), "the address of the docs must"),
        ((), "Missing argument 'NAME'"),
        (("--update", "--title", "Acme"), "--update takes the answers"),
    ],
)
def test_what_cannot_be_used_is_refused(
    arguments: tuple[str, ...], said: str, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = cli("new-provider", *arguments)
    assert (result.code, result.out) == (2, "")
    assert said in result.err
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_is_never_written_over(acme: Path, cli: Cli) -> None:
    (acme / "README.md").write_text("mine", "utf-8")
    result = cli("new-provider", "acme", "--to", acme.parent)
    assert result.code == 2
    assert "not an empty folder; nothing was written" in result.err
    assert (acme / "README.md").read_text("utf-8") == "mine"
    (acme.parent / "coffers-other").write_text("a file", "utf-8")
    assert cli("new-provider", "other", "--to", acme.parent).code == 2


def test_a_folder_that_cannot_be_written_is_named(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    result = cli("new-provider", "acme", "--to", tmp_path / "file")
    assert result.code == 2
    assert "cannot be written" in result.err
    assert str(tmp_path / "file") in result.err


def test_without_copier_it_says_what_to_install(tmp_path: Path) -> None:
    script = (
        "import sys\n"
        "sys.modules['copier'] = None\n"  # as if it were not installed
        "from coffers.cli import run\n"
        "sys.exit(run(['new-provider', 'acme', '--to', sys.argv[1]]).code)"
    )
    run = subprocess.run([sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout) == (2, "")
    assert 'pip install "coffers[testing]"' in run.stderr


# --- what is renewed -----------------------------------------------------------------------------------------------


def git(folder: Path, *arguments: str) -> None:
    name = ["-c", "user.name=author", "-c", "user.email=author@acme.test"]
    subprocess.run(["git", *name, *arguments], cwd=folder, check=True, capture_output=True)


def test_the_templates_files_are_renewed_and_the_authors_kept(acme: Path, cli: Cli) -> None:
    fresh = {name: (acme / name).read_bytes() for name in RENEWED}
    mine = [
        "README.md",
        "pyproject.toml",
        "src/coffers_acme/__init__.py",
        ".gitignore",
        "LICENSE",
        "tests/test_acme.py",
        "tests/test_conformance.py",
    ]
    for name in [*RENEWED[1:], *mine]:
        (acme / name).write_text(f"changed {name}\n", "utf-8")
    (acme / "ruff.toml").unlink()
    (acme / "vectors/acme/html-page/response.http").unlink()
    result = cli("new-provider", "--update", acme)
    assert result.code == 0
    assert result.err.splitlines() == [f"Renewed in {acme}:", *(f"  {name}" for name in RENEWED[1:])]
    assert {name: (acme / name).read_bytes() for name in RENEWED} == fresh
    assert [(acme / name).read_text("utf-8") for name in mine] == [f"changed {name}\n" for name in mine]
    assert not (acme / "vectors/acme/html-page/response.http").exists()
    result = cli("new-provider", "--update", acme)
    assert (result.code, result.err) == (0, "Nothing to renew: every file of the template is as it should be.\n")


def test_the_recorded_answers_are_used(acme: Path) -> None:
    answers = acme / ".copier-answers.yml"
    answers.write_text(answers.read_text("utf-8").replace('"acme"', '"acme-two"'), "utf-8")
    assert renew(acme) == (".github/workflows/test.yml",)
    assert "name: test coffers-acme-two" in (acme / ".github/workflows/test.yml").read_text("utf-8")


def test_it_renews_the_folder_it_stands_in(acme: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(acme)
    (acme / "ruff.toml").write_text("", "utf-8")
    result = cli("new-provider", "--update")
    assert (result.code, result.err) == (0, "Renewed in .:\n  ruff.toml\n")


def test_uncommitted_changes_are_not_mixed_with_the_renewal(acme: Path, cli: Cli) -> None:
    git(acme, "init", "--quiet")
    (acme / "ruff.toml").write_text("", "utf-8")
    result = cli("new-provider", "--update", acme)
    assert result.code == 2
    assert "commit them first" in result.err
    assert (acme / "ruff.toml").read_text("utf-8") == ""
    git(acme, "add", "--all")
    git(acme, "commit", "--quiet", "--message", "all")
    assert cli("new-provider", "--update", acme).code == 0
    assert (acme / "ruff.toml").read_text("utf-8")


def test_where_there_is_no_git_nothing_needs_to_be_committed(
    acme: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(acme, "init", "--quiet")
    (acme / "ruff.toml").write_text("", "utf-8")
    monkeypatch.setenv("PATH", "")
    assert cli("new-provider", "--update", acme).code == 0


def test_a_tree_that_git_cannot_read_is_left_alone(acme: Path, cli: Cli) -> None:
    (acme / ".git").write_text("gitdir: nowhere", "utf-8")
    assert cli("new-provider", "--update", acme).code == 2


@pytest.mark.parametrize("answers", ["title: only\n", "name: [1\n", "- a list\n", 'name: "Not/Good"\ntitle: x\n'])
def test_answers_that_cannot_be_used_are_told(answers: str, acme: Path, cli: Cli) -> None:
    (acme / ".copier-answers.yml").write_text(answers, "utf-8")
    (acme / "ruff.toml").write_text("mine", "utf-8")
    result = cli("new-provider", "--update", acme)
    assert result.code == 2
    assert "must hold name, title, api and docs" in result.err
    assert (acme / "ruff.toml").read_text("utf-8") == "mine"


def test_another_folder_is_not_renewed(cli: Cli, tmp_path: Path) -> None:
    result = cli("new-provider", "--update", tmp_path)
    assert result.code == 2
    assert "was not made by coffers new-provider" in result.err


@pytest.mark.parametrize("link", ["ruff.toml", ".github"])
def test_nothing_outside_the_project_is_written_over(link: str, acme: Path, cli: Cli, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    if link == ".github":
        (acme / link).rename(outside)
        (outside / "workflows/test.yml").write_text("mine")
    else:
        outside.write_text("mine")
        (acme / link).unlink()
    (acme / link).symlink_to(outside)
    (acme / ".gitattributes").unlink()
    result = cli("new-provider", "--update", acme)
    assert result.code == 2
    assert "is a link that leads out of the project; nothing was renewed" in result.err
    assert (outside / "workflows/test.yml" if outside.is_dir() else outside).read_text() == "mine"
    assert not (acme / ".gitattributes").exists()


def test_a_file_that_cannot_be_renewed_is_named(acme: Path, cli: Cli) -> None:
    (acme / "ruff.toml").unlink()
    (acme / "ruff.toml").mkdir()
    result = cli("new-provider", "--update", acme)
    assert result.code == 2
    assert "ruff.toml cannot be written" in result.err


def test_as_a_process_it_warns_of_nothing(tmp_path: Path) -> None:
    result = process("new-provider", "acme", cwd=tmp_path)
    assert result.code == 0
    assert "Warning" not in result.err
    assert json.loads((tmp_path / "coffers-acme/vectors/acme/balance/query.json").read_text("utf-8")) == {}
