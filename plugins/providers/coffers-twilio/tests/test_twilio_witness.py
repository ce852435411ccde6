"""A witness nobody here wrote: Twilio's own client, twilio 9.13.0, reads the same account over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import attrs
import pytest
from twilio.base.exceptions import TwilioRestException  # type: ignore[import-untyped]  # it has no types
from twilio.http.http_client import TwilioHttpClient  # type: ignore[import-untyped]  # it has no types
from twilio.rest import Client as Witness  # type: ignore[import-untyped]  # it has no types

from coffers import AuthError, Balance, Client, UnsupportedError
from coffers.sandbox import Sandbox, ServedAccount
from coffers_twilio.sandbox import SANDBOX

SID = SANDBOX.fields["account_sid"]
WITH_TOKEN = attrs.evolve(SANDBOX, fields={"account_sid": SID, "auth_token": "made-up-auth-token"})


@pytest.fixture(params=[SANDBOX, WITH_TOKEN], ids=["api key", "auth token"])
def served(request: pytest.FixtureRequest) -> Iterator[ServedAccount]:
    with Sandbox([request.param]) as sandbox:
        yield sandbox["twilio"]


@pytest.fixture
def coffers_client() -> Iterator[Client]:
    with Client() as client:
        yield client


def witness(served: ServedAccount, secret: str | None = None) -> Any:
    """What the provider's client reads, with the account's credentials or with another secret."""
    user = "account_sid" if "auth_token" in served.secret_fields() else "api_key"
    password = next(iter(served.secret_fields().values())) if secret is None else secret
    fields = WITH_TOKEN.fields if user == "account_sid" else SANDBOX.fields
    http: Any = TwilioHttpClient()
    theirs = Witness(fields[user], password, SID, http_client=http)
    theirs.api.base_url = served.base_url
    try:
        return theirs.api.v2010.account.balance.fetch()
    finally:
        http.session.close()


def read(client: Client, served: ServedAccount) -> Balance:
    (row,) = client.read(served.account()).balances
    return row


@pytest.mark.parametrize("amount", ["12.29", "0.05", "0", "-3.500", "9007199254740993.10"])
def test_both_read_the_same_balance(served: ServedAccount, coffers_client: Client, amount: str) -> None:
    served.set_balance("USD", amount)
    ours, theirs = read(coffers_client, served), witness(served)
    assert (theirs.balance, theirs.currency, theirs.account_sid) == (amount, "USD", SID)
    assert (str(ours.total), ours.currency) == (amount, "USD")


def test_both_see_money_come_and_go(served: ServedAccount, coffers_client: Client) -> None:
    served.spend("USD", "12.28")
    assert (witness(served).balance, read(coffers_client, served).total) == ("0.01", Decimal("0.01"))
    served.top_up("USD", "20")
    assert (witness(served).balance, read(coffers_client, served).total) == ("20.01", Decimal("20.01"))


def test_a_sub_account_has_no_balance(served: ServedAccount, coffers_client: Client) -> None:
    """The provider's client answers None; coffers says that it tells none."""
    served.set_balance("USD", None)
    assert witness(served).balance is None
    with pytest.raises(UnsupportedError, match="balance"):
        read(coffers_client, served)


def test_both_are_refused_with_a_revoked_key(served: ServedAccount, coffers_client: Client) -> None:
    served.revoke_key()
    with pytest.raises(TwilioRestException, match="Authenticate") as caught:
        witness(served)
    assert (caught.value.status, caught.value.code) == (401, 20003)
    with pytest.raises(AuthError, match="Authenticate") as ours:
        read(coffers_client, served)
    assert ours.value.code == "20003"


def test_the_witness_is_refused_with_another_secret(served: ServedAccount) -> None:
    with pytest.raises(TwilioRestException, match="Authenticate"):
        witness(served, "another")
