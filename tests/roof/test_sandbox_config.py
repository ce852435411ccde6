"""From a sandbox to a config: literals for Python, references for a file. And the parts that plugins bring."""

from __future__ import annotations

import stat
import subprocess
import sys
import tomllib
from pathlib import Path

import attrs
import pytest

from coffers import Client, ConfigError, PluginError, Registry, Secret, load_config
from coffers.sandbox import FAULTS, Sandbox, installed_parts
from tests.roof.sandbox_toy import KEY, part, registry, sandbox

BOTH_WAYS = {"login": "someone", "password": "made-up-password", "key": KEY, "pages": "2", "verbose": "true"}


# --- the table ---------------------------------------------------------------------------------------------------


def test_a_table_has_the_first_complete_credentials_and_true_types() -> None:
    with sandbox(part(fields=BOTH_WAYS)) as box:
        box.add_account("by-login", "toy", fields={"login": "someone", "password": "made-up-password"})
        url = box.url
        assert box["toy"].config() == {
            "provider": "toy",
            "key": KEY,
            "pages": 2,
            "verbose": True,
            "base_url": f"{url}/toy",
        }
        assert box["by-login"].config() == {
            "provider": "toy",
            "login": "someone",
            "password": "made-up-password",
            "base_url": f"{url}/by-login",
        }
        assert box["by-login"].secret_fields() == {"password": "made-up-password"}
        account = box["by-login"].account()
        assert dict(account.fields) == {"login": "someone", "password": Secret("made-up-password")}
        assert "made-up-password" not in repr(account)
        assert "made-up-password" not in repr(box["by-login"])


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"login": "someone"}, "complete none of its credentials"),
        ({"key": KEY, "colour": "red"}, "a field 'colour' that its manifest lacks"),
    ],
)
def test_a_part_that_does_not_fit_its_manifest_is_told(fields: dict[str, str], words: str) -> None:
    with sandbox(part(fields=fields)) as box, pytest.raises(PluginError, match=words):
        box["toy"].config()


# --- the file ----------------------------------------------------------------------------------------------------


