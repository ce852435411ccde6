"""A config file: accounts, or every problem at once, each with its place."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coffers.account import Account
from coffers.errors import BadResponseError, ConfigError, one_line
from coffers.plugin import Provider
from coffers.settings import Config, InvalidConfigError, config_path, load_config
from tests.core.settings.manifests import CANARY, assert_silent, manifest_of

GOOD = """
[accounts.first]
provider = "simple"
key = "env:FIRST_KEY"
base_url = "http://127.0.0.1:9001/"
ca_file = "ca.pem"
timeout = 2

[accounts."second.one"]
provider = "either"
login = "me"
password = "file:secret.txt"
currency = "UAH"
method = "GET"
"""


def load(folder: Path, text: str | bytes) -> Config:
    path = folder / "config.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    path.chmod(0o600)
    return load_config(path, manifest_of)


def problems(folder: Path, text: str | bytes, *, hidden: str = CANARY) -> list[str]:
    """The problems of a file, without the folder; that they hide what they must is checked on the way."""
    with pytest.raises(InvalidConfigError) as caught:
        load(folder, text)
    assert_silent(caught.value, hidden)
    assert all(hidden not in problem and "\n" not in problem for problem in caught.value.problems)
    return [problem.removeprefix(f"{folder}/") for problem in caught.value.problems]


def account_problem(folder: Path, keys: str, provider: str = "simple") -> str:
    """The one problem of an account with these keys, behind its place."""
    [problem] = problems(folder, f'[accounts.shop]\nprovider = "{provider}"\n{keys}\n')
    return problem.removeprefix("config.toml:")


# --- what comes out ------------------------------------------------------------------------------------------------


def test_accounts_come_in_the_file_s_order(tmp_path: Path) -> None:
    config = load(tmp_path, GOOD)
    assert config == Config(
        tmp_path / "config.toml",
        (
            Account(
                "first",
                "simple",
                {"key": "env:FIRST_KEY"},
                base_url="http://127.0.0.1:9001",
                ca_file=tmp_path / "ca.pem",
                timeout_s=2.0,
                folder=tmp_path,
            ),
            Account(
                "second.one",
                "either",
                {"login": "me", "password": "file:secret.txt", "currency": "UAH", "method": "GET"},
                folder=tmp_path,
            ),
        ),
    )
    assert pickle.loads(pickle.dumps(config)) == config


def test_windows_line_ends_and_a_byte_order_mark_are_fine(tmp_path: Path) -> None:
    assert load(tmp_path, b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode()) == load(tmp_path, GOOD)


@pytest.mark.parametrize("text", ["", "[accounts]\n", "# nothing yet\n"])
def test_a_file_may_hold_no_account(tmp_path: Path, text: str) -> None:
    assert load(tmp_path, text).accounts == ()


def test_a_relative_path_is_kept_and_the_folder_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load(tmp_path, GOOD)
    monkeypatch.chdir(tmp_path)
    config = load_config(Path("config.toml"), manifest_of)
    assert config.path == Path("config.toml")
    assert config.accounts[0].folder == tmp_path


def test_a_settings_file_s_link_is_followed(tmp_path: Path) -> None:
    load(tmp_path, GOOD)
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "elsewhere" / "link.toml"
    link.symlink_to(tmp_path / "config.toml")
    assert load_config(link, manifest_of).accounts[0].folder == tmp_path / "elsewhere"
    (tmp_path / "config.toml").chmod(0o606)
    with pytest.raises(InvalidConfigError, match=r"link.toml: is writable by others.*`chmod o-w`"):
        load_config(link, manifest_of)


def test_keys_of_an_account_without_its_plugin_are_not_judged(tmp_path: Path) -> None:
    text = f'[accounts.a]\nprovider = "gone"\nkey = "{CANARY}"\nodd = [1]\nwhen = 1.5\nn = 3\n{GOOD}'
    config = load(tmp_path, text)
    assert [account.name for account in config.accounts] == ["a", "first", "second.one"]
    assert dict(config.accounts[0].fields) == {"key": CANARY, "n": 3}
    [warning] = config.warnings
    assert warning.endswith(
        "config.toml accounts.a: keys not checked: no plugin for gone; run `pip install coffers-gone`"
    )


def test_the_core_s_own_keys_are_judged_without_the_plugin(tmp_path: Path) -> None:
    text = '[accounts.a]\nprovider = "gone"\ntimeout = 0\nrules = 1\nlabels = 2\n'
    assert [problem.split(":")[1] for problem in problems(tmp_path, text)] == [
        "3 accounts.a.timeout",
        "4 accounts.a.rules",
        "5 accounts.a.labels",
    ]


def test_each_manifest_is_asked_for_once(tmp_path: Path) -> None:
    asked: list[str] = []

    def counted(provider_id: str) -> Provider[Any, Any]:
        asked.append(provider_id)
        return manifest_of(provider_id)

    names = ("simple", "gone", "simple", "gone")
    tables = [f'[accounts.a{n}]\nprovider = "{name}"\nkey = "env:K"\n' for n, name in enumerate(names)]
    load(tmp_path, "".join(tables))
    load_config(tmp_path / "config.toml", counted)
    assert asked == ["simple", "gone"]


# --- faults of the file as a whole ---------------------------------------------------------------------------------


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfigError) as caught:
        load_config(tmp_path / "none.toml", manifest_of)
    assert_silent(caught.value)
    assert caught.value.kind == "config"
    assert str(caught.value).startswith(f"{tmp_path}/none.toml: does not exist; make one with `coffers init`")


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    for path, said in (
        (tmp_path, "is a directory"),
        (loop, "cannot be read (OSError)"),
        (Path("nul\0"), "cannot be read (ValueError)"),
    ):
        with pytest.raises(InvalidConfigError) as caught:
            load_config(path, manifest_of)
        assert said in str(caught.value)
        assert_silent(caught.value)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    load(tmp_path, GOOD)
    (tmp_path / "config.toml").chmod(0)
    with pytest.raises(InvalidConfigError, match=r"cannot be read \(PermissionError\)"):
        load_config(tmp_path / "config.toml", manifest_of)


def test_a_file_that_is_not_a_config(tmp_path: Path) -> None:
    secret = f'[accounts.shop]\nkey = "{CANARY}"\n'
    assert problems(tmp_path, secret.encode() + b'x = "\xff"') == [
        "config.toml:3: is not UTF-8; save the file as UTF-8"
    ]
    assert problems(tmp_path, b"#" * (1024 * 1024 + 1))[0].startswith("config.toml: is larger than 1 MiB")
    [problem] = problems(tmp_path, f"{secret}b = {CANARY}\n")
    assert problem.startswith("config.toml:3: is not valid TOML at column 5; ")
    [problem] = problems(tmp_path, f'{secret}b = """{CANARY}')
    assert problem.startswith("config.toml: is not valid TOML; ")
    assert "nested too deeply" in problems(tmp_path, f"{secret}b = " + "[" * 100_000)[0]
    assert "is not valid TOML" in problems(tmp_path, f"{secret}b = " + "1" * 5000)[0]


