"""Extensions on the command line: their commands, their observers, and what becomes of broken ones."""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from coffers import observing

from .conftest import SECRET, Bank, Result, install, process

Cli = Callable[..., Result]

#: An extension with a command and an observer; it imports nothing of the core but its door.
SCALE = """
from coffers.extensions import ExtraCommand, hookimpl

@hookimpl
def coffers_register_commands():
    print("said while it is imported")
    return {"weigh": ExtraCommand("Weigh every account.", "coffers_scale_weigh:command")}

@hookimpl
def coffers_observe(read):
    with open("told.jsonl", "a") as file:
        what = read.error.kind if read.error else read.snapshot.balances[0].total
        print(read.account, what, read.config and read.config.name, file=file)
"""
WEIGH = '''
import click
from coffers import Client
from coffers.cli.door import (
    chosen_accounts, config_option, installed_providers, observers_of, open_config, stdout_for_data, verbose_option,
)

def check(value, accounts):
    for key in value:
        if key != "unit":
            yield (key,), "is not a key of [scale]"

@click.command("weigh")
@config_option
@verbose_option
def command(config):
    """Weigh every account."""
    registry = installed_providers()
    found = open_config(config, registry, {"scale": check})
    with Client(registry=registry, observers=observers_of(registry)) as client, stdout_for_data():
        outcomes = list(client.read_many(chosen_accounts(found, ())))
    click.echo(f"{len(outcomes)} weighed in {found.tables['scale']['unit']}")
    return 7
'''
POINTS = "[coffers.extensions]\nscale = coffers_scale\n"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, toy_folder: Path) -> Iterator[Path]:
    """A folder of installed extensions, seen here and in processes started from here; `scale` is there."""
    folder = tmp_path / "site"
    install(folder, "coffers-scale", {"coffers_scale": SCALE, "coffers_scale_weigh": WEIGH}, POINTS)
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(folder), str(toy_folder))))
    monkeypatch.delenv("COFFERS_NO_EXTENSIONS")
    monkeypatch.setattr(observing, "_PATIENCE_S", 60.0)  # a busy machine is no slow observer
    monkeypatch.chdir(tmp_path)
    before = set(sys.modules)
    yield folder
    for name in set(sys.modules) - before:
        if Path(str(getattr(sys.modules[name], "__file__", None) or "")).is_relative_to(tmp_path):
            del sys.modules[name]


def more(site: Path, name: str, text: str, points: str | None = None) -> None:
    """One more extension."""
    install(
        site, f"coffers-{name}", {f"coffers_{name}": text}, points or f"[coffers.extensions]\n{name} = coffers_{name}\n"
    )
    importlib.invalidate_caches()


def told(folder: Path) -> list[str]:
    return sorted((folder / "told.jsonl").read_text().splitlines())


# --- commands ------------------------------------------------------------------------------------------------------


def test_the_overview_lists_them_apart_and_does_not_import_them(site: Path, cli: Cli) -> None:
    result = cli("--help")
    head, _, own = result.out.partition("Commands of extensions:")
    assert "weigh" not in head
    assert ["weigh", "Weigh", "every", "account."] in [line.split() for line in own.splitlines()]
    assert "coffers_scale" in sys.modules
    assert "coffers_scale_weigh" not in sys.modules
    assert result.code == 0
    assert "said while it is imported" in result.err


def test_a_command_of_the_core_imports_none(site: Path, cli: Cli) -> None:
    assert cli("providers").code == 0
    assert "coffers_scale" not in sys.modules


def test_a_command_runs_with_its_own_table_and_its_own_exit_code(
    site: Path, cli: Cli, bank: Bank, config: Callable[..., Path]
) -> None:
    bank.rows("one", {"currency": "EUR", "total": "1.50"})
    path = config("one")
    path.write_text(path.read_text() + '[scale]\nunit = "grams"\n')
    result = cli("weigh", "--config", path)
    assert (result.code, result.out) == (7, "1 weighed in grams\n")
    assert told(site.parent) == ["one 1.50 None"]
    assert cli("balances", "--json", "--config", path).code == 0


def test_its_table_is_checked_by_it_and_by_nobody_else(
    site: Path, cli: Cli, bank: Bank, config: Callable[..., Path]
) -> None:
    bank.rows("one", {"currency": "EUR", "total": "1.50"})
    path = config("one")
    path.write_text(path.read_text() + "[scale]\nunits = 1\n")
    result = cli("weigh", "--config", path)
    assert result.code == 2
    assert "scale.units: is not a key of [scale]" in result.err
    assert cli("balances", "--json", "--config", path).code == 0


