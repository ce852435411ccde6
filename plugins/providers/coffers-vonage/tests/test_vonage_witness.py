"""A witness nobody here wrote: Vonage's own client, vonage-account 1.1.2, reads the same account over HTTP.

Its known fault is named: its amounts are binary floats.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from requests import PreparedRequest, Response  # noqa: TID251  the witness asks with it
from requests.adapters import HTTPAdapter  # noqa: TID251  the witness asks with it
from vonage_account import Account as Witness  # type: ignore[import-untyped]  # it has no types
from vonage_http_client.auth import Auth  # type: ignore[import-untyped]  # it has no types
from vonage_http_client.errors import AuthenticationError  # type: ignore[import-untyped]  # it has no types
from vonage_http_client.http_client import HttpClient, HttpClientOptions  # type: ignore[import-untyped]  # as above

from coffers import AuthError, Balance, Client
from coffers.sandbox import Sandbox, ServedAccount
from coffers_vonage.sandbox import SANDBOX


class PlainAdapter(HTTPAdapter):
    """The client's host can be set, but it always says https: loopback is asked without TLS."""

    def send(self, request: PreparedRequest, *args: Any, **options: Any) -> Response:
        request.url = (request.url or "").replace("https://127.0.0.1", "http://127.0.0.1", 1)
        return super().send(request, *args, **options)


@pytest.fixture
def served() -> Iterator[ServedAccount]:
    with Sandbox([SANDBOX]) as sandbox:
        yield sandbox["vonage"]


@pytest.fixture
def coffers_client() -> Iterator[Client]:
    with Client() as client:
        yield client


def witness(served: ServedAccount, secret: str | None = None) -> Any:
    """What the provider's client reads, with the account's secret or with another one."""
    secret = served.secret_fields()["api_secret"] if secret is None else secret
    options = HttpClientOptions(rest_host=served.base_url.removeprefix("http://"), max_retries=0)
    http: Any = HttpClient(Auth(api_key=SANDBOX.fields["api_key"], api_secret=secret), options)
    with http._session as session:
        session.mount("https://127.0.0.1", PlainAdapter())
        return Witness(http).get_balance()


def read(client: Client, served: ServedAccount) -> Balance:
    (row,) = client.read(served.account()).balances
    return row


@pytest.mark.parametrize("amount", ["10.28", "10.17127500", "0", "-3.5"])
def test_both_read_the_same_balance(served: ServedAccount, coffers_client: Client, amount: str) -> None:
    served.set_balance("EUR", amount)
    ours, theirs = read(coffers_client, served), witness(served)
    assert (str(ours.total), ours.currency) == (amount, "EUR")
    assert (theirs.value, theirs.auto_reload) == (float(amount), False)
    assert dict(ours.details) == {"auto_reload": "false"}


def test_an_amount_that_floats_cannot_hold(served: ServedAccount, coffers_client: Client) -> None:
    """Its known fault: the last digits are others."""
    served.set_balance("EUR", "9007199254740993.1")
    assert read(coffers_client, served).total == Decimal("9007199254740993.1")
    assert Decimal(witness(served).value) != Decimal("9007199254740993.1")


def test_both_see_money_come_and_go(served: ServedAccount, coffers_client: Client) -> None:
    served.spend("EUR", "10.27")
    assert (witness(served).value, read(coffers_client, served).total) == (0.01, Decimal("0.01"))


def test_both_are_refused_with_a_revoked_secret(served: ServedAccount, coffers_client: Client) -> None:
    served.revoke_key()
    with pytest.raises(AuthenticationError, match="authentication failed"):
        witness(served)
    with pytest.raises(AuthError, match="authentication failed") as ours:
        read(coffers_client, served)
    assert ours.value.code == "401"


def test_the_witness_is_refused_with_another_secret(served: ServedAccount) -> None:
    with pytest.raises(AuthenticationError, match="authentication failed"):
        witness(served, "another")