def test_unknown_tables_are_named_with_what_was_meant(tmp_path: Path) -> None:
    text = f'account = 1\nverbose = "{CANARY}"\n[shop]\nprovider = "simple"\nkey = "{CANARY}"\n'
    assert problems(tmp_path, text) == [
        "config.toml:1 account: is not a key of the config file; did you mean `accounts`? known keys: accounts",
        "config.toml:2 verbose: is not a key of the config file; known keys: accounts",
        "config.toml:3 shop: is not a key of the config file; known keys: accounts; did you mean [accounts.shop]?",
    ]


@pytest.mark.parametrize("text", ["accounts = 1", "[[accounts]]\nprovider = 'simple'"])
def test_accounts_must_be_a_table(tmp_path: Path, text: str) -> None:
    [problem] = problems(tmp_path, text)
    assert problem.startswith("config.toml:1 accounts: must be a table; write [accounts.NAME]")


def test_an_account_must_be_a_table_with_a_name_that_can_be_a_label(tmp_path: Path) -> None:
    label = "an account's name is letters, digits and _ . - and begins with a letter or digit"
    text = '[accounts]\nshop = 1\n[accounts."a b\\n"]\nprovider = "simple"\nkey = "env:K"\n[accounts._x]\n'
    assert [problem.partition(";")[0] for problem in problems(tmp_path, text)] == [
        "config.toml:2 accounts.shop: must be a table",
        f'config.toml:3 accounts."a b": {label}',
        f"config.toml:6 accounts._x: {label}",
        "config.toml:6 accounts._x.provider: is missing",
    ]


