"""A witness nobody here wrote: the official SDK pydo 0.44.0 reads the same account over HTTP.

It sends no bearer token without TLS unless told otherwise, so it is told; the sandbox is on loopback.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal

import pydo
import pytest
from azure.core.exceptions import ClientAuthenticationError

from coffers import AuthError, Client
from coffers.sandbox import Sandbox, ServedAccount
from coffers_digitalocean.sandbox import SANDBOX


@pytest.fixture
def served() -> Iterator[ServedAccount]:
    with Sandbox([SANDBOX]) as sandbox:
        yield sandbox["digitalocean"]


@pytest.fixture
def coffers_client() -> Iterator[Client]:
    with Client() as client:
        yield client


def witness(served: ServedAccount) -> Mapping[str, str]:
    theirs = pydo.Client(served.secret_fields()["token"], endpoint=served.base_url)
    figures: Mapping[str, str] = theirs.balance.get(enforce_https=False)
    return figures


@pytest.mark.parametrize("held", ["40.00", "-12.23", "0", "9007199254740993.10"])
def test_both_read_the_same_figures_with_opposite_signs(
    served: ServedAccount, coffers_client: Client, held: str
) -> None:
    served.set_balance("USD", held)
    snapshot = coffers_client.read(served.account())
    (row,) = snapshot.balances
    theirs = witness(served)
    assert row.total == Decimal(held) == -Decimal(theirs["account_balance"])
    assert row.available == -Decimal(theirs["month_to_date_balance"])
    assert row.pending == Decimal(theirs["month_to_date_usage"])
    assert snapshot.as_of is not None
    assert abs((datetime.fromisoformat(theirs["generated_at"]) - snapshot.as_of).total_seconds()) < 60


def test_both_are_refused_with_a_revoked_token(served: ServedAccount, coffers_client: Client) -> None:
    served.revoke_key()
    with pytest.raises(ClientAuthenticationError, match="Unable to authenticate you"):
        witness(served)
    with pytest.raises(AuthError, match="Unable to authenticate you") as caught:
        coffers_client.read(served.account())
    assert caught.value.code == "unauthorized"