def test_its_table_is_unknown_where_it_is_not_installed(cli: Cli, config: Callable[..., Path]) -> None:
    path = config("one")
    path.write_text(path.read_text() + "[scale]\nunit = 1\n")
    result = cli("balances", "--config", path)
    assert result.code == 2
    assert "pip install coffers-scale could be it" in result.err


def test_a_process_of_its_own_knows_it_too(site: Path) -> None:
    result = process("weigh", "--help")
    assert (result.code, result.err) == (0, "said while it is imported\n")
    assert result.out.startswith("Usage: coffers weigh [OPTIONS]")


def test_without_extensions_there_is_no_such_command(site: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COFFERS_NO_EXTENSIONS", "1")
    result = cli("weigh")
    assert (result.code, "No such command 'weigh'" in result.err) == (2, True)
    assert "Commands of extensions" not in cli("--help").out
    assert "coffers_scale" not in sys.modules


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("import nothing_of_that_name", "ModuleNotFoundError: No module named 'nothing_of_that_name'"),
        ("command = print", "it is no click command"),
        ("", "AttributeError: module 'coffers_scale_weigh' has no attribute 'command'"),
    ],
)
def test_a_command_that_cannot_be_imported_says_whose_it_is(site: Path, cli: Cli, text: str, reason: str) -> None:
    (site / "coffers_scale_weigh.py").write_text(text)
    result = cli("weigh")
    assert (result.code, result.out) == (2, "")
    assert (
        f"coffers: the command 'weigh' of the extension 'scale' (coffers-scale 2.1) cannot be used: {reason}"
        in result.err
    )


# --- observers -----------------------------------------------------------------------------------------------------


def test_balances_and_check_tell_of_every_read_and_no_secret(
    site: Path, cli: Cli, bank: Bank, config: Callable[..., Path]
) -> None:
    bank.rows("one", {"currency": "EUR", "total": "1.50"})
    bank.refuse("two")
    path = config("one", "two")
    result = cli("balances", "--json", "--config", path)
    assert (result.code, len(json.loads(result.out)["accounts"])) == (5, 2)
    assert told(site.parent) == ["one 1.50 config.toml", "two auth config.toml"]
    assert cli("check", "one", "--below", "1EUR", "--config", path).code == 0
    assert told(site.parent) == ["one 1.50 config.toml", "one 1.50 config.toml", "two auth config.toml"]
    assert SECRET not in (site.parent / "told.jsonl").read_text()


def test_a_command_may_leave_out_its_own_observer_and_tell_the_others_the_config(
    site: Path, cli: Cli, bank: Bank, config: Callable[..., Path]
) -> None:
    head, observe = SCALE.partition("@hookimpl")[0], SCALE[SCALE.index("@hookimpl\ndef coffers_observe") :]
    more(site, "diary", head + observe.replace("print(", "print('diary:', "))
    bank.rows("one", {"currency": "EUR", "total": "1.50"})
    own = site / "coffers_scale_weigh.py"
    own.write_text(WEIGH.replace("observers_of(registry)", 'observers_of(registry, config=found.path, but="scale")'))
    path = config("one")
    path.write_text(path.read_text() + '[scale]\nunit = "grams"\n')
    assert cli("weigh", "--config", path).code == 7
    assert told(site.parent) == ["diary: one 1.50 config.toml"]


def test_made_up_balances_are_nobody_s_news(site: Path, cli: Cli) -> None:
    assert cli("demo", "--json").code == 0
    assert not (site.parent / "told.jsonl").exists()


def test_an_observer_that_raises_is_told_once_and_the_balances_are_shown(
    site: Path, cli: Cli, bank: Bank, config: Callable[..., Path]
) -> None:
    more(site, "odd", SCALE.partition("@hookimpl\ndef coffers_observe")[0].replace("weigh", "odd") + (
        "@hookimpl\ndef coffers_observe(read):\n    raise ValueError('a secret of its own')\n"))  # fmt: skip
    for name in ("one", "two"):
        bank.rows(name, {"currency": "EUR", "total": "1.50"})
    result = cli("balances", "--json", "--config", config("one", "two"))
    assert result.code == 0
    assert (
        result.err.count("the observer of the extension 'odd' (coffers-odd 2.1) raised ValueError at coffers_odd.py:")
        == 1
    )
    assert "a secret of its own" not in result.err
    assert told(site.parent) == ["one 1.50 config.toml", "two 1.50 config.toml"]