# --- faults of an account ------------------------------------------------------------------------------------------


def test_all_problems_come_at_once_in_the_file_s_order(tmp_path: Path) -> None:
    text = f"""
[accounts.one]
provider = "simple"
key = "{CANARY}"
kee = "{CANARY}"
timeout = true

[accounts.two]
provider = 7

[accounts.three]
provider = "either"
login = "{CANARY}"
method = "PUST"
"""
    found = problems(tmp_path, text)
    assert [problem.partition(": ")[0] for problem in found] == [
        "config.toml:4 accounts.one.key",
        "config.toml:5 accounts.one.kee",
        "config.toml:6 accounts.one.timeout",
        "config.toml:9 accounts.two.provider",
        "config.toml:11 accounts.three.currency",
        "config.toml:13 accounts.three.login",
        "config.toml:14 accounts.three.method",
    ]
    with pytest.raises(InvalidConfigError) as caught:
        load_config(tmp_path / "config.toml", manifest_of)
    assert str(caught.value).startswith("7 problems: ")
    assert all(problem in str(caught.value) for problem in caught.value.problems)


@pytest.mark.parametrize(
    ("provider", "keys", "said"),
    [
        ("simple", f'key = "{CANARY}"', "3 shop.key: is a secret and must not stand here; write a reference to it: "
         '"env:NAME", "file:PATH", "keyring:SERVICE/USER" or "cmd:PROGRAM ARGS"'),
        ("simple", "key = 5", "3 shop.key: is a secret and must not stand here"),
        ("simple", 'key = ""', "3 shop.key: is a secret and must not stand here"),
        ("simple", "", "1 shop.key: is missing; simple needs it"),
        ("simple", 'key = "env:"', '3 shop.key: must name one environment variable: write "env:NAME"'),
        ("simple", f'key = "env: {CANARY}"', "3 shop.key: must name one environment variable"),
        ("simple", f'key = "env:A={CANARY}"', "3 shop.key: must name one environment variable"),
        ("simple", 'key = "file: "', '3 shop.key: must name a file: write "file:PATH"'),
        ("simple", f'key = "keyring:{CANARY}"', '3 shop.key: must name a service and a user: write "keyring:'),
        ("simple", f'key = "keyring:{CANARY}/"', "3 shop.key: must name a service and a user"),
        ("simple", f'key = "keyring:/{CANARY}"', "3 shop.key: must name a service and a user"),
        ("simple", 'key = "cmd:"', '3 shop.key: must name a program, and close every quote: write "cmd:'),
        ("simple", "key = 'cmd:\"\" x'", "3 shop.key: must name a program"),
        ("simple", f"key = \"cmd:echo '{CANARY}\"", "3 shop.key: must name a program, and close every quote"),
        ("simple", f'key = "file:{CANARY}\\u0000"', "3 shop.key: holds a NUL character"),
        ("simple", f'key = "env:K"\nkez = "{CANARY}"', "4 shop.kez: is not a key of simple; did you mean `key`? "
         "known keys: base_url, ca_file, key, provider, timeout"),
        ("simple", 'key = "env:K"\ntime_out = 1', "4 shop.time_out: is not a key of simple; did you mean `timeout`?"),
        ("simple", 'key = "env:K"\nzzz = 1', "4 shop.zzz: is not a key of simple; known keys: base_url"),
        ("simple", 'key = "env:K"\nrules = 1', "4 shop.rules: is not a key of simple; "),
        ("simple", f'key = "env:K"\n"{"k" * 100}" = 1', f"4 shop.{'k' * 64}: is not a key of simple; "),
        ("either", 'key = "env:K"', "1 shop.currency: is missing; either needs it"),
        ("either", 'key = "env:K"\ncurrency = 5', "4 shop.currency: must be a text in quotes"),
        ("either", 'key = "env:K"\ncurrency = ""', "4 shop.currency: is empty; give a value or remove the key"),
        ("either", f'key = "env:K"\ncurrency = "{CANARY}\\u0000"', "4 shop.currency: holds a NUL character"),
        ("either", 'key = "env:K"\ncurrency = "env:"', "4 shop.currency: must name one environment variable"),
        ("either", 'key = "env:K"\ncurrency = "UAH"\nmethod = "post"',
         "5 shop.method: must be one of POST, GET; did you mean `POST`?"),
        ("either", f'key = "env:K"\ncurrency = "UAH"\nmethod = "{CANARY}"', "5 shop.method: must be one of POST, GET"),
        ("either", 'currency = "UAH"', "1 shop: credentials are missing; give `key`, or `login` and `password`"),
        ("either", 'currency = "UAH"\nlogin = "me"',
         "4 shop.login: is not enough without `password`; give `key`, or `login` and `password`"),
        ("either", 'currency = "UAH"\npassword = "env:P"', "4 shop.password: is not enough without `login`; give "),
        ("either", 'currency = "UAH"\nkey = "env:K"\nlogin = "me"\npassword = "env:P"',
         "1 shop: `key` and `login` and `password` cannot be given together; give `key`, or `login` and `password`"),
        ("either", 'currency = "UAH"\nkey = "env:K"\nlogin = "me"',
         "1 shop: `key` and `login` cannot be given together"),
        ("app", 'app_key = "env:K"', "3 shop.app_key: is not enough without `app_id`; give `app_id` and `app_key`"),
        ("app", "", "1 shop: credentials are missing; give `app_id` and `app_key`"),
        ("nested", 'code = "env:C"', "3 shop.code: is not enough without `key`; give `key`, or `key` and `code`"),
        ("picky", 'key = "env:K"\npages = true', "4 shop.pages: must be a whole number"),
        ("picky", 'key = "env:K"\npages = 1.0', "4 shop.pages: must be a whole number"),
        ("picky", 'key = "env:K"\nall_rows = 1', "4 shop.all_rows: must be true or false"),
        ("picky", f'key = "env:K"\ncurrency = "{CANARY}/"',
         "4 shop.currency: the provider's plugin refuses this value"),
        ("picky", 'key = "env:K"\npages = 0', "4 shop.pages: the provider's plugin refuses this value"),
        ("picky", f'key = "env:K"\nlabel = "{CANARY}/"', "4 shop.label: the provider's plugin refuses this value"),
        ("picky", f'key = "env:K"\nall_rows = true\ncurrency = "{CANARY}"',
         "1 shop: the provider's plugin refuses the settings as they stand together"),
        ("address", 'key = "env:K"\ntotal = "t"', "1 shop.url: is missing; address needs it"),
        ("address", 'key = "env:K"\nurl = 1', "4 shop.url: must be a text in quotes"),
        ("address", f'key = "env:K"\ntotal = "t"\nurl = "http://{CANARY}.example/x"', "5 shop.url: must be https; "),
        ("address", f'key = "env:K"\nurl = "https://{CANARY}@h/x"', "4 shop.url: must hold no user or fragment"),
        ("address", 'key = "env:K"\nurl = "https://h"', "1 shop: give total or available"),
        ("address", 'key = "env:K"\nurl = "https://h"\ntotal = "wrong"\navailable = "wrong"',
         "6 shop.available: must not be wrong twice"),
        ("simple", 'key = "env:K"\nbase_url = "http://api.example"', "4 shop.base_url: must be https; "),
        ("simple", f'key = "env:K"\nbase_url = "https://me:{CANARY}@api.example"',
         "4 shop.base_url: must hold no user"),
        ("simple", 'key = "env:K"\nbase_url = 1', "4 shop.base_url: is not an address"),
        ("simple", 'key = "env:K"\nca_file = 1', "4 shop.ca_file: must be the path of a PEM file in quotes"),
        ("simple", 'key = "env:K"\nca_file = ""', "4 shop.ca_file: must be the path"),
        ("simple", 'key = "env:K"\nca_file = "\\u0000"', "4 shop.ca_file: must be the path"),
        ("simple", 'provider = "simple"', "3: is not valid TOML"),
        ("", 'key = "env:K"', "2 shop.provider: must be the name of a provider in quotes"),
    ],
)  # fmt: skip
def test_one_fault_of_an_account(tmp_path: Path, provider: str, keys: str, said: str) -> None:
    found = account_problem(tmp_path, keys, provider)
    assert found.replace(" accounts.", " ", 1).startswith(said)


