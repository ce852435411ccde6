"""A witness nobody here wrote: ccxt 4.5.64 signs the same requests, and reads the same account over HTTP.

Where it disagrees, its known fault is named. It makes binary floats of amounts unless it is told otherwise.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import ccxt  # type: ignore[import-untyped]  # it has no types
import pytest
from hypothesis import given
from hypothesis import strategies as st

import coffers_kraken
from coffers import AuthError, Balance, Client
from coffers.plugin import Attempt, NoSettings, Query, Secret
from coffers.sandbox import Sandbox, ServedAccount
from coffers_kraken import KeyPair
from coffers_kraken.assets import asset_of
from coffers_kraken.sandbox import SANDBOX


@pytest.fixture
def served() -> Iterator[ServedAccount]:
    with Sandbox([SANDBOX]) as sandbox:
        yield sandbox["kraken"]


@pytest.fixture
def coffers_client() -> Iterator[Client]:
    with Client() as client:
        yield client


@pytest.fixture
def witness(served: ServedAccount) -> Iterator[Any]:
    exchange = theirs(SANDBOX.fields["api_key"], SANDBOX.fields["private_key"])
    exchange.urls["api"]["private"] = served.base_url
    yield exchange
    exchange.session.close()


def theirs(api_key: str, private_key: str) -> Any:
    """Its numbers as texts, and without the waits that it makes for the sake of Kraken's limits."""
    config: Any = {"apiKey": api_key, "secret": private_key, "enableRateLimit": False, "number": str}
    return ccxt.kraken(config)


def read(client: Client, served: ServedAccount) -> dict[str, Balance]:
    return {row.details["asset"]: row for row in client.read(served.account()).balances}


def look(witness: Any) -> Any:
    """As its ``fetch_balance``, which would ask Kraken for its markets first."""
    return witness.parse_balance(witness.privatePostBalanceEx())


@given(st.integers(0, 2**64 - 1), st.binary(min_size=1, max_size=80))
def test_both_sign_alike(nonce: int, key: bytes) -> None:
    private_key = base64.b64encode(key).decode()
    exchange = theirs("made-up", private_key)
    exchange.nonce = lambda: nonce
    wanted = exchange.sign("BalanceEx", "private", "POST")
    exchange.session.close()

    pair = KeyPair("made-up", Secret(private_key))
    request = coffers_kraken.coffers_request(Query(NoSettings()))
    signed = coffers_kraken.coffers_sign(request, pair, Attempt(0, nonce))
    assert dict(signed.headers) == wanted["headers"]
    assert signed.body.decode() == wanted["body"]
    assert wanted["url"] == f"{coffers_kraken.coffers_provider().base_urls['api']}{signed.target}"


def test_both_read_the_same_account(witness: Any, served: ServedAccount, coffers_client: Client) -> None:
    """It keeps the suffix in the code, where coffers names the wallet."""
    served.set_balance("XTZ", "9007199254740993.1")  # more digits than a binary float keeps
    ours = read(coffers_client, served)
    assert {code: row.total for code, row in ours.items()} == served.balances
    found = look(witness)
    for code, row in ours.items():
        name = row.currency if row.wallet is None else f"{row.currency}.{code.partition('.')[2]}"
        account = found[name]
        assert Decimal(account["total"]) == row.total
        assert Decimal(account["used"]) == row.reserved
        if row.wallet is None:
            assert Decimal(account["free"]) == row.available


def test_with_floats_it_loses_digits(witness: Any, served: ServedAccount) -> None:
    """Its known fault: that is its default."""
    served.set_balance("XTZ", "9007199254740993.1")
    witness.number = float
    assert Decimal(look(witness)["XTZ"]["total"]) != Decimal("9007199254740993.1")


def test_a_credit_line() -> None:
    """Its known fault: it leaves the credit out, so what it calls free is less than Kraken's formula gives."""
    exchange = theirs("", "")
    body: dict[str, Any] = {
        "error": [],
        "result": {"ZUSD": {"balance": "5", "hold_trade": "1", "credit": "10", "credit_used": "2"}},
    }
    free = exchange.parse_balance(body)["USD"]["free"]
    exchange.session.close()
    assert free == "4"  # by the formula it is 12


def test_both_are_refused_with_a_revoked_key(witness: Any, served: ServedAccount, coffers_client: Client) -> None:
    served.revoke_key()
    with pytest.raises(ccxt.AuthenticationError, match="EAPI:Invalid key"):
        look(witness)
    with pytest.raises(AuthError, match="Invalid key"):
        coffers_client.read(served.account())


def test_both_know_a_nonce_that_does_not_rise(witness: Any) -> None:
    witness.nonce = lambda: 5
    assert look(witness)["BTC"]
    with pytest.raises(ccxt.InvalidNonce, match="EAPI:Invalid nonce"):
        look(witness)


def test_both_take_krakens_old_codes_for_the_same_coins() -> None:
    """ccxt's own table of old codes, and ours."""
    exchange = theirs("", "")
    old = ["XXBT", "XBT", "XXDG", "XDG", "XETC", "XETH", "XLTC", "XMLN", "XREP", "XXLM", "XXMR", "XXRP", "XZEC"]
    old += ["ZAUD", "ZCAD", "ZEUR", "ZGBP", "ZJPY", "ZUSD", "XTZ", "ZRX", "XAUT"]
    names = {code: exchange.safe_currency_code(code) for code in old}
    exchange.session.close()
    assert names == {code: asset_of(code).currency for code in old}
