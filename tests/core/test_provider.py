"""The manifest: what a provider may say about itself, and the config keys that follow."""

from __future__ import annotations

import pickle
from typing import Any, Literal, Optional

import attrs
import pytest

from coffers.errors import ConfigError
from coffers.provider import (
    CONTRACT_VERSION,
    RESERVED_KEYS,
    ConfigField,
    NoSettings,
    Provider,
    check_base_url,
    config_fields,
    origin_of,
)
from coffers.secret import Secret

NOT_AN_ADDRESS = "is not an address; write https://HOST or https://HOST:PORT/PREFIX"
NO_USER = "must hold no user, query or fragment; credentials have config keys of their own"
NOT_ASCII = "must be ASCII without spaces; write an international name in its xn-- form"
NOT_HTTPS = "must be https; plain http is allowed to a loopback address only"


def manifest(**facts: Any) -> Provider[Any, Any]:
    known: dict[str, Any] = {
        "id": "toy",
        "title": "Toy",
        "docs": "https://toy.example",
        "base_urls": {"api": "https://h"},
    }
    return Provider(**(known | facts))


# --- addresses -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://h", "https://h"),
        ("https://h/", "https://h"),
        ("https://h:8443/a/b//", "https://h:8443/a/b"),
        ("HTTPS://API.Example/Path", "https://api.example/Path"),
        ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example"),
        ("http://localhost:9001", "http://localhost:9001"),
        ("http://LOCALHOST", "http://localhost"),
        ("http://127.0.0.1", "http://127.0.0.1"),
        ("http://127.0.0.2:1", "http://127.0.0.2:1"),
        ("http://[::1]:80/", "http://[::1]:80"),
        ("https://h:65535", "https://h:65535"),
        ("https://h/v1.2/.well-known/a~b_c-d", "https://h/v1.2/.well-known/a~b_c-d"),
    ],
)
def test_an_address_that_can_be_used(url: str, kept: str) -> None:
    assert check_base_url(url) == kept
    assert check_base_url(kept) == kept


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        *(
            (url, NOT_AN_ADDRESS)
            for url in ("", "h", "//h", "ftp://h", "https://", "https:///x", "http:127.0.0.1", "http://localhost.")
        ),
        *(
            (url, NOT_AN_ADDRESS)
            for url in ("https://h:0", "https://h:70000", "https://h:", "https://h:x", "https://h:+1")
        ),
        *(
            (url, NOT_AN_ADDRESS)
            for url in ("https://[::1", "https://[::1]x", "https://[::1%25lo]", "https://h,i", "https://-")
        ),
        *(
            (url, NOT_AN_ADDRESS)
            for url in ("https://h\\x", "https://h/\\x", "https://h/../x", "https://h/.", "https://h/%2e")
        ),
        *(
            (url, NO_USER)
            for url in ("https://u:CANARY@h", "https://CANARY@h", "https://@h", "https://h?k=CANARY", "https://h/#")
        ),
        *((url, NO_USER) for url in ("https://h?", "https://h\\@evil.example")),
        *(
            (url, NOT_ASCII)
            for url in ("https://é.example", "https://h/é", "https://h/a b", " https://h", "https://h\n")
        ),
        *((url, NOT_ASCII) for url in ("ht\ntps://h", "https://h\t.example")),
        *((url, NOT_HTTPS) for url in ("http://h", "http://localhost.evil.example", "http://0.0.0.0")),
        *(
            (url, NOT_HTTPS)
            for url in ("http://127.0.0.1.evil.example", "http://127.1", "http://2130706433", "http://[::2]")
        ),
    ],
)
def test_an_address_that_cannot_be_used_is_not_quoted(url: str, reason: str) -> None:
    with pytest.raises(ValueError) as caught:
        check_base_url(url)
    assert str(caught.value) == reason


# --- the manifest --------------------------------------------------------------------------------------------------


def test_the_smallest_manifest() -> None:
    provider = manifest()
    assert provider.settings is NoSettings
    assert (provider.credentials, provider.token_step, provider.one_at_a_time) == ((), None, False)
    assert provider.contract == CONTRACT_VERSION
    assert config_fields(provider) == {}
    assert pickle.loads(pickle.dumps(provider)) == provider
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        provider.id = "other"  # type: ignore[misc]  # that is the test


@pytest.mark.parametrize("provider_id", ["", "Toy", "toy_1", "-toy", "toy\n", "tóy", "a b"])
def test_an_id_is_lower_case(provider_id: str) -> None:
    with pytest.raises(ValueError, match=r"^id: "):
        manifest(id=provider_id)


