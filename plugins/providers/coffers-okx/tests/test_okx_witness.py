"""Witnesses nobody here wrote: ccxt 4.5.64 and the official python-okx 0.4.4 read the sandbox beside us.

Known faults: ccxt makes binary floats of amounts unless it is told otherwise; where `availEq` is told it takes that for
the free amount, and what is reserved is then what is left of the equity. python-okx calls a deprecated clock.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import ccxt  # type: ignore[import-untyped]  # it has no types
import pytest
from okx.Account import AccountAPI  # type: ignore[import-untyped]  # it has no types
from okx.Funding import FundingAPI  # type: ignore[import-untyped]  # it has no types

import coffers_okx
from coffers import AuthError, Balance, Client
from coffers.plugin import Attempt, Query, Secret, parse_json
from coffers.sandbox import Sandbox, ServedAccount
from coffers.testing.vectors import load_cases, read_response
from coffers_okx import ApiKey, Settings
from coffers_okx.sandbox import SANDBOX

pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")  # python-okx calls it

NOW_MS = 1_700_000_000_123
#: Far more digits than a binary float keeps.
EXACT = "9007199254740993.12345678"
VECTORS = {case.name: case for case in load_cases(Path(__file__).parents[1] / "vectors")}


@pytest.fixture
def served() -> Iterator[ServedAccount]:
    with Sandbox([SANDBOX]) as sandbox:
        yield sandbox["okx"]


def official(api: Any, served: ServedAccount) -> Any:
    secrets = served.secret_fields()
    keys = (secrets["api_key"], secrets["secret_key"], secrets["passphrase"])
    return api(*keys, flag="0", domain=served.base_url)


@pytest.fixture
def exchange(served: ServedAccount) -> Iterator[Any]:
    """Ccxt, its numbers as texts; it calls our sandbox where it calls at all."""
    secrets = served.secret_fields()
    theirs = witness(apiKey=secrets["api_key"], secret=secrets["secret_key"], password=secrets["passphrase"])
    theirs.urls["api"] = {"rest": served.base_url}
    yield theirs
    theirs.session.close()


def witness(**keys: str) -> Any:
    config: Any = {"number": str, **keys}
    return ccxt.okx(config)


def read(served: ServedAccount) -> dict[tuple[str | None, str], Balance]:
    with Client() as client:
        return {(row.wallet, row.currency): row for row in client.read(served.account()).balances}


def agrees(row: Balance, theirs: dict[str, str]) -> bool:
    return [row.available, row.reserved, row.total] == [Decimal(theirs[name]) for name in ("free", "used", "total")]


@pytest.mark.parametrize(("path", "step"), [("account/balance", "balances"), ("asset/balances", "funding")])
def test_ccxt_signs_alike(exchange: Any, path: str, step: str) -> None:
    key = ApiKey(Secret(exchange.apiKey), Secret(exchange.secret), Secret(exchange.password))
    request = coffers_okx.coffers_request(Query(Settings(), step))
    ours = coffers_okx.coffers_sign(request, key, Attempt(NOW_MS, 0))
    exchange.milliseconds = lambda: NOW_MS
    theirs = exchange.sign(path, "private", "GET", {})
    assert theirs["headers"] == dict(ours.headers)
    assert theirs["url"].endswith(ours.target)
    assert theirs["method"] == ours.method


def test_ccxt_marks_a_demo_request_alike() -> None:
    exchange = witness()
    exchange.set_sandbox_mode(True)
    demo = coffers_okx.coffers_request(Query(Settings(environment="demo")))
    assert exchange.headers == dict(demo.headers)
    exchange.session.close()


@pytest.mark.parametrize(("name", "region"), [("myokx", "eea"), ("okxus", "us")])
def test_ccxt_knows_the_same_regions(name: str, region: str) -> None:
    exchange: Any = getattr(ccxt, name)()
    assert coffers_okx.coffers_provider().base_urls[region] == f"https://{exchange.hostname}"
    exchange.session.close()


def test_ccxt_reads_the_same(served: ServedAccount, exchange: Any) -> None:
    served.set_balance("BTC", EXACT)
    ours = read(served)
    trading = exchange.parse_balance_by_type("trading", exchange.private_get_account_balance())
    funding = exchange.parse_balance_by_type("funding", exchange.private_get_asset_balances())
    for wallet, theirs in (("trading", trading), ("funding", funding)):
        assert theirs["total"].keys() == {currency for held_in, currency in ours if held_in == wallet}
        assert all(agrees(ours[wallet, currency], theirs[currency]) for currency in theirs["total"])
    assert ours["trading", "BTC"].total == Decimal(EXACT)
    assert ours["trading", "DOGE"].total == Decimal(trading["DOGE"]["total"]) == Decimal("-40.25")


def test_ccxt_reads_the_documented_answer_but_for_what_is_free() -> None:
    exchange = witness()
    body = read_response(VECTORS["trading"].files["response.http"]).body
    theirs = exchange.parse_balance_by_type("trading", parse_json(body))["USDT"]
    assert theirs["total"] == "4992.890093622894"
    assert theirs["free"] == "4834.3170936228935"  # its known fault: the equity that can be used, not the balance
    assert Decimal(theirs["used"]) == Decimal(theirs["total"]) - Decimal(theirs["free"])
    exchange.session.close()


def test_ccxt_with_floats_loses_digits(served: ServedAccount, exchange: Any) -> None:
    """Its known fault: that is its default."""
    served.set_balance("BTC", EXACT)
    exchange.number = float
    theirs = exchange.parse_balance_by_type("trading", exchange.private_get_account_balance())
    assert Decimal(theirs["BTC"]["total"]) != Decimal(EXACT)


def test_the_official_client_reads_the_same(served: ServedAccount) -> None:
    served.set_balance("BTC", EXACT)
    ours = read(served)
    with official(AccountAPI, served) as theirs:
        for row in theirs.get_account_balance()["data"][0]["details"]:
            balance = ours.pop(("trading", row["ccy"]))
            assert (str(balance.total), str(balance.available)) == (row["eq"], row["availBal"])
            assert balance.details["liabilities"] == row["liab"]
        some = theirs.get_account_balance("BTC,DOGE")["data"][0]["details"]  # its comma is signed and sent as it is
        assert [row["ccy"] for row in some] == ["BTC", "DOGE"]
    with official(FundingAPI, served) as theirs:
        for row in theirs.get_balances()["data"]:
            balance = ours.pop(("funding", row["ccy"]))
            assert (str(balance.total), str(balance.available)) == (row["bal"], row["availBal"])
    assert not ours


def test_all_are_refused_with_a_revoked_key(served: ServedAccount, exchange: Any) -> None:
    served.revoke_key()
    with pytest.raises(AuthError, match="API key doesn't exist") as caught:
        read(served)
    assert caught.value.code == "50119"
    with official(AccountAPI, served) as theirs:
        assert theirs.get_account_balance()["code"] == "50119"
    with pytest.raises(ccxt.ExchangeError, match="50119"):
        exchange.private_get_account_balance()