@pytest.mark.parametrize("timeout", ["0", "-1", "3601", "0.0", "true", '"5"', "nan", "inf", "[1]", "1" + "0" * 400])
def test_a_timeout_is_seconds_within_reason(tmp_path: Path, timeout: str) -> None:
    said = account_problem(tmp_path, f'key = "env:K"\ntimeout = {timeout}')
    assert said == "4 accounts.shop.timeout: must be a number of seconds above 0 and at most 3600"


@pytest.mark.parametrize(("timeout", "seconds"), [("3600", 3600.0), ("0.25", 0.25)])
def test_a_timeout_may_be_whole_or_not(tmp_path: Path, timeout: str, seconds: float) -> None:
    config = load(tmp_path, f'[accounts.shop]\nprovider = "simple"\nkey = "env:K"\ntimeout = {timeout}\n')
    assert config.accounts[0].timeout_s == seconds


@pytest.mark.parametrize(
    ("provider", "keys"),
    [
        ("open", ""),
        ("nested", 'key = "env:K"\ncode = "env:C"'),
        ("nested", 'key = "env:K"'),
        ("app", 'app_id = "1"\napp_key = "cmd:pass show app"\nenvironment = "sandbox"'),
        ("app", 'app_id = "env:APP_ID"\napp_key = "keyring:a/b/me"'),
        ("picky", 'key = "env:K"\nall_rows = true\ncurrency = "env:C"'),  # what it stands for is not known yet
        ("picky", 'key = "env:K"\npages = 5\nlabel = "x"\n_depth = 3'),
        ("address", 'key = "env:K"\ntotal = "t"\nurl = "https://h/a?b=c@d"'),
        ("address", 'key = "env:K"\nurl = "env:URL"'),  # what it stands for is not known yet
        ("either", 'key = "env:K"\ncurrency = "UAH"\nbase_url = "https://proxy.example:8443/a/"'),
    ],
)
def test_what_is_right_is_not_refused(tmp_path: Path, provider: str, keys: str) -> None:
    assert load(tmp_path, f'[accounts.shop]\nprovider = "{provider}"\n{keys}\n').accounts[0].provider == provider