def test_hosts_are_checked_and_named() -> None:
    with pytest.raises(ValueError, match="at least one host"):
        manifest(base_urls={})
    with pytest.raises(ValueError, match=r"^base_urls\['files'\] must be https") as caught:
        manifest(base_urls={"api": "https://h", "files": "http://CANARY"})
    assert "CANARY" not in str(caught.value)


@pytest.mark.parametrize("step", ["", "balances"])
def test_the_token_step_is_a_step_of_its_own(step: str) -> None:
    with pytest.raises(ValueError, match=r"^token_step: "):
        manifest(token_step=step)
    assert manifest(token_step="token").token_step == "token"


def test_a_positive_figure_is_held_or_owed() -> None:
    assert [manifest().polarity, manifest(polarity="owed").polarity] == ["held", "owed"]
    for wrong in ("Owed", "", None, -1):
        with pytest.raises(TypeError, match=r"^polarity: must be held or owed"):
            manifest(polarity=wrong)


# --- config keys ---------------------------------------------------------------------------------------------------


@attrs.frozen
class Settings:
    currency: str = attrs.field(metadata={"help": "the account's currency"})
    environment: Literal["production", "sandbox"] = "production"
    region: Literal["eu", "us"] | None = None
    limit: int = 10
    strict: bool = False
    profile: Optional[str] = attrs.field(default=None, metadata={"example": "main"})  # noqa: UP045  authors write it this way too
    label: str = attrs.field(factory=str)
    derived: str = attrs.field(init=False, default="")


@attrs.frozen
class ByKey:
    key: Secret


@attrs.frozen
class ByLogin:
    login: str
    password: Secret
    pin: Secret | None = None


def test_every_key_in_the_order_of_the_classes() -> None:
    fields = config_fields(manifest(settings=Settings, credentials=(ByKey, ByLogin)))

    def field(name: str, kind: type = str, **facts: Any) -> ConfigField:
        known: dict[str, Any] = {"secret": False, "required": False, "choices": (), "default": None, "help": ""}
        return ConfigField(name=name, type=kind, **(known | facts))

    assert list(fields.values()) == [
        field("currency", required=True, help="the account's currency"),
        field("environment", choices=("production", "sandbox"), default="production"),
        field("region", choices=("eu", "us")),
        field("limit", int, default=10),
        field("strict", bool, default=False),
        field("profile", example="main"),
        field("label"),
        field("key", secret=True, required=True),
        field("login", required=True),
        field("password", secret=True, required=True),
        field("pin", secret=True),
    ]
    assert list(fields) == [known.name for known in fields.values()]


def test_one_key_may_feed_several_classes() -> None:
    sid = attrs.make_class("Sid", {"login": attrs.field(type=str)}, frozen=True)
    fields = config_fields(manifest(settings=sid, credentials=(ByLogin,)))
    assert list(fields) == ["login", "password", "pin"]


def _one(name: str, kind: Any, *, frozen: bool = True, **field: Any) -> Any:
    return attrs.make_class("Odd", {name: attrs.field(type=kind, **field)}, frozen=frozen)


@pytest.mark.parametrize("kind", [Secret, int, Literal["a"]])
def test_one_key_has_one_meaning(kind: Any) -> None:
    with pytest.raises(ValueError, match=r"Odd.login: declared twice"):
        manifest(credentials=(ByLogin, _one("login", kind)))


@pytest.mark.parametrize("key", sorted(RESERVED_KEYS))
def test_a_reserved_key_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match=rf"Odd.{key}: this key is reserved"):
        manifest(settings=_one(key, str))


@pytest.mark.parametrize("kind", [float, bytes, list[str], str | int, Literal[1, 2], Literal["a", 1], dict, Any, None])
def test_a_type_that_a_config_cannot_hold(kind: Any) -> None:
    with pytest.raises(TypeError, match=r"^Odd.field: a config field is "):
        manifest(settings=_one("field", type(None) if kind is None else kind))


class NoAttrs:
    key: Secret


class OddlyMade:
    def __setattr__(self, name: str, value: object) -> None:
        raise RuntimeError


@pytest.mark.parametrize(
    "cls", [NoAttrs, _one("key", str, frozen=False), attrs.define(OddlyMade), attrs.define(slots=False)(NoAttrs)]
)
def test_a_class_that_is_not_frozen(cls: type) -> None:
    with pytest.raises(TypeError, match="is not a frozen attrs class"):
        manifest(settings=cls)
    with pytest.raises(TypeError, match="is not a frozen attrs class"):
        manifest(credentials=(ByKey, cls))


@pytest.mark.parametrize("slots", [True, False])
def test_frozen_with_and_without_slots(slots: bool) -> None:
    cls = attrs.make_class("Good", {"field": attrs.field(type=str)}, frozen=True, slots=slots)
    assert list(config_fields(manifest(settings=cls))) == ["field"]


