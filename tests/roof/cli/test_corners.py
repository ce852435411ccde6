"""Where little is there: no provider, one without keys, streams and stores that are not as usual."""

from __future__ import annotations

import json
import os
import signal
import threading
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import SECRET, Bank, Result, install, process

Cli = Callable[..., Result]
Write = Callable[..., Path]
Bare = Callable[..., None]

PROVIDER = """
import attrs
from coffers.plugin import Provider, Secret, hookimpl

@attrs.frozen
class Key:
    key: Secret

@hookimpl
def coffers_provider():
    return Provider(id=ID, title="A provider", docs="https://x.example/docs", base_urls={"api": "https://x.example"},
                    credentials=CREDENTIALS)

@hookimpl
def coffers_request(query): ...

@hookimpl
def coffers_sign(request, credentials, attempt): ...

@hookimpl
def coffers_parse(response, query): ...
"""


@pytest.fixture
def another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Install one more provider; more entry points may name its module."""

    def put(provider: str, credentials: str = "(Key,)", more_points: str = "") -> None:
        module = f"coffers_corner_{provider}"
        text = PROVIDER.replace("=ID", f"={provider!r}").replace("=CREDENTIALS", f"={credentials}")
        points = f"[coffers.providers]\n{provider} = {module}\n{more_points}"
        install(tmp_path / "another", f"coffers-{provider}", {module: text}, points)
        monkeypatch.syspath_prepend(str(tmp_path / "another"))

    return put


# --- nothing, or next to nothing, is installed ---------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [["demo"], ["sandbox"], ["init"]])
def test_a_command_that_needs_a_provider_says_what_to_install(
    cli: Cli, bare: Bare, tmp_path: Path, arguments: list[str]
) -> None:
    bare()
    text = "coffers: no provider is installed; install one, for example: pip install coffers-NAME\n"
    assert cli(*arguments) == (2, "", text)
    assert not (tmp_path / "xdg").exists()


def test_an_empty_list_of_providers_is_no_failure(cli: Cli, bare: Bare) -> None:
    bare()
    result = cli("providers")
    assert (result.code, result.out) == (0, "")
    assert "pip install coffers-NAME" in result.err
    result = cli("providers", "--json")
    assert (result.code, json.loads(result.out), result.err) == (
        0, {"schema": "coffers.providers/1", "providers": []}, "",
    )  # fmt: skip


def test_doctor_names_what_is_not_installed(cli: Cli, bare: Bare, tmp_path: Path) -> None:
    bare("pluggy", "keyring")
    empty = tmp_path / "empty.toml"
    empty.write_text("")
    result = cli("doctor", "--config", empty)
    assert result.code == 2
    lines = result.out.splitlines()
    assert "  BAD   pluggy is not installed as a distribution" in lines
    assert '  note  keyring is not installed; for what needs it: pip install "coffers[keyring]"' in lines
    assert "  BAD   none is installed; for example: pip install coffers-NAME" in lines
    assert any(line.startswith("  ok    attrs ") for line in lines)


def test_no_provider_with_a_sandbox_part(cli: Cli, bare: Bare, another: Callable[..., None]) -> None:
    bare()
    another("lonely")
    assert cli("demo") == (2, "", "coffers: no installed provider has a sandbox part\n")


def test_a_broken_sandbox_part_is_left_out_with_a_warning(cli: Cli, bare: Bare, another: Callable[..., None]) -> None:
    bare()
    another("cracked", more_points="[coffers.sandboxes]\ncracked = coffers_corner_cracked:no_such_part\n")
    result = cli("demo")
    assert (result.code, result.out) == (2, "")
    warning, reason = result.err.splitlines()
    assert warning.startswith("warning: cracked has no working sandbox: ")
    assert reason == "coffers: no installed provider has a sandbox part"


# --- unusual providers ---------------------------------------------------------------------------------------------


def test_a_provider_without_keys_shows_what_there_is(cli: Cli, another: Callable[..., None]) -> None:
    another("open", "()")
    assert cli("providers", "open") == (
        0,
        "Provider:     open\n"
        "Title:        A provider\n"
        "From:         coffers-open 2.1\n"
        "Host:         https://x.example\n"
        "Docs:         https://x.example/docs\n",
        "",
    )  # fmt: skip


def test_a_provider_with_one_way_to_sign_in_has_no_choice_to_tell(cli: Cli, another: Callable[..., None]) -> None:
    another("single")
    result = cli("providers", "single")
    assert "Sign in with" not in result.out
    assert result.out.splitlines()[-1].split()[:3] == ["key", "yes", "yes"]


def test_a_variable_never_begins_with_a_digit(cli: Cli, another: Callable[..., None], tmp_path: Path) -> None:
    another("9lives")
    path = tmp_path / "config.toml"
    result = cli("init", "9lives", "--config", path)
    assert result.code == 0
    assert "  set COFFERS_9LIVES_KEY  (key of 9lives)\n" in result.err
    assert tomllib.loads(path.read_text())["accounts"]["9lives"]["key"] == "env:COFFERS_9LIVES_KEY"


# --- unusual surroundings ------------------------------------------------------------------------------------------


@pytest.mark.skipif(os.name != "posix", reason="modes of files are POSIX's")
def test_doctor_notes_a_secret_that_its_reader_cannot_close_to_others(cli: Cli, config: Write, tmp_path: Path) -> None:
    if os.geteuid() == 0:
        path = tmp_path / "secret"
        path.write_text(SECRET)
        path.chmod(0o644)
        os.chown(path, 65_534, -1)
    else:
        path = Path("/etc/passwd")
    result = cli("doctor", "--config", config(("shop", f'key = "file:{path}"')))
    assert result.code == 0
    assert f"  note  shop: key: the file {path} is readable by others" in result.out
    assert SECRET not in result.out + result.err


def test_doctor_tells_that_tls_cannot_be_set_up(
    cli: Cli, config: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "no-such-folder" / "keys"))
    result = cli("doctor", "--config", config("shop"))
    assert result.code == 2
    bad = [line for line in result.out.splitlines() if line.startswith("  BAD")]
    assert len(bad) == 1
    assert bad[0].startswith("  BAD   TLS cannot be set up (FileNotFoundError); authorities: ")
    assert "shop: toybox, 1 secrets found" in result.out  # the rest is looked at all the same


def test_check_works_beside_the_main_thread(cli: Cli, config: Write, bank: Bank) -> None:
    bank.rows("shop", {"currency": "USD", "total": "7"})
    path, results = config("shop"), list[Result]()
    before = signal.getsignal(signal.SIGINT)
    thread = threading.Thread(target=lambda: results.append(cli("check", "--below", "5USD", "--config", path)))
    thread.start()
    thread.join(20)
    assert results == [(0, "OK: shop 7 USD | 'shop/USD'=7;;5:\n", "")]
    assert signal.getsignal(signal.SIGINT) is before


def test_a_shell_completes_commands_and_options() -> None:
    shell = {"_COFFERS_COMPLETE": "bash_complete", "COMP_WORDS": "coffers ba", "COMP_CWORD": "1"}
    assert process(env=os.environ | shell) == (0, "plain,balances\n", "")
    shell |= {"COMP_WORDS": "coffers check --bel", "COMP_CWORD": "2"}
    assert process(env=os.environ | shell) == (0, "plain,--below\n", "")


# --- what fails before there is a command line ---------------------------------------------------------------------


@pytest.fixture
def click_is(tmp_path: Path) -> Callable[[str], dict[str, str]]:
    """An environment in which this text is all of `click`."""

    def write(text: str) -> dict[str, str]:
        (tmp_path / "click.py").write_text(text)
        return os.environ | {"PYTHONPATH": str(tmp_path)}

    return write


def test_an_interrupt_while_it_is_imported(click_is: Callable[[str], dict[str, str]]) -> None:
    environment = click_is("import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(20)\n")
    assert process("balances", env=environment) == (130, "", "")
    assert process("-v", "check", "--below", "5USD", env=environment) == (3, "UNKNOWN: interrupted\n", "")


def test_a_missing_dependency_of_the_core(click_is: Callable[[str], dict[str, str]]) -> None:
    environment = click_is("import a_module_that_nobody_has\n")
    text = "the installation is broken, there is no module a_module_that_nobody_has: install it again\n"
    assert process("balances", "check", env=environment) == (2, "", f"coffers: {text}")
    assert process("check", "--below", "5USD", env=environment) == (3, f"UNKNOWN: {text}", "")
