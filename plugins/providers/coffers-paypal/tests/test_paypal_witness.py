"""A witness nobody here wrote: PayPal's own client, paypal-server-sdk 2.4.0, fetches its own token and reads the same
account over HTTP.

It has no setting for the address, but a table of hosts; one of them is ours meanwhile. Its known fault: that its app
was refused is lost, all it tells is that it has no token.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from apimatic_core.exceptions.auth_validation_exception import (  # type: ignore[import-untyped]  # it has no types
    AuthValidationException,
)
from paypalserversdk.configuration import (  # type: ignore[import-untyped]  # it has no types
    Configuration,
    Environment,
    Server,
)
from paypalserversdk.http.auth.o_auth_2 import (  # type: ignore[import-untyped]  # it has no types
    ClientCredentialsAuthCredentials,
)
from paypalserversdk.paypal_serversdk_client import (  # type: ignore[import-untyped]  # it has no types
    PaypalServersdkClient,
)

from coffers import Account, AuthError, Client, Snapshot
from coffers.sandbox import Sandbox, ServedAccount
from coffers_paypal.sandbox import SANDBOX

Witness = Callable[..., Any]


@pytest.fixture
def served() -> Iterator[ServedAccount]:
    with Sandbox([SANDBOX]) as sandbox:
        yield sandbox["paypal"]


@pytest.fixture
def coffers_client() -> Iterator[Client]:
    with Client() as client:
        yield client


@pytest.fixture
def witness(served: ServedAccount, monkeypatch: pytest.MonkeyPatch) -> Witness:
    """What the provider's client reads: the whole answer."""
    monkeypatch.setitem(Configuration.environments[Environment.SANDBOX], Server.DEFAULT, served.base_url)

    def read(**options: str) -> Any:
        fields = SANDBOX.fields
        credentials = ClientCredentialsAuthCredentials(fields["client_id"], fields["client_secret"])
        theirs = PaypalServersdkClient(environment=Environment.SANDBOX, client_credentials_auth_credentials=credentials)
        return theirs.transaction_search.search_balances(options).body

    return read


def test_both_read_the_same_balances(served: ServedAccount, coffers_client: Client, witness: Witness) -> None:
    for code, amount in {"USD.withheld": "19.50", "TND": "1.005", "GBP": "9007199254740993.10"}.items():
        served.set_balance(code, amount)
    theirs, ours = witness(), coffers_client.read(served.account())
    assert len(theirs.balances) == len(ours.balances) == 5
    for their, our in zip(theirs.balances, ours.balances, strict=True):
        assert their.currency == our.currency
        assert (their.total_balance.value, their.total_balance.currency_code) == (str(our.total), our.currency)
        assert (their.available_balance.value, their.withheld_balance.value) == (str(our.available), str(our.reserved))
        assert str(their.primary).lower() == our.details["primary"]
    assert ours.as_of is not None
    asked_apart = ours.as_of - datetime.fromisoformat(theirs.last_refresh_time)
    assert abs(asked_apart) < timedelta(seconds=30)


def test_both_ask_for_one_currency(served: ServedAccount, coffers_client: Client, witness: Witness) -> None:
    def ours(currency: str) -> Snapshot:
        fields = dict(served.account().fields) | {"currency": currency}
        return coffers_client.read(Account("one", "paypal", fields, base_url=served.base_url))

    (their,) = witness(currency_code="EUR").balances
    (our,) = ours("eur").balances
    assert (their.currency, their.total_balance.value) == (our.currency, str(our.total)) == ("EUR", "-12.50")
    assert (witness(currency_code="CHF").balances, ours("CHF").balances) == ([], ())


def test_both_see_money_come_and_go(served: ServedAccount, coffers_client: Client, witness: Witness) -> None:
    served.top_up("USD", "0.01")
    served.spend("JPY", "9000")
    totals = {row.currency: row.total for row in coffers_client.read(served.account()).balances}
    assert totals == {row.currency: Decimal(row.total_balance.value) for row in witness().balances}
    assert (totals["USD"], totals["JPY"]) == (Decimal("100.01"), Decimal(0))


def test_both_are_refused_when_the_app_is_revoked(
    served: ServedAccount, coffers_client: Client, witness: Witness
) -> None:
    served.revoke_key()
    with pytest.raises(AuthValidationException, match="OAuthToken is undefined"):
        witness()
    with pytest.raises(AuthError, match="Client Authentication failed"):
        coffers_client.read(served.account())