def test_settings_hold_no_secret() -> None:
    with pytest.raises(TypeError, match=r"ByKey.key: settings hold no secret"):
        manifest(settings=ByKey)


@pytest.mark.parametrize("default", [Secret("CANARY"), "CANARY", attrs.Factory(lambda: Secret("CANARY"))])
def test_a_secret_has_no_default(default: Any) -> None:
    with pytest.raises(TypeError, match=r"Odd.key: a secret has no default") as caught:
        manifest(credentials=(_one("key", Secret, default=default),))
    assert "CANARY" not in str(caught.value)


def test_an_annotation_that_names_nothing() -> None:
    with pytest.raises(TypeError, match="what its module does not hold"):
        manifest(settings=_one("field", "Nowhere"))


# --- a provider without a host of its own --------------------------------------------------------------------------


@attrs.frozen
class Asked:
    url: str
    kind: Literal["a", "b"]
    count: int
    other: str = "https://h"
    made: str = attrs.field(init=False, default="https://h")


def by_address(url_field: str = "url", **facts: Any) -> Provider[Any, Any]:
    return manifest(**({"base_urls": {}, "settings": Asked, "url_field": url_field} | facts))


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://h", "https://h"),
        ("HTTPS://API.Example:8443/v1/balance?a=b&c=%2F@x", "https://api.example:8443"),
        ("https://h?a=https://i", "https://h"),
        ("https://h/a/../b", "https://h"),
        ("http://127.0.0.1:9001/x", "http://127.0.0.1:9001"),
        ("http://[::1]/x", "http://[::1]"),
    ],
)
def test_the_origin_of_an_address(url: str, origin: str) -> None:
    assert origin_of(url) == origin


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        *((url, "is not an address; write https://HOST") for url in ("", "h/x", "/x", "ftp://h/x", "https:///x")),
        *(
            (url, "is not an address; write https://HOST")
            for url in ("https://[::1/x", "https://h\\x", "https://h:0/x")
        ),
        *((url, "must hold no user or fragment") for url in ("https://CANARY@h/x", "https://u:CANARY@h", "https://@h")),
        *((url, "must hold no user or fragment") for url in ("https://h/x#CANARY", "https://h\\@evil.example/")),
        *(
            (url, "must be ASCII")
            for url in ("https://h/ü", "https://ü/x", "https://h/a b", "https://h\n", "\thttps://h")
        ),
        *((url, NOT_HTTPS) for url in ("http://h/x", "http://127.0.0.1.example/x", "http://10.0.0.1/x")),
    ],
)
def test_an_address_whose_host_cannot_be_asked(url: str, reason: str) -> None:
    with pytest.raises(ValueError) as caught:
        origin_of(url)
    assert str(caught.value).startswith(reason)
    assert "CANARY" not in str(caught.value)


def test_the_account_names_the_only_host() -> None:
    provider = by_address()
    assert provider.base_urls == {}
    assert provider.hosts(Asked("https://H:1/x?y", "a", 1)) == {"api": "https://h:1"}
    with pytest.raises(ConfigError, match="url: must be https") as caught:
        provider.hosts(Asked("http://h/x", "a", 1))
    assert caught.value.field == "url"


def test_the_hosts_of_the_manifest_are_every_account_s() -> None:
    assert manifest().hosts(NoSettings()) == {"api": "https://h"}


@pytest.mark.parametrize("field", ["nothing", "other", "made", "key"])
def test_an_address_is_a_required_setting(field: str) -> None:
    with pytest.raises(ValueError, match="url_field: must be a required field of the settings"):
        by_address(field, credentials=(ByKey,))


@pytest.mark.parametrize("field", ["kind", "count"])
def test_an_address_is_a_text(field: str) -> None:
    with pytest.raises(TypeError, match="url_field: must be a field of type str"):
        by_address(field)


def test_hosts_of_its_own_or_the_account_s_and_never_both() -> None:
    with pytest.raises(ValueError, match="base_urls: must be left out where url_field is given"):
        by_address(base_urls={"api": "https://h"})
    with pytest.raises(ValueError, match="base_urls: name at least one host, or a url_field"):
        manifest(base_urls={})


def test_a_manifest_may_say_how_often_it_may_be_asked() -> None:
    assert [manifest().min_interval_s, manifest(min_interval_s=60).min_interval_s] == [0.0, 60]
    for wrong in (-1, True, "60", float("nan"), float("inf"), 86_401, None):
        with pytest.raises(TypeError, match=r"^min_interval_s: must be a number of seconds from 0 to 86400"):
            manifest(min_interval_s=wrong)
