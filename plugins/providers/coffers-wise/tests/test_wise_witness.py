"""A witness nobody here wrote: wise-sdk 0.1.1, generated from the published description, reads the same account.

It takes https addresses alone, so its transport carries what is for the true host to the sandbox. It reads amounts as
binary floats, its known fault.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import httpx  # noqa: TID251  the witness sends with it
import pytest
from wise_sdk.client import WiseClient
from wise_sdk.generated.core.api_error import ApiError
from wise_sdk.generated.environment import WiseClientEnvironment

from coffers import AuthError, Balance, Client
from coffers.sandbox import Sandbox, ServedAccount
from coffers_wise.sandbox import SANDBOX


class _OnLoopback(httpx.HTTPTransport):
    """Sends what is for Wise to the sandbox."""

    def __init__(self, base_url: str) -> None:
        super().__init__()
        self.base_url = base_url

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        assert request.url.host == "api.wise.com"
        url = httpx.URL(self.base_url + request.url.raw_path.decode())
        return super().handle_request(httpx.Request(request.method, url, headers=_without_host(request)))


def _without_host(request: httpx.Request) -> list[tuple[str, str]]:
    return [(name, value) for name, value in request.headers.multi_items() if name != "host"]


@pytest.fixture
def served() -> Iterator[ServedAccount]:
    with Sandbox([SANDBOX]) as sandbox:
        yield sandbox["wise"]


@pytest.fixture
def coffers_client() -> Iterator[Client]:
    with Client() as client:
        yield client


@pytest.fixture(params=["2026Q3", "2026Q4"])
def witness(served: ServedAccount, request: pytest.FixtureRequest) -> Iterator[Any]:
    environment = WiseClientEnvironment(api=f"https://api.wise.com/{request.param}", cards="https://twcard.wise.com")
    token = served.secret_fields()["token"]
    with httpx.Client(transport=_OnLoopback(served.base_url)) as http:
        yield WiseClient(access_token=token, environment=environment, max_retries=0, httpx_client=http)


def read(client: Client, served: ServedAccount) -> dict[str | None, Balance]:
    return {row.wallet: row for row in client.read(served.account()).balances}


def nearest(amount: Decimal | None) -> float:
    """What is left of `amount` in the witness."""
    assert amount is not None
    return float(amount)


def test_both_read_the_same_balances(served: ServedAccount, coffers_client: Client, witness: Any) -> None:
    served.set_balance("EUR-Taxes", "-17.05")
    ours = read(coffers_client, served)
    for profile in witness.profiles.list():
        for theirs in witness.balances.list(profile_id=profile.id, types="STANDARD,SAVINGS"):
            row = ours.pop(str(theirs.id))
            assert (row.currency, row.details["type"]) == (theirs.currency, theirs.type)
            assert (row.details.get("name"), row.details["profile_type"]) == (theirs.name, profile.type)
            assert row.details["profile"] == str(profile.id)
            assert nearest(row.available) == theirs.amount.value
            assert nearest(row.reserved) == theirs.reserved_amount.value
            assert nearest(row.total) == theirs.total_worth.value
            assert nearest(Decimal(row.details["cash"])) == theirs.cash_amount.value
    assert not ours


def test_an_amount_that_floats_cannot_hold(served: ServedAccount, coffers_client: Client, witness: Any) -> None:
    exact = Decimal("9007199254740993.10")
    served.set_balance("personal/GBP", exact)
    (ours,) = (row for row in read(coffers_client, served).values() if row.currency == "GBP")
    (theirs,) = witness.balances.list(profile_id=14575282, types="STANDARD")
    assert ours.available == exact
    assert Decimal(theirs.amount.value) != exact


def test_both_are_refused_with_a_revoked_token(served: ServedAccount, coffers_client: Client, witness: Any) -> None:
    served.revoke_key()
    with pytest.raises(ApiError) as caught:
        witness.profiles.list()
    assert caught.value.status_code == 401
    assert caught.value.body["error"] == "invalid_token"
    with pytest.raises(AuthError) as refused:
        coffers_client.read(served.account())
    assert refused.value.code == "invalid_token"
