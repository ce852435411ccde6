"""A witness nobody here wrote: Mollie's own client, mollie-api-python 4.0.0, reads the same account over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
import requests  # noqa: TID251  the witness sends with it
from mollie.api.client import Client as MollieClient
from mollie.api.error import UnauthorizedError
from requests.adapters import HTTPAdapter  # noqa: TID251  as above

from coffers import AuthError, Balance, Client
from coffers.sandbox import Sandbox, ServedAccount
from coffers_mollie.sandbox import SANDBOX


@pytest.fixture
def served() -> Iterator[ServedAccount]:
    with Sandbox([SANDBOX]) as sandbox:
        yield sandbox["mollie"]


@pytest.fixture
def coffers_client() -> Iterator[Client]:
    with Client() as client:
        yield client


class _OnLoopback(HTTPAdapter):
    """Carries what is for the true address to the sandbox: the links in an answer name the true one."""

    def __init__(self, base_url: str) -> None:
        super().__init__()
        self.base_url = base_url

    def send(self, request: Any, *args: Any, **kwargs: Any) -> requests.Response:
        request.url = self.base_url + request.url.removeprefix(MollieClient.API_ENDPOINT)
        return super().send(request, *args, **kwargs)


@pytest.fixture
def witness(served: ServedAccount) -> Iterator[Any]:
    theirs = MollieClient(retry=0)
    theirs.set_api_endpoint(served.base_url)
    theirs.set_access_token(served.secret_fields()["token"])
    with requests.Session() as session:
        theirs._client = session  # it never closes its own
        yield theirs


def read(client: Client, served: ServedAccount) -> dict[str | None, Balance]:
    return {row.wallet: row for row in client.read(served.account()).balances}


def agree(theirs: Any, ours: Balance) -> None:
    assert (theirs.currency, theirs.status, theirs.mode) == (
        ours.currency,
        ours.details["status"],
        ours.details["mode"],
    )
    for amount, told in ((ours.available, theirs.available_amount), (ours.pending, theirs.pending_amount)):
        assert told == {"currency": ours.currency, "value": str(amount)}
    assert ours.total == Decimal(theirs.available_amount["value"]) + Decimal(theirs.pending_amount["value"])


def test_both_read_the_same_balances(served: ServedAccount, coffers_client: Client, witness: Any) -> None:
    served.set_balance("EUR", "123456789012345678901234.56")
    served.set_balance("CHF", "-7.10")
    ours, theirs = read(coffers_client, served), list(witness.balances.list())
    assert [balance.id for balance in theirs] == list(ours)
    assert {row.wallet: row.available for row in ours.values()} == {
        "bal_madeUpEUR": Decimal("123456789012345678901234.56"),
        "bal_madeUpEURSHOP": Decimal("3.82"),
        "bal_madeUpCHF": Decimal("-7.10"),
    }
    for balance in theirs:
        agree(balance, ours[balance.id])


def test_both_follow_the_pages(served: ServedAccount, coffers_client: Client, witness: Any) -> None:
    for number in range(260):
        served.set_balance(f"GBP-{number}", f"0.{number:03}")
    witness.set_api_endpoint(MollieClient.API_ENDPOINT)
    witness._client.mount(MollieClient.API_ENDPOINT, _OnLoopback(served.base_url))
    ours, page, seen = read(coffers_client, served), witness.balances.list(limit=100), []
    while page is not None:
        seen += list(page)
        page = page.get_next()
    assert [balance.id for balance in seen] == list(ours)
    assert len(seen) == 263
    for balance in seen:
        agree(balance, ours[balance.id])


def test_both_see_test_mode(served: ServedAccount, witness: Any) -> None:
    witness.set_testmode(True)
    assert {balance.mode for balance in witness.balances.list()} == {"test"}


def test_both_are_refused_with_a_revoked_token(served: ServedAccount, coffers_client: Client, witness: Any) -> None:
    served.revoke_key()
    with pytest.raises(UnauthorizedError, match="failed to authenticate"):
        witness.balances.list()
    with pytest.raises(AuthError, match="failed to authenticate"):
        coffers_client.read(served.account())
