"""`coffers init` and `coffers doctor`."""

from __future__ import annotations

import stat
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from coffers import Registry, load_config

from .conftest import SECRET, Bank, Result, install

Cli = Callable[..., Result]
Write = Callable[..., Path]


def test_what_init_writes_loads(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "deep" / "er" / "config.toml"
    result = cli("init", "--config", path)
    assert (result.code, result.out) == (0, "")
    registry = Registry()
    config = load_config(path, lambda provider: registry.load(provider).manifest)
    assert [account.provider for account in config.accounts] == [provider.id for provider in registry.list()]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "TOYBOX_KEY" in result.err
    assert f"coffers balances --config {path}" in result.err
    # An optional key without default shows the plugin's example.
    assert '# note = "a \\"note\\""\n' in path.read_text()
    # What stands there as a comment loads too, if it is taken in place of the other way to sign in.
    assert "\n# Or, instead of key:\n# login = " in path.read_text()
    text = path.read_text().split("[accounts.toybox]")[1].split("\n\n")[0].replace('key = "', '# key = "', 1)
    other = tmp_path / "other.toml"
    other.write_text(
        "[accounts.toybox]"
        + "\n".join(line.removeprefix("# ") for line in text.splitlines() if "# Or" not in line and "# key" not in line)
    )
    assert load_config(other, lambda provider: registry.load(provider).manifest).accounts[0].name == "toybox"


def test_init_writes_to_the_place_that_balances_reads(cli: Cli, tmp_path: Path) -> None:
    assert cli("init", "toybox").code == 0
    path = tmp_path / "xdg" / "coffers" / "config.toml"
    assert tomllib.loads(path.read_text())["accounts"]["toybox"]["key"] == "env:TOYBOX_KEY"
    result = cli("balances")
    assert result.code == 2
    assert "TOYBOX_KEY" in result.err


def test_init_never_overwrites_unless_told_to(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("mine")
    result = cli("init", "toybox", "--config", path)
    assert result.code == 2
    assert "--force" in result.err
    assert path.read_text() == "mine"
    assert cli("init", "toybox", "--config", path, "--force").code == 0
    assert "toybox" in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in tmp_path.iterdir() if entry.name.startswith(".")] == []
    assert cli("init", "toybox", "--config", tmp_path, "--force").code == 2


def test_variables_of_two_places_never_share_a_name(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    head = "import attrs\nfrom coffers.plugin import *\n"
    hooks = """
@hookimpl
def coffers_provider():
    return Provider(id=ID, title=ID, docs="https://x.example", base_urls={"api": "https://x.example"}, credentials=(C,))
@hookimpl
def coffers_request(query): ...
@hookimpl
def coffers_sign(request, credentials, attempt): ...
@hookimpl
def coffers_parse(response, query): ...
"""
    for provider, key in (("twin", "a_key"), ("twin-a", "key")):
        module = f"coffers_{provider.replace('-', '_')}"
        text = f"{head}ID = {provider!r}\n@attrs.frozen\nclass C:\n    {key}: Secret\n{hooks}"
        install(
            tmp_path / "twins", f"coffers-{provider}", {module: text}, f"[coffers.providers]\n{provider} = {module}\n"
        )
    monkeypatch.syspath_prepend(str(tmp_path / "twins"))
    path = tmp_path / "config.toml"
    assert cli("init", "twin", "twin-a", "--config", path).code == 0
    accounts = tomllib.loads(path.read_text())["accounts"]
    assert accounts["twin"]["a_key"] == "env:TWIN_A_KEY"
    assert accounts["twin-a"]["key"] == "env:TWIN_A_KEY_2"


def test_init_leaves_out_a_broken_one_only_if_not_asked_for(
    cli: Cli, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    request.getfixturevalue("broken")
    path = tmp_path / "config.toml"
    assert cli("init", "bang", "--config", path).code == 2
    assert not path.exists()
    result = cli("init", "--config", path)
    assert result.code == 0
    assert "bang is left out" in result.err


def test_doctor_finds_nothing_wrong(cli: Cli, config: Write, bank: Bank) -> None:
    result = cli("doctor", "--config", config("shop"))
    assert (result.code, result.err) == (0, "")
    assert "shop: toybox, 1 secrets found" in result.out
    assert "toybox (coffers-toybox 2.1)" in result.out
    assert "the urllib3 in use is 2." in result.out
    assert SECRET not in result.out
    assert bank.seen == []


def test_doctor_finds_what_is_wrong(
    cli: Cli, config: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    request.getfixturevalue("broken")
    install(tmp_path / "impostor", "urllib3-future", {}, "")
    monkeypatch.syspath_prepend(str(tmp_path / "impostor"))
    result = cli("doctor", "--config", config("shop", ("other", 'key = "env:NOBODY_SET_THIS"')))
    assert result.code == 2
    bad = [line for line in result.out.splitlines() if line.startswith("  BAD")]
    assert len(bad) == 4
    for text in ("urllib3-future", "bang at import", "clash", "NOBODY_SET_THIS"):
        assert any(text in line for line in bad)
    result = cli("doctor", "--config", config(("one", "kez = 1\nkex = 2")))
    assert result.code == 2
    assert sum("accounts.one" in line for line in result.out.splitlines()) >= 2
    assert cli("doctor", "--config", tmp_path / "none.toml").code == 2


def test_doctor_on_a_machine_with_nothing(
    cli: Cli, config: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = tmp_path / "empty.toml"
    empty.write_text("")
    nothing = tmp_path / "nothing"
    nothing.mkdir()
    monkeypatch.setenv("SSL_CERT_FILE", str(nothing / "none.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(nothing / "none"))
    result = cli("doctor", "--config", empty)
    assert result.code == 2
    assert "there are no accounts" in result.out
    assert "set SSL_CERT_FILE" in result.out


def test_doctor_tells_what_is_only_worth_knowing(cli: Cli, config: Write, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(SECRET + "\n")
    secret.chmod(0o600)
    result = cli("doctor", "--config", config(("shop", f'key = "file:{secret.name}"')))
    assert result.code == 0
    secret.chmod(0o644)
    result = cli("doctor", "--config", config(("shop", f'key = "file:{secret.name}"')))
    assert result.code == 2
    assert SECRET not in result.out + result.err