# --- broken ones ---------------------------------------------------------------------------------------------------


@pytest.fixture
def some_broken(site: Path) -> Path:
    more(site, "bang", "raise RuntimeError('bang at import')")
    more(site, "greedy", SCALE.replace('{"weigh"', '{"balances"').partition("@hookimpl\ndef coffers_observe")[0])
    return site


@pytest.mark.usefixtures("some_broken")
def test_broken_extensions_are_named_and_all_commands_go_on(cli: Cli, bank: Bank, config: Callable[..., Path]) -> None:
    bank.rows("one", {"currency": "EUR", "total": "1.50"})
    result = cli("balances", "--json", "--config", config("one"))
    assert result.code == 0
    lines = [
        "warning: the extension 'bang' (coffers-bang 2.1) is left out: RuntimeError: bang at import",
        "warning: the command 'balances' of the extension 'greedy' (coffers-greedy 2.1) is left out: it is one of "
        "coffers' own",
    ]
    assert [line for line in result.err.splitlines() if line.startswith("warning")] == lines
    overview = cli("--help")
    assert (overview.code, overview.err.count("bang at import"), "weigh" in overview.out) == (0, 1, True)


@pytest.mark.usefixtures("some_broken")
def test_the_doctor_names_them(cli: Cli, bank: Bank, config: Callable[..., Path]) -> None:
    result = cli("doctor", "--config", config("one"))
    assert result.code == 2
    own = result.out.partition("\nExtensions\n")[2].partition("\n\n")[0].splitlines()
    assert "  ok    scale (coffers-scale 2.1)" in own
    assert "  BAD   the extension 'bang' (coffers-bang 2.1) is left out: RuntimeError: bang at import" in own
    assert [line for line in own if "greedy" in line and "BAD" in line]


def test_the_doctor_says_that_they_are_turned_off(site: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COFFERS_NO_EXTENSIONS", "1")
    assert "note  COFFERS_NO_EXTENSIONS is set: none of the " in cli("doctor").out
    assert "coffers_scale" not in sys.modules


# --- demos ---------------------------------------------------------------------------------------------------------

SHOWN = """
from pathlib import Path

from coffers.extensions import hookimpl

@hookimpl
def coffers_demo(config):
    accounts = config.read_text().count("[accounts.")
    Path("shown.txt").write_text(f"{accounts} {config.name}")
    return {code}
"""


def test_an_extension_shows_itself_on_the_sandbox_and_ends_with_its_code(site: Path, cli: Cli) -> None:
    more(site, "stage", SHOWN.replace("{code}", "7"))
    assert "--stage            Show what the extension stage does, instead." in cli("demo", "--help").out
    result = cli("demo", "--stage")
    assert (result.code, result.out) == (7, "")
    accounts, name = (site.parent / "shown.txt").read_text().split()
    assert (int(accounts) > 0, name) == (True, "config.toml")
    more(site, "quiet", SHOWN.replace("{code}", "None"))
    assert cli("demo", "--quiet").code == 0
    assert '"accounts"' in cli("demo", "--json").out


@pytest.mark.parametrize("other", [("--json",), ("--timeout", "3")])
def test_a_demo_of_an_extension_takes_no_other_option(site: Path, cli: Cli, other: tuple[str, ...]) -> None:
    more(site, "stage", SHOWN.replace("{code}", "7"))
    result = cli("demo", "--stage", *other)
    assert result.code == 2
    assert "--stage takes no other option." in result.err
    assert not (site.parent / "shown.txt").exists()


def test_an_extension_named_as_an_option_of_the_demo_shows_nothing(site: Path, cli: Cli) -> None:
    more(site, "json", SHOWN.replace("{code}", "7"))
    result = cli("demo", "--json")
    assert result.code == 0
    assert '"accounts"' in result.out


def test_without_extensions_the_demo_has_no_option_of_theirs(
    site: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    more(site, "stage", SHOWN.replace("{code}", "7"))
    monkeypatch.setenv("COFFERS_NO_EXTENSIONS", "1")
    assert cli("demo", "--stage").code == 2
    assert "--stage" not in cli("demo", "--help").out
