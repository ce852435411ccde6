"""A witness nobody here wrote: the published client cryptocloud-sdk 0.1.1 reads the same account over HTTP.

Where it disagrees, its known fault is named.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from cryptocloud_sdk.errors import UnauthorizedError  # type: ignore[import-untyped]  # it has no types
from cryptocloud_sdk.merchant import CryptoCloud  # type: ignore[import-untyped]  # it has no types
from pydantic import ValidationError

from coffers import AuthError, Balance, Client
from coffers.sandbox import Sandbox, ServedAccount
from coffers_cryptocloud.sandbox import SANDBOX


@pytest.fixture
def served() -> Iterator[ServedAccount]:
    with Sandbox([SANDBOX]) as sandbox:
        yield sandbox["cryptocloud"]


@pytest.fixture
def coffers_client() -> Iterator[Client]:
    with Client() as client:
        yield client


def witness(served: ServedAccount, currency: Any = None) -> Any:
    theirs = CryptoCloud(served.secret_fields()["key"], "made-up-shop", host=served.base_url)
    return asyncio.run(theirs.get_balance(currency))


def read(client: Client, served: ServedAccount) -> dict[str, Balance]:
    return {row.details["asset"]: row for row in client.read(served.account()).balances}


def nearest(amount: Decimal | None) -> float:
    """What is left of `amount` in the witness: its amounts are binary floats, its known fault."""
    assert amount is not None
    return float(amount)


def test_both_read_the_same_balances(served: ServedAccount, coffers_client: Client) -> None:
    ours = read(coffers_client, served)
    assert {code: row.total for code, row in ours.items()} == served.balances
    for theirs in witness(served):
        row = ours.pop(theirs.currency.code)
        assert (row.currency, row.network) == (theirs.currency.short_code, theirs.currency.obj_network.code)
        assert row.details["name"] == theirs.currency.name
        assert row.details["network_name"] == theirs.currency.obj_network.fullname
        assert (nearest(row.total), nearest(row.available)) == (theirs.balance_crypto, theirs.available_balance)
        assert row.valuation is not None
        assert nearest(row.valuation.total) == theirs.balance_usd
        assert nearest(row.valuation.available) == theirs.available_balance_usd
    assert not ours


def test_both_keep_one_coin_on_two_networks_apart(served: ServedAccount, coffers_client: Client) -> None:
    assert witness(served, "USDT_TRC20").balance_crypto == 10.0
    assert witness(served, "USDT_ERC20").balance_crypto == 250.000001
    ours = read(coffers_client, served)
    assert (ours["USDT_TRC20"].network, ours["USDT_TRC20"].total) == ("TRC20", Decimal("10.0"))
    assert (ours["USDT_ERC20"].network, ours["USDT_ERC20"].total) == ("ERC20", Decimal("250.000001"))


def test_both_see_money_come_and_go(served: ServedAccount, coffers_client: Client) -> None:
    served.top_up("TRX", "0.1")
    served.spend("BTC", "0.12345678")
    assert (witness(served, "TRX").balance_crypto, witness(served, "BTC").balance_crypto) == (0.1, 0.0)
    ours = read(coffers_client, served)
    assert (ours["TRX"].total, ours["BTC"].total) == (Decimal("0.1"), Decimal(0))


def test_an_amount_that_floats_cannot_hold(served: ServedAccount, coffers_client: Client) -> None:
    served.set_balance("USDT_TRC20", "9007199254740993.1")
    exact = Decimal("9007199254740993.1")
    assert read(coffers_client, served)["USDT_TRC20"].total == exact
    theirs = witness(served, "USDT_TRC20").balance_crypto
    assert theirs == nearest(exact)
    assert Decimal(theirs) != exact


def test_a_debt(served: ServedAccount, coffers_client: Client) -> None:
    """Its known fault: it takes no negative amount."""
    served.set_balance("USDT_TRC20", "-3.5")
    assert read(coffers_client, served)["USDT_TRC20"].total == Decimal("-3.5")
    with pytest.raises(ValidationError):
        witness(served)


def test_a_coin_that_is_not_held(served: ServedAccount, coffers_client: Client) -> None:
    """Its known fault: asked for an absent coin, it answers the whole list."""
    assert "LTC" not in read(coffers_client, served)
    assert len(witness(served, "LTC")) == len(served.balances)


def test_both_are_refused_with_a_revoked_key(served: ServedAccount, coffers_client: Client) -> None:
    served.revoke_key()
    with pytest.raises(UnauthorizedError, match="Signature verification failed"):
        witness(served)
    with pytest.raises(AuthError, match="Signature verification failed"):
        coffers_client.read(served.account())