def test_several_refused_values_are_all_told(tmp_path: Path) -> None:
    text = '[accounts.a]\nprovider = "picky"\nkey = "env:K"\npages = 0\ncurrency = "/"\nlabel = "/"\n'
    assert [problem.split(":")[1] for problem in problems(tmp_path, text)] == [
        "4 accounts.a.pages",
        "5 accounts.a.currency",
        "6 accounts.a.label",
    ]


def test_settings_with_a_fault_are_not_judged_as_a_whole(tmp_path: Path) -> None:
    """The provider would call a key missing that is there, and only faulty."""
    text = '[accounts.a]\nprovider = "address"\nkey = "env:K"\nurl = "https://h/a"\ntotal = ""\n'
    assert problems(tmp_path, text) == ["config.toml:5 accounts.a.total: is empty; give a value or remove the key"]


def test_inline_tables_and_dotted_keys_have_a_place_too(tmp_path: Path) -> None:
    text = '[accounts]\na = { provider = "simple", key = "x" }\nb.provider = "simple"\nb.key = "y"\n'
    assert [problem.partition(": ")[0] for problem in problems(tmp_path, text)] == [
        "config.toml:2 accounts.a.key",
        "config.toml:4 accounts.b.key",
    ]


def test_the_problems_travel_and_are_scrubbed_with_the_message() -> None:
    error = InvalidConfigError("a | b hush", problems=["a", "b hush"], account="shop")
    told = error.with_facts(lambda text: text.replace("hush", "***"), provider="simple")
    assert isinstance(told, InvalidConfigError)
    assert (told.message, told.problems, told.provider, told.account) == ("a | b ***", ("a", "b ***"), "simple", "shop")
    assert pickle.loads(pickle.dumps(told)) == told
    assert told != error


