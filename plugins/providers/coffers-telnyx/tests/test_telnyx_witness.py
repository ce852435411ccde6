"""A witness nobody here wrote: Telnyx's own client, telnyx 4.189.0, reads the same account over HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from telnyx import AuthenticationError, Telnyx
from telnyx.types.balance_retrieve_response import Data

from coffers import AuthError, Balance, Client
from coffers.sandbox import Sandbox, ServedAccount
from coffers_telnyx.sandbox import SANDBOX


@pytest.fixture
def served() -> Iterator[ServedAccount]:
    with Sandbox([SANDBOX]) as sandbox:
        yield sandbox["telnyx"]


@pytest.fixture
def coffers_client() -> Iterator[Client]:
    with Client() as client:
        yield client


def witness(served: ServedAccount, key: str | None = None) -> Data:
    key = served.secret_fields()["key"] if key is None else key
    with Telnyx(api_key=key, base_url=f"{served.base_url}/v2", max_retries=0) as theirs:
        data = theirs.balance.retrieve().data
    assert data is not None
    return data


def read(client: Client, served: ServedAccount) -> Balance:
    (row,) = client.read(served.account()).balances
    return row


@pytest.mark.parametrize("amount", ["300.00", "0", "-50.0010", "9007199254740993.10"])
def test_both_read_the_same_figures(served: ServedAccount, coffers_client: Client, amount: str) -> None:
    served.set_balance("USD", amount)
    ours, theirs = read(coffers_client, served), witness(served)
    assert (theirs.balance, theirs.currency, theirs.record_type) == (amount, "USD", "balance")
    assert (str(ours.total), ours.currency) == (theirs.balance, theirs.currency)
    assert str(ours.available) == theirs.available_credit
    assert (str(ours.pending), dict(ours.details)) == (theirs.pending, {"credit_limit": theirs.credit_limit})


def test_both_see_money_come_and_go(served: ServedAccount, coffers_client: Client) -> None:
    served.spend("USD", "299.99")
    ours, theirs = read(coffers_client, served), witness(served)
    assert (str(ours.total), str(ours.available)) == ("0.01", "100.01")
    assert (theirs.balance, theirs.available_credit) == ("0.01", "100.01")


def test_both_are_refused_with_a_revoked_key(served: ServedAccount, coffers_client: Client) -> None:
    served.revoke_key()
    with pytest.raises(AuthenticationError, match="10009"):
        witness(served)
    with pytest.raises(AuthError, match="Authentication failed") as ours:
        read(coffers_client, served)
    assert ours.value.code == "10009"


def test_the_witness_is_refused_with_another_key(served: ServedAccount) -> None:
    with pytest.raises(AuthenticationError, match="10009"):
        witness(served, "another")
