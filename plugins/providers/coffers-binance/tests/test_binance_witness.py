"""Witnesses nobody here wrote: ccxt 4.5.64 signs and parses beside us, binance-connector 3.13.0 reads the sandbox.

Known faults: ccxt makes binary floats of amounts unless it is told otherwise, and drops zeros at their end.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

import ccxt  # type: ignore[import-untyped]  # it has no types
import pytest
from binance.error import ClientError  # type: ignore[import-untyped]  # it has no types
from binance.spot import Spot  # type: ignore[import-untyped]  # it has no types

import coffers_binance
from coffers import AuthError, Balance, Client
from coffers.plugin import Attempt, Query, Secret
from coffers.sandbox import Sandbox, ServedAccount
from coffers_binance import HmacKey, Settings
from coffers_binance.sandbox import SANDBOX
from coffers_binance.sign import signature_of

NOW_MS = 1_700_000_000_000
#: Far more digits than a binary float keeps.
EXACT = "9007199254740993.12345678"


@pytest.fixture
def served() -> Iterator[ServedAccount]:
    with Sandbox([SANDBOX]) as sandbox:
        yield sandbox["binance"]


@pytest.fixture
def connector(served: ServedAccount) -> Iterator[Any]:
    secrets = served.secret_fields()
    theirs: Any = Spot(secrets["api_key"], secrets["secret_key"], base_url=served.base_url)
    yield theirs
    theirs.session.close()


@pytest.fixture
def exchange(served: ServedAccount) -> Iterator[Any]:
    """Ccxt, its numbers as texts; it calls our sandbox where it calls at all."""
    secrets = served.secret_fields()
    theirs = witness(apiKey=secrets["api_key"], secret=secrets["secret_key"])
    theirs.urls["api"] |= {"private": f"{served.base_url}/api/v3", "sapi": f"{served.base_url}/sapi/v1"}
    yield theirs
    theirs.session.close()


def witness(**keys: str) -> Any:
    config: Any = {"number": str, **keys}
    return ccxt.binance(config)


def read(served: ServedAccount) -> dict[tuple[str | None, str], Balance]:
    with Client() as client:
        return {(row.wallet, row.currency): row for row in client.read(served.account()).balances}


def agrees(row: Balance, theirs: dict[str, str]) -> bool:
    return [row.available, row.reserved, row.total] == [Decimal(theirs[name]) for name in ("free", "used", "total")]


@pytest.mark.parametrize(
    ("call", "query"),
    [
        (("account", "private", "GET"), Query(Settings())),
        (("account", "private", "GET"), Query(Settings(omit_zero_balances=False, recv_window_ms=60_000))),
        (("asset/get-funding-asset", "sapi", "POST"), Query(Settings(funding=True), "funding")),
    ],
)
def test_ccxt_signs_alike(exchange: Any, call: tuple[str, str, str], query: Query[Settings]) -> None:
    """The same parameters in its order, which is another one; its text gets the same signature from us."""
    key = HmacKey(Secret(exchange.apiKey), Secret(exchange.secret))
    request = coffers_binance.coffers_request(query)
    ours = coffers_binance.coffers_sign(request, key, Attempt(NOW_MS, 0))
    exchange.milliseconds = lambda: NOW_MS
    theirs = exchange.sign(*call, dict(request.query))
    path, _, sent = theirs["url"].partition("?")
    text, _, signature = (sent or theirs["body"]).partition("&signature=")
    assert signature_of(text, key.secret_key) == signature
    assert (path.endswith(request.path), theirs["method"]) == (True, ours.method)
    assert theirs["headers"]["X-MBX-APIKEY"] == dict(ours.headers)["X-MBX-APIKEY"]
    mine = dict(parse_qsl(ours.target.partition("?")[2]))
    assert mine.pop("signature")
    assert dict(parse_qsl(text)) == mine


def test_ccxt_reads_the_same(served: ServedAccount, exchange: Any) -> None:
    served.set_balance("BTC", EXACT)
    ours = read(served)
    spot = exchange.parse_balance_custom(exchange.private_get_account({"omitZeroBalances": "true"}), "spot")
    funding = exchange.parse_balance_custom(exchange.sapi_post_asset_get_funding_asset(), "funding")
    for wallet, theirs in (("spot", spot), ("funding", funding)):
        assert theirs["total"].keys() == {currency for held_in, currency in ours if held_in == wallet}
        assert all(agrees(ours[wallet, currency], theirs[currency]) for currency in theirs["total"])
    assert ours["spot", "BTC"].total == Decimal(EXACT)


def test_ccxt_adds_up_alike() -> None:
    exchange = witness()
    row = {"asset": "BNB", "free": "2.5", "locked": "0.25", "freeze": "0.125", "withdrawing": "1"}
    assert exchange.parse_balance_custom([row], "funding")["BNB"] == {"free": "2.5", "used": "1.375", "total": "3.875"}
    answer = {"balances": [{"asset": "BTC", "free": "0.10", "locked": "0.20000000"}]}
    assert exchange.parse_balance_custom(answer, "spot")["BTC"]["total"] == "0.3"  # it drops zeros; 0.30000000 is told
    exchange.session.close()


def test_ccxt_with_floats_loses_digits(served: ServedAccount, exchange: Any) -> None:
    """Its known fault: that is its default."""
    served.set_balance("BTC", EXACT)
    exchange.number = float
    answer = exchange.private_get_account({"omitZeroBalances": "true"})
    assert Decimal(exchange.parse_balance_custom(answer, "spot")["BTC"]["total"]) != Decimal(EXACT)


def test_the_official_connector_reads_the_same(served: ServedAccount, connector: Any) -> None:
    served.set_balance("BTC", EXACT)
    ours = read(served)
    spot = connector.account(omitZeroBalances="true", recvWindow=5000)["balances"]
    for wallet, rows in (("spot", spot), ("funding", connector.funding_wallet())):
        for row in rows:
            balance = ours.pop((wallet, row["asset"]))
            assert (balance.available, balance.reserved) == (Decimal(row["free"]), Decimal(row["locked"]))
    assert not ours


def test_all_are_refused_with_a_revoked_key(served: ServedAccount, connector: Any, exchange: Any) -> None:
    served.revoke_key()
    with pytest.raises(AuthError, match="Invalid API-key") as caught:
        read(served)
    assert caught.value.code == "-2015"
    with pytest.raises(ClientError) as refused:
        connector.account()
    refusal: Any = refused.value
    assert (refusal.status_code, refusal.error_code) == (401, -2015)
    with pytest.raises(ccxt.AuthenticationError, match="-2015"):
        exchange.private_get_account()
