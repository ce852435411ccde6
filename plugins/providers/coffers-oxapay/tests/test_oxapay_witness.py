"""A witness nobody here wrote: the vendor's own client, oxapay-python 1.1.0, reads the same account over HTTP.

It speaks v1 only; the legacy call has no witness of its own. Where it disagrees, its known fault is named.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import attrs
import pytest
from oxapay_python.endpoints.account import Account  # type: ignore[import-untyped]  # it has no types
from oxapay_python.exceptions import HttpException, InvalidApiKeyException  # type: ignore[import-untyped]  # it has no types
from oxapay_python.http.client import OxaPayClient  # type: ignore[import-untyped]  # it has no types

from coffers import AuthError, BadResponseError, Client, UnavailableError
from coffers.plugin import SandboxAccount, SandboxCall, SandboxReply
from coffers.sandbox import Sandbox, ServedAccount
from coffers_oxapay.v1.sandbox import SANDBOX


@pytest.fixture
def served() -> Iterator[ServedAccount]:
    with Sandbox([SANDBOX]) as sandbox:
        yield sandbox["oxapay-v1"]


@pytest.fixture
def coffers_client() -> Iterator[Client]:
    with Client() as client:
        yield client


@pytest.fixture
def witness(served: ServedAccount) -> Iterator[Account]:
    http = OxaPayClient(f"{served.base_url}/v1", timeout=5, version="1.1.0")
    http.session.trust_env = False  # no proxy between it and loopback
    with http.session:
        yield Account(http, served.secret_fields()["key"])


def read(client: Client, served: ServedAccount) -> dict[str, Decimal | None]:
    return {row.currency: row.total for row in client.read(served.account()).balances}


def test_both_read_the_same_balances(served: ServedAccount, coffers_client: Client, witness: Account) -> None:
    theirs: dict[str, Any] = witness.balance()
    ours = read(coffers_client, served)
    assert ours == served.balances
    # Its numbers are binary floats, so its figure is the nearest float to ours; ours is exact.
    assert theirs == {symbol: float(amount or 0) for symbol, amount in ours.items()}


def test_both_read_one_currency(served: ServedAccount, coffers_client: Client, witness: Account) -> None:
    assert witness.balance("BTC") == {"BTC": float("0.04518231")}
    assert read(coffers_client, served)["BTC"] == Decimal("0.04518231")


def test_both_see_money_come_and_go(served: ServedAccount, coffers_client: Client, witness: Account) -> None:
    served.top_up("USDT", "0.10")
    served.spend("BTC", "0.04518231")
    assert (witness.balance()["USDT"], witness.balance()["BTC"]) == (1250.6, 0)
    ours = read(coffers_client, served)
    assert (ours["USDT"], ours["BTC"]) == (Decimal("1250.60"), Decimal(0))


def test_an_amount_that_floats_cannot_hold(served: ServedAccount, coffers_client: Client, witness: Account) -> None:
    """Its known fault: JSON numbers go through `float`."""
    served.set_balance("SHIB", "9007199254740993.1")
    assert read(coffers_client, served)["SHIB"] == Decimal("9007199254740993.1")
    theirs = witness.balance()["SHIB"]
    assert theirs == float("9007199254740993.1")
    assert Decimal(theirs) != Decimal("9007199254740993.1")


def test_both_are_refused_with_a_revoked_key(served: ServedAccount, coffers_client: Client, witness: Account) -> None:
    served.revoke_key()
    with pytest.raises(InvalidApiKeyException, match="The provided API key is invalid"):
        witness.balance()
    with pytest.raises(AuthError, match="The provided API key is invalid"):
        coffers_client.read(served.account())


def test_a_page_for_people_is_not_no_money(served: ServedAccount, coffers_client: Client, witness: Account) -> None:
    """Its known fault: a page with HTTP 200 counts as an empty answer, and that as no balances."""
    served.misbehave("html", status=200)
    assert witness.balance() == {}
    with pytest.raises(BadResponseError):
        coffers_client.read(served.account())
    served.misbehave("html", status=403)
    with pytest.raises(HttpException):
        witness.balance()
    with pytest.raises(UnavailableError):
        coffers_client.read(served.account())


def test_an_envelope_that_says_no_with_http_200(coffers_client: Client) -> None:
    """Its known fault: it does not look at the envelope's status. The server is one that says so by envelope alone."""

    def by_envelope(call: SandboxCall, account: SandboxAccount) -> SandboxReply:
        return attrs.evolve(SANDBOX.answer(call, account), status=200)

    with Sandbox([attrs.evolve(SANDBOX, answer=by_envelope)]) as sandbox:
        served = sandbox["oxapay-v1"]
        served.revoke_key()
        http = OxaPayClient(f"{served.base_url}/v1", timeout=5, version="1.1.0")
        http.session.trust_env = False
        with http.session:
            assert Account(http, served.secret_fields()["key"]).balance() == {}
        with pytest.raises(AuthError, match="The provided API key is invalid"):
            coffers_client.read(served.account())
