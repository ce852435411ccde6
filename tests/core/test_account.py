"""Accounts hold references, outcomes hold one of two things."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from coffers.account import Account, Outcome
from coffers.errors import AuthError, ConfigError
from coffers.models import Snapshot
from coffers.provider import RESERVED_KEYS
from coffers.secret import Secret

NOW = datetime(2026, 11, 21, tzinfo=UTC)
SHOP = Account("shop", "toy", {"key": "env:KEY", "currency": "USD"}, base_url="https://h/p/", ca_file=Path("ca.pem"))


def test_it_is_a_value() -> None:
    same = Account(
        "shop", "toy", [("currency", "USD"), ("key", "env:KEY")], base_url="https://h/p", ca_file=Path("ca.pem")
    )
    assert same == SHOP
    assert hash(same) == hash(SHOP)
    assert pickle.loads(pickle.dumps(SHOP)) == SHOP
    assert SHOP.fields == (("currency", "USD"), ("key", "env:KEY"))
    assert SHOP.base_url == "https://h/p"


def test_a_secret_given_in_code_does_not_show() -> None:
    account = Account("shop", "toy", {"key": Secret("s3cret-key")})
    assert "s3cret" not in repr(account)
    assert b"s3cret" not in pickle.dumps(account)
    assert account == Account("shop", "toy", {"key": Secret("s3cret-key")})


@pytest.mark.parametrize("name", ["", " ", "a b", "a\n", "-a", ".a", "_a", "ключ", "a/b", "a{}"])
def test_a_name_becomes_a_label(name: str) -> None:
    with pytest.raises(ConfigError, match="account name"):
        Account(name, "toy")
    assert Account("A1_b.c-d", "toy").name == "A1_b.c-d"


@pytest.mark.parametrize("timeout_s", [0, -1, 3601, float("nan"), float("inf")])
def test_a_timeout_is_sensible(timeout_s: float) -> None:
    with pytest.raises(ConfigError) as caught:
        Account("a", "toy", timeout_s=timeout_s)
    assert caught.value.field == "timeout"
    assert Account("a", "toy", timeout_s=0.1).timeout_s == 0.1


@pytest.mark.parametrize("url", ["http://h", "https://u:CANARY@h", "https://h?k=CANARY", "CANARY"])
def test_a_base_url_is_checked_and_not_quoted(url: str) -> None:
    with pytest.raises(ConfigError, match=r"^base_url ") as caught:
        Account("a", "toy", base_url=url)
    assert caught.value.field == "base_url"
    assert "CANARY" not in repr(caught.value)


@pytest.mark.parametrize("key", sorted(RESERVED_KEYS))
def test_reserved_keys_are_no_fields(key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Account("a", "toy", {key: "x"})
    assert caught.value.field == key


def test_an_outcome_is_a_snapshot_or_an_error() -> None:
    both: dict[str, Any] = {"snapshot": Snapshot(), "error": AuthError("no")}
    for wrong in ({}, both):
        with pytest.raises(ValueError, match="a snapshot or an error"):
            Outcome(SHOP, NOW, 0.1, **wrong)


def test_unwrapping_an_outcome() -> None:
    assert Outcome(SHOP, NOW, 0.1, snapshot=Snapshot()).unwrap() == Snapshot()
    error = AuthError("no")
    with pytest.raises(AuthError) as caught:
        Outcome(SHOP, NOW, 0.1, error=error).unwrap()
    assert caught.value is error


def test_outcomes_travel_and_compare_without_their_duration() -> None:
    outcome = Outcome(SHOP, NOW, 0.1, error=AuthError("no"))
    assert pickle.loads(pickle.dumps(outcome)) == outcome == Outcome(SHOP, NOW, 9.9, error=AuthError("no"))
