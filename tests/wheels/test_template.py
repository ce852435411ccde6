"""From nothing to a working plugin, beside the built core in a clean environment: as its author does it."""

from __future__ import annotations

import json
import zipfile

import pytest

from tests.wheels.environment import CORE, Environment


@pytest.fixture(scope="module")
def author(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """The core with what authors need, and a new project, installed as its README says (but not editable)."""
    environment = Environment(tmp_path_factory.mktemp("author"))
    environment.pip("install", f"{CORE}[cli,sandbox,testing]")
    made = environment.run("coffers", "new-provider", "acme")
    assert made.returncode == 0, made.stderr
    environment.pip("install", f"{environment.home / 'coffers-acme'}[test]")
    return environment


def test_the_core_wheel_holds_the_template() -> None:
    with zipfile.ZipFile(CORE) as archive:
        names = set(archive.namelist())
    template = "coffers/testing/template"
    assert f"{template}/copier.yml" in names
    assert f"{template}/project/.github/workflows/test.yml.jinja" in names
    assert f"{template}/project/.gitignore.jinja" in names
    assert f"{template}/project/vectors/{{{{ name }}}}/balance/response.http.jinja" in names


def test_the_new_plugins_tests_pass(author: Environment) -> None:
    run = author.run("python", "-m", "pytest", within="coffers-acme")
    assert run.returncode == 0, run.stdout + run.stderr
    assert "passed" in run.stdout
    for arguments in (("format", "--check", "."), ("check", ".")):
        lint = author.run("ruff", *arguments, within="coffers-acme")
        assert lint.returncode == 0, lint.stdout + lint.stderr


def test_the_new_plugin_is_found_and_read(author: Environment) -> None:
    assert author.listed() == {"acme"}
    shown = author.run("coffers", "providers", "acme")
    assert shown.returncode == 0, shown.stderr
    assert "https://api.acme.example" in shown.stdout
    demo = author.run("coffers", "demo", "--json")
    assert demo.returncode == 0, demo.stderr
    [account] = json.loads(demo.stdout)["accounts"]
    [balance] = account["balances"]
    assert (account["provider"], account["status"]) == ("acme", "ok")
    assert (balance["currency"], balance["total"], balance["reserved"]) == ("EUR", "12.50", "2.00")


def test_its_wheel_holds_the_vectors_and_no_tests(author: Environment) -> None:
    author.pip("wheel", "--no-deps", "--wheel-dir", author.home / "dist", author.home / "coffers-acme")
    [wheel] = (author.home / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert {"coffers_acme/__init__.py", "coffers_acme/sandbox.py", "coffers_acme/py.typed"} <= set(names)
    assert "coffers_acme/vectors/acme/balance/response.http" in names
    assert any(name.endswith("LICENSE") for name in names)
    assert not any("tests/" in name or ".copier" in name for name in names)


def test_a_new_project_has_nothing_to_renew(author: Environment) -> None:
    run = author.run("coffers", "new-provider", "--update", "coffers-acme")
    assert (run.returncode, run.stdout) == (0, "")
    assert "Nothing to renew" in run.stderr