def test_secrets_go_to_files_of_their_own(tmp_path: Path) -> None:
    folder = tmp_path / 'a "quoted" folder' / "secrets"
    with sandbox() as box:
        box.add_account("second.shop", "toy", fields={"key": "another-made-up-key"}, balances={"EUR": "1"})
        text = box.config_toml(folder)
        assert KEY not in text
        assert "another-made-up-key" not in text
        config = tmp_path / "config.toml"
        config.write_text(text, encoding="utf-8")
        config.chmod(0o600)
        loaded = load_config(config, lambda provider: registry().load(provider).manifest)
        assert loaded.warnings == ()
        with Client(registry=registry()) as client:
            read = {account.name: client.read(account).balances for account in loaded.accounts}
        assert [balance.currency for balance in read["toy"]] == ["USD", "BTC"]
        assert [str(balance.total) for balance in read["second.shop"]] == ["1"]
    assert sorted(path.name for path in folder.iterdir()) == ["second.shop.key", "toy.key"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_secret_file_is_written_anew_and_follows_no_link(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("untouched", encoding="utf-8")
    (tmp_path / "toy.key").symlink_to(elsewhere)
    with sandbox() as box:
        box.config_toml(tmp_path)
        box.config_toml(tmp_path)
    assert elsewhere.read_text(encoding="utf-8") == "untouched"
    assert (tmp_path / "toy.key").read_text(encoding="utf-8") == KEY
    assert not (tmp_path / "toy.key").is_symlink()


def test_or_to_variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with sandbox() as box:
        box.add_account("a-b", "toy", fields={"key": "key-1"})
        box.add_account("a_b", "toy", fields={"key": "key-2"})
        text, variables = box.config_toml(), box.environment()
    tables = tomllib.loads(text)["accounts"]
    for name, key in {"toy": KEY, "a-b": "key-1", "a_b": "key-2"}.items():
        assert variables[tables[name]["key"].removeprefix("env:")] == key
        assert key not in text.replace(f"[accounts.{name}]", "")
    assert set(variables) == {"COFFERS_SANDBOX_TOY_KEY", "COFFERS_SANDBOX_A_B_KEY", "COFFERS_SANDBOX_A_B_KEY_2"}
    assert tables["toy"]["environment"] == "sandbox"


def test_literals_keep_their_types_in_a_file() -> None:
    odd = {"login": 'a\\b"c\x7f\u00e9\n\U0001f600', "password": "made-up-password", "pages": "2", "verbose": "false"}
    with sandbox(part(fields=odd)) as box:
        table = tomllib.loads(box.config_toml())["accounts"]["toy"]
    assert (table["login"], table["pages"], table["verbose"]) == (odd["login"], 2, False)


def test_an_account_without_its_plugin_is_a_comment_and_the_others_stand() -> None:
    with sandbox(part(), part("lonely")) as box:
        text = box.config_toml()
        with pytest.raises(PluginError, match="pip install coffers-lonely"):
            box["lonely"].account()
    assert list(tomllib.loads(text)["accounts"]) == ["toy"]
    assert "# accounts.lonely is left out: no plugin provides 'lonely'" in text


# --- installed parts ---------------------------------------------------------------------------------------------

MODULE = """
from coffers.plugin import SandboxProvider, reply_json

def answer(call, account):
    return reply_json({"balances": account.balances})

GOOD = SandboxProvider(id="zz-good", fields={"key": "k"}, balances={"USD": "1.50"}, answer=answer)
NOT_A_PART = object()
BAD_BALANCE = SandboxProvider(id="zz-amount", fields={"key": "k"}, balances={"USD": "much"}, answer=answer)
"""

ENTRIES = {
    "zz-good": "zz_sandboxes:GOOD",
    "zz-renamed": "zz_sandboxes:GOOD",
    "zz-object": "zz_sandboxes:NOT_A_PART",
    "zz-amount": "zz_sandboxes:BAD_BALANCE",
    "zz-gone": "zz_sandboxes:GONE",
    "zz-raises": "zz_raises:PART",
    "zz-exits": "zz_exits:PART",
    "zz-twice": "zz_sandboxes:GOOD",
}

REASONS = {
    "zz-renamed": "its sandbox part has another id than its entry point",
    "zz-object": "its sandbox part is no SandboxProvider but object",
    "zz-amount": "its sandbox part's opening balance of USD is not a plain decimal number as text",
    "zz-gone": "its sandbox part cannot be imported (AttributeError)",
    "zz-raises": "its sandbox part cannot be imported (ZeroDivisionError)",
    "zz-exits": "its sandbox part cannot be imported (SystemExit)",
    "zz-twice": "the sandbox part 'zz-twice' is claimed by zz-first and zz-second; uninstall all but one",
}


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "zz_sandboxes.py").write_text(MODULE, encoding="utf-8")
    (tmp_path / "zz_raises.py").write_text("1 / 0\n", encoding="utf-8")
    (tmp_path / "zz_exits.py").write_text("raise SystemExit('words that stay inside')\n", encoding="utf-8")
    for dist, entries in {"zz-first": ENTRIES, "zz-second": {"zz-twice": "zz_sandboxes:GOOD"}}.items():
        info = tmp_path / f"{dist.replace('-', '_')}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {dist}\nVersion: 1.0\n", encoding="utf-8")
        lines = ["[coffers.sandboxes]", *(f"{name} = {value}" for name, value in entries.items())]
        (info / "entry_points.txt").write_text("\n".join(lines), encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("zz_sandboxes", "zz_raises", "zz_exits"):
        monkeypatch.delitem(sys.modules, name, raising=False)


@pytest.mark.usefixtures("installed")
def test_a_broken_part_is_told_and_the_others_are_served() -> None:
    parts = installed_parts()
    assert {name: error.message for name, error in parts.broken.items() if name.startswith("zz-")} == REASONS
    assert all(error.provider == name for name, error in parts.broken.items())
    assert type(parts.broken["zz-raises"].__cause__) is ZeroDivisionError
    with Sandbox() as box:
        assert set(REASONS) <= set(box.broken)
        assert set(box.accounts) == set(parts.found)
        assert "zz-good" in box.accounts
        with pytest.raises(PluginError, match="cannot be imported"):
            box.add_account("x", "zz-raises")


def test_without_parts_there_are_no_accounts() -> None:
    with Sandbox([], registry=Registry(installed=False)) as box:
        assert dict(box.accounts) == {}
        assert box.config_toml() == ""
        assert box.environment() == {}
        with pytest.raises(ConfigError, match="it has: none"):
            _ = box["toy"]


def test_the_table_of_faults_needs_no_server_library() -> None:
    code = "import sys; sys.modules['aiohttp'] = None; from coffers.sandbox import FAULTS, Sandbox; print(len(FAULTS))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == f"{len(FAULTS)}\n"


def test_a_missing_extra_is_said_in_plain_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "aiohttp", None)
    monkeypatch.delitem(sys.modules, "coffers.sandbox.wire", raising=False)
    with pytest.raises(ImportError, match=r"the sandbox needs aiohttp: pip install 'coffers\[sandbox\]'"):
        sandbox().start()


def test_a_part_given_in_code_is_left_as_it_was() -> None:
    given = part()
    before = attrs.asdict(given, recurse=False)
    with sandbox(given) as box:
        box["toy"].top_up("USD", "1")
    assert attrs.asdict(given, recurse=False) == before