def test_a_fault_of_the_caller_is_not_taken_for_one_of_the_file(tmp_path: Path) -> None:
    def broken(_: str) -> Provider[Any, Any]:
        raise BadResponseError("not a plugin's fault")

    load(tmp_path, GOOD)
    with pytest.raises(BadResponseError):
        load_config(tmp_path / "config.toml", broken)


# --- any document --------------------------------------------------------------------------------------------------

_words = st.sampled_from(
    ["accounts", "shop", "provider", "simple", "either", "picky", "gone", "key", "login", "password", "currency",
     "env:A", "cmd:'", "file:", "timeout", "base_url", "ca_file", "a b", '"', "\0", "\x1b[31m", "é", "rules",
     "pages", ""]
)  # fmt: skip
_texts = st.one_of(_words, st.text(max_size=12))
_plain = st.one_of(_texts, st.integers(), st.floats(), st.booleans(), st.just("2020-01-01"))
_values = st.recursive(
    _plain,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_texts, inner, max_size=4)),
    max_leaves=8,
)
_accounts = st.dictionaries(_texts, st.one_of(_values, st.dictionaries(_words, _values, max_size=6)), max_size=3)
_documents = st.one_of(
    st.dictionaries(_texts, _values, max_size=3), st.fixed_dictionaries({"accounts": st.one_of(_accounts, _values)})
)


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        escaped = "".join(c if c.isalnum() and c.isascii() else f"\\U{ord(c):08x}" for c in value)
        return f'"{escaped}"'
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_toml(key)} = {_toml(inner)}" for key, inner in value.items()) + "}"
    return str(value).replace("e", ".0e") if isinstance(value, float) and "." not in str(value) else str(value)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(document=_documents)
def test_any_document_gives_accounts_or_problems(tmp_path: Path, document: dict[str, Any]) -> None:
    text = "".join(f"{_toml(key)} = {_toml(value)}\n" for key, value in document.items())
    _loads_or_tells(tmp_path, text.encode())


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw=st.one_of(st.binary(max_size=60), st.text(alphabet="[]ac.=\"'#\n\\ \r1k", max_size=60).map(str.encode)))
def test_any_bytes_give_accounts_or_problems(tmp_path: Path, raw: bytes) -> None:
    _loads_or_tells(tmp_path, raw)


def _loads_or_tells(folder: Path, raw: bytes) -> None:
    accounts: tuple[Account, ...] = ()
    told: tuple[str, ...] = ()
    try:
        accounts = load(folder, raw).accounts
    except InvalidConfigError as error:
        told = error.problems or ("no problem at all",)
    for problem in told:
        assert problem.startswith(f"{folder}/config.toml")
        assert problem == one_line(problem)
    for account in accounts:
        assert attrs.evolve(account) == account


# --- which file ----------------------------------------------------------------------------------------------------


def test_the_file_named_nearest_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = Path("one.toml"), Path("other.toml")
    monkeypatch.setenv("COFFERS_CONFIG", "named.toml")
    assert config_path(one, other) == one
    assert config_path(None, other) == Path("named.toml")
    monkeypatch.setenv("COFFERS_CONFIG", "")
    assert config_path(None, other) == other
    monkeypatch.delenv("COFFERS_CONFIG")
    assert config_path(None, other) == other
    with pytest.raises(ConfigError, match="set COFFERS_CONFIG"):
        config_path(None, None)
