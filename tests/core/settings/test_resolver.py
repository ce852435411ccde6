"""An account becomes settings and credentials."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest

from coffers.account import Account
from coffers.errors import ConfigError
from coffers.plugin import NoSettings, Secret
from coffers.settings import Resolver, load_config
from tests.core.settings.manifests import (
    CANARY,
    MANIFESTS,
    ByApp,
    ByKey,
    ByKeyAndCode,
    ByLogin,
    Picky,
    PickyKey,
    Place,
    Wallet,
    assert_silent,
    manifest_of,
)

ENVIRON = {"KEY": CANARY, "LOGIN": "me", "CUR": "uah", "SLASH": f"{CANARY}/", "EMPTY": ""}


def resolve(provider: str, fields: dict[str, Any]) -> Any:
    return Resolver(ENVIRON).resolve(Account("shop", provider, fields), MANIFESTS[provider])


def refusal(provider: str, fields: dict[str, Any], hidden: str = CANARY) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        resolve(provider, fields)
    assert type(caught.value) is ConfigError
    assert_silent(caught.value, hidden)
    assert (caught.value.account, caught.value.provider) == ("shop", provider)
    return caught.value


@pytest.mark.parametrize(
    ("provider", "fields", "settings", "credentials"),
    [
        ("simple", {"key": "env:KEY"}, NoSettings(), ByKey(Secret(CANARY))),
        ("simple", {"key": Secret(CANARY)}, NoSettings(), ByKey(Secret(CANARY))),
        ("either", {"key": "env:KEY", "currency": "UAH"}, Wallet("UAH"), ByKey(Secret(CANARY))),
        ("either", {"login": "env:LOGIN", "password": "env:KEY", "currency": "env:CUR", "method": "GET"},
         Wallet("uah", "GET"), ByLogin("me", Secret(CANARY))),
        ("app", {"app_id": "77", "app_key": "env:KEY"}, Place(), ByApp("77", Secret(CANARY))),
        ("app", {"app_id": "77", "app_key": "env:KEY", "environment": "sandbox"},
         Place("sandbox"), ByApp("77", Secret(CANARY))),
        ("picky", {"key": Secret("good"), "pages": 5, "all_rows": True, "_depth": 2},
         Picky(pages=5, all_rows=True, depth=2), PickyKey(Secret("good"))),
        ("nested", {"key": "env:KEY"}, NoSettings(), ByKey(Secret(CANARY))),
        ("nested", {"key": "env:KEY", "code": Secret("42")}, NoSettings(), ByKeyAndCode(Secret(CANARY), Secret("42"))),
        ("open", {}, NoSettings(), None),
    ],
)  # fmt: skip
def test_the_one_complete_alternative_is_built(
    provider: str, fields: dict[str, Any], settings: object, credentials: object
) -> None:
    resolved = resolve(provider, fields)
    assert resolved.settings == settings
    assert resolved.credentials == credentials
    assert resolved.warnings == ()
    secrets = {value for value in _values(resolved.credentials) if isinstance(value, Secret)}
    assert set(resolved.secrets) == secrets
    assert CANARY not in f"{resolved!r} {resolved!s}"
    assert CANARY.encode() not in pickle.dumps(resolved)


def _values(instance: Any) -> list[object]:
    names = getattr(type(instance), "__attrs_attrs__", ())
    return [getattr(instance, attribute.name) for attribute in names]


@pytest.mark.parametrize(
    ("provider", "fields", "field", "said"),
    [
        ("simple", {"key": CANARY}, "key", "key: is a secret and must not stand here; write a reference to it: "),
        ("simple", {"key": 5}, "key", "key: is a secret and must not stand here"),
        ("simple", {}, "key", "key: is missing; simple needs it"),
        ("simple", {"key": "cmd:'"}, "key", "key: must name a program"),
        ("simple", {"key": "env:KEY", "kye": CANARY}, "kye",
         "kye: is not a key of simple; did you mean `key`? known keys: key"),
        ("simple", {"key": "env:EMPTY"}, "key", "key: the environment variable EMPTY is empty; set it"),
        ("simple", {"key": Secret(f"{CANARY}\0")}, "key", "key: its value holds a NUL character"),
        ("simple", {"key": Secret(f"{CANARY}\ud800")}, "key", "key: its value is not UTF-8 text"),
        ("simple", {"key": "file:\ud800"}, "key", "key: is not UTF-8 text"),
        ("either", {"key": "env:KEY"}, "currency", "currency: is missing; either needs it"),
        ("either", {"currency": "UAH"}, None, "credentials are missing; give `key`, or `login` and `password`"),
        ("either", {"currency": "UAH", "login": "x"}, "login", "login: is not enough without `password`; "),
        ("either", {"currency": "UAH", "key": "env:KEY", "login": "x", "password": "env:KEY"}, None,
         "`key` and `login` and `password` cannot be given together; "),
        ("either", {"currency": Secret(CANARY), "key": "env:KEY"}, "currency", "currency: is not secret: "),
        ("either", {"currency": "env:NONE", "key": "env:KEY"}, "currency", "currency: the environment variable NONE"),
        ("either", {"currency": "UAH", "method": "env:KEY", "key": "env:KEY"}, "method",
         "method: must be one of POST, GET"),
        ("picky", {"key": Secret("good"), "pages": True}, "pages", "pages: must be a whole number"),
        ("picky", {"key": Secret("good"), "pages": 0}, "pages", "pages: the provider's plugin refuses this value"),
        ("picky", {"key": Secret("good"), "currency": "env:SLASH"}, "currency",
         "currency: the provider's plugin refuses this value"),
        ("picky", {"key": "env:KEY"}, "key", "key: the provider's plugin refuses this value"),
        ("picky", {"key": Secret("good"), "all_rows": True, "currency": "env:KEY"}, None,
         "the provider's plugin refuses the settings as they stand together"),
        ("address", {"key": Secret(CANARY), "url": "https://h"}, None, "give total or available"),
        ("address", {"key": Secret(CANARY), "url": "https://h", "total": "wrong", "available": "wrong"}, "available",
         "available: must not be wrong twice"),
        ("address", {"key": Secret(CANARY), "code": Secret(CANARY), "url": "https://h", "total": "t"}, None,
         "the provider's plugin refuses the settings as they stand together"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_says_what_to_do(
    provider: str, fields: dict[str, Any], field: str | None, said: str
) -> None:
    error = refusal(provider, fields)
    assert error.field == field
    assert error.message.startswith(said)


def test_what_is_kept_for_one_account_is_not_the_answer_for_another_that_seems_equal() -> None:
    resolver = Resolver({})
    for pages, fits in ((1, True), (True, False), (1, True)):
        account = Account("a", "picky", {"key": Secret("good"), "pages": pages})
        if fits:
            assert resolver.resolve(account, MANIFESTS["picky"]).settings == Picky(pages=1)
        else:
            with pytest.raises(ConfigError, match="pages: must be a whole number"):
                resolver.resolve(account, MANIFESTS["picky"])


def test_a_secret_that_was_pickled_is_gone() -> None:
    account = pickle.loads(pickle.dumps(Account("shop", "simple", {"key": Secret(CANARY)})))
    with pytest.raises(ConfigError, match="key: a secret does not travel in a pickle"):
        Resolver().resolve(account, MANIFESTS["simple"])


def test_a_reference_of_an_alternative_that_is_not_used_is_not_followed() -> None:
    # Nothing of the file is even opened: it is the form that is refused.
    error = refusal("either", {"currency": "UAH", "key": "file:/none", "login": "env:NONE", "password": "env:NONE"})
    assert "cannot be given together" in error.message


def test_from_file_to_credentials(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(
        '[accounts.shop]\nprovider = "either"\nlogin = "env:LOGIN"\npassword = "file:p"\ncurrency = "UAH"\n'
    )
    (tmp_path / "p").write_text(f"{CANARY}\n")
    (tmp_path / "p").chmod(0o600)
    (tmp_path / "config.toml").chmod(0o644)
    config = load_config(tmp_path / "config.toml", manifest_of)
    assert CANARY not in repr(config)
    resolved = Resolver(ENVIRON).resolve(config.accounts[0], MANIFESTS["either"])
    assert (resolved.settings, resolved.credentials) == (Wallet("UAH"), ByLogin("me", Secret(CANARY)))
    assert resolved.secrets == (Secret(CANARY),)


def test_a_command_runs_again_once_it_is_forgotten(tmp_path: Path) -> None:
    resolver = Resolver()
    resolver.forget()  # nothing yet
    answer = tmp_path / "answer"
    account = Account("shop", "simple", {"key": f"cmd:cat {answer}"})
    found: list[str] = []
    for text in ("old", "new"):
        answer.write_text(text)
        both = [resolver.resolve(account, manifest_of("simple")) for _ in range(2)]
        found += [resolved.credentials.key.reveal() for resolved in both]
        resolver.forget()
    assert found == ["old", "old", "new", "new"]
