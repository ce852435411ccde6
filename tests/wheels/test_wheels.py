"""The built wheels in clean environments, as a newcomer meets them. Run by `nox -s wheels`, which builds them."""

from __future__ import annotations

import json
import subprocess
import zipfile
from collections.abc import Iterator
from email.parser import Parser
from pathlib import Path

import pytest

from tests.wheels.environment import CORE, EXTENSIONS, PLUGINS, Environment, announced

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """The core without extras or plugins."""
    environment = Environment(tmp_path_factory.mktemp("bare"))
    environment.pip("install", CORE)
    return environment


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """The core with command line and sandbox, no plugins."""
    environment = Environment(tmp_path_factory.mktemp("shop"))
    environment.pip("install", f"{CORE}[cli,sandbox]")
    return environment


@pytest.fixture
def installed(shop: Environment, request: pytest.FixtureRequest) -> Iterator[Environment]:
    """`shop` with the wheels named by the test, taken out again afterwards."""
    wheels: list[Path] = request.param
    shop.pip("install", *wheels)  # the core is there; a plugin may need a library of its own
    yield shop
    shop.pip("uninstall", "--yes", *(wheel.name.split("-")[0] for wheel in wheels))


def registered(wheel: Path) -> set[str]:
    """The provider ids a wheel announces."""
    return announced(wheel, "coffers.providers")


def test_the_core_needs_four_packages_and_no_more(bare: Environment) -> None:
    with zipfile.ZipFile(CORE) as archive:
        [name] = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        facts = Parser().parsestr(archive.read(name).decode())
    required = {line.split(">")[0] for line in facts.get_all("Requires-Dist", []) if "extra ==" not in line}
    assert required == {"attrs", "cattrs", "pluggy", "urllib3"}
    bare.pip("check")


def test_the_core_wheel_is_whole() -> None:
    with zipfile.ZipFile(CORE) as archive:
        names = set(archive.namelist())
    assert {"coffers/py.typed", "coffers/schemas/balances-1.schema.json"} <= names
    assert any(name.endswith("LICENSE") for name in names)


def test_without_the_extra_the_command_says_what_to_install(bare: Environment) -> None:
    run = bare.run("coffers", "balances")
    assert (run.returncode, run.stdout) == (2, "")
    assert 'pip install "coffers[cli]"' in run.stderr
    assert bare.run("coffers", "--version").stdout.strip().endswith(CORE.name.split("-")[1])


def test_without_plugins_it_says_so(shop: Environment) -> None:
    assert shop.listed() == set()
    demo = shop.run("coffers", "demo")
    assert (demo.returncode, demo.stdout) == (2, "")
    assert "pip install" in demo.stderr


@pytest.mark.parametrize("installed", [[wheel] for wheel in PLUGINS], indirect=True, ids=lambda wheels: wheels[0].name)
def test_each_plugin_works_alone_beside_the_core(installed: Environment, request: pytest.FixtureRequest) -> None:
    [wheel] = request.node.callspec.params["installed"]
    assert installed.listed() == registered(wheel) != set()
    check = installed.run("coffers", "providers", "--check")
    assert check.returncode == 0, check.stdout + check.stderr
    demo = installed.run("coffers", "demo", "--json")
    assert demo.returncode == 0, demo.stderr
    assert {account["provider"] for account in json.loads(demo.stdout)["accounts"]} == registered(wheel)


@pytest.mark.parametrize("wheel", PLUGINS, ids=lambda wheel: wheel.name)
def test_a_plugin_wheel_is_whole(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert any(name.endswith("/py.typed") for name in names)
    assert any("/vectors/" in name and name.endswith("/response.http") for name in names)
    assert any(name.endswith("LICENSE") for name in names)
    assert not any("/tests/" in name for name in names)


@pytest.mark.parametrize("wheel", EXTENSIONS, ids=lambda wheel: wheel.name)
def test_an_extension_s_wheel_is_whole(wheel: Path) -> None:
    [source] = ROOT.glob(f"plugins/extensions/{wheel.name.split('-')[0].replace('_', '-')}/src")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    tracked = subprocess.run(["git", "ls-files"], cwd=source, capture_output=True, text=True, check=True).stdout.split()
    assert len(tracked) > 1
    assert set(tracked) <= set(names)  # templates, migrations and what else is no Python are easily forgotten
    assert any(name.endswith("LICENSE") for name in names)
    assert not any("/tests/" in name for name in names)


@pytest.mark.parametrize(
    "installed", [[wheel] for wheel in EXTENSIONS], indirect=True, ids=lambda wheels: wheels[0].name
)
def test_each_extension_adds_its_commands(installed: Environment, request: pytest.FixtureRequest) -> None:
    [wheel] = request.node.callspec.params["installed"]
    overview = installed.run("coffers", "--help").stdout.partition("Commands of extensions:\n")[2]
    commands = [line.split()[0] for line in overview.splitlines() if line.startswith("  ")]
    assert commands
    for command in commands:
        run = installed.run("coffers", command, "--help")
        assert (run.returncode, run.stderr) == (0, "")
        assert run.stdout.startswith(f"Usage: coffers {command} ")
    [name] = announced(wheel, "coffers.extensions")
    assert f"  ok    {name} (" in installed.run("coffers", "doctor").stdout


@pytest.mark.parametrize("installed", [PLUGINS], indirect=True, ids=["all"])
def test_the_demo_reads_every_provider(installed: Environment) -> None:
    run = installed.run("coffers", "demo", "--json")
    assert run.returncode == 0, run.stderr
    accounts = json.loads(run.stdout)["accounts"]
    assert {account["provider"] for account in accounts} == set().union(*map(registered, PLUGINS))
    assert {account["status"] for account in accounts} == {"ok"}
    table = installed.run("coffers", "demo")
    assert table.returncode == 0
    for account in accounts:
        for balance in account["balances"]:
            assert balance["spendable"] in table.stdout
