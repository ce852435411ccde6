"""A plugin's own word about a value is shown; about a secret nothing is."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from coffers import Account, ConfigError, Resolver, Secret
from coffers.plugin import Provider


def refuse(_: Any, attribute: Any, value: Any) -> None:
    raise ConfigError(f"must not be {value.reveal() if isinstance(value, Secret) else value}")


@attrs.frozen
class Settings:
    currency: str = attrs.field(default="UAH", validator=lambda *args: args[2] == "UAH" or refuse(*args))


@attrs.frozen
class Key:
    key: Secret = attrs.field(validator=lambda *args: args[2] == Secret("good") or refuse(*args))


MANIFEST = Provider(
    id="picky",
    title="Picky",
    docs="https://picky.example",
    base_urls={"api": "https://api.picky.example"},
    settings=Settings,
    credentials=(Key,),
)


def test_about_a_setting_it_is_shown() -> None:
    with pytest.raises(ConfigError) as caught:
        Resolver().resolve(Account("shop", "picky", {"key": Secret("good"), "currency": "XXX"}), MANIFEST)
    assert (caught.value.message, caught.value.field) == ("currency: must not be XXX", "currency")


def test_about_a_secret_it_is_not() -> None:
    with pytest.raises(ConfigError) as caught:
        Resolver().resolve(Account("shop", "picky", {"key": Secret("canary-key")}), MANIFEST)
    assert caught.value.field == "key"
    assert "refuses this value" in caught.value.message
    assert "canary-key" not in repr(caught.value)
