"""A witness nobody here wrote: the official SDK linode-api4 5.48.0 reads the same account over HTTP.

Its known fault: the account's amounts are binary floats there.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from linode_api4 import ApiError, LinodeClient  # type: ignore[import-untyped]  # it has no types

from coffers import AuthError, Client
from coffers.sandbox import Sandbox, ServedAccount
from coffers_linode.sandbox import SANDBOX


@pytest.fixture
def served() -> Iterator[ServedAccount]:
    with Sandbox([SANDBOX]) as sandbox:
        yield sandbox["linode"]


@pytest.fixture
def coffers_client() -> Iterator[Client]:
    with Client() as client:
        yield client


def witness(served: ServedAccount) -> Any:
    return LinodeClient(served.secret_fields()["token"], base_url=f"{served.base_url}/v4").account()


@pytest.mark.parametrize("held", ["29.91", "-200", "0", "-0.5"])
def test_both_read_the_same_figures_with_opposite_signs(
    served: ServedAccount, coffers_client: Client, held: str
) -> None:
    served.set_balance("USD", held)
    account, _ = coffers_client.read(served.account()).balances
    theirs = witness(served)
    assert account.total == Decimal(held) == -Decimal(str(theirs.balance))
    assert account.pending == Decimal(str(theirs.balance_uninvoiced))


def test_both_read_the_same_promotion(served: ServedAccount, coffers_client: Client) -> None:
    _, promotion = coffers_client.read(served.account()).balances
    (theirs,) = witness(served).active_promotions
    assert promotion.wallet == theirs.summary
    assert (promotion.total, promotion.available) == (
        Decimal(theirs.credit_remaining),
        Decimal(theirs.this_month_credit_remaining),
    )
    assert promotion.expires_at == datetime.fromisoformat(theirs.expire_dt).replace(tzinfo=UTC)
    assert promotion.details["service_type"] == theirs.service_type


def test_an_amount_that_floats_cannot_hold(served: ServedAccount, coffers_client: Client) -> None:
    served.set_balance("USD", "9007199254740993.1")
    account, _ = coffers_client.read(served.account()).balances
    assert account.total == Decimal("9007199254740993.1")
    theirs = witness(served).balance
    assert theirs == -9007199254740993.1
    assert Decimal(theirs) != -Decimal("9007199254740993.1")


def test_both_are_refused_with_a_revoked_token(served: ServedAccount, coffers_client: Client) -> None:
    served.revoke_key()
    with pytest.raises(ApiError, match="Invalid Token"):
        witness(served)
    with pytest.raises(AuthError, match="Invalid Token"):
        coffers_client.read(served.account())
