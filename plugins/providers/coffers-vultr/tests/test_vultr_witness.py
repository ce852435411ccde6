"""A witness nobody here wrote: the published client vultr-python 0.2.0 reads the same account over HTTP.

It has no call for the account, so it is asked for the path. Its known fault: amounts are binary floats.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from vultr import Vultr
from vultr.vultr import VultrException

from coffers import AuthError, Client
from coffers.sandbox import Sandbox, ServedAccount
from coffers_vultr.sandbox import SANDBOX


@pytest.fixture
def served() -> Iterator[ServedAccount]:
    with Sandbox([SANDBOX]) as sandbox:
        yield sandbox["vultr"]


@pytest.fixture
def coffers_client() -> Iterator[Client]:
    with Client() as client:
        yield client


def witness(served: ServedAccount) -> Any:
    theirs: Any = Vultr(served.secret_fields()["key"])
    theirs.url = f"{served.base_url}/v2"
    return theirs.get("/account")["account"]


@pytest.mark.parametrize("held", ["50.00", "-11.2", "0"])
def test_both_read_the_same_figures_with_opposite_signs(
    served: ServedAccount, coffers_client: Client, held: str
) -> None:
    served.set_balance("USD", held)
    (row,) = coffers_client.read(served.account()).balances
    theirs = witness(served)
    assert row.total == Decimal(held) == -Decimal(str(theirs["balance"]))
    assert row.pending == Decimal(str(theirs["pending_charges"]))


def test_an_amount_that_floats_cannot_hold(served: ServedAccount, coffers_client: Client) -> None:
    served.set_balance("USD", "9007199254740993.1")
    (row,) = coffers_client.read(served.account()).balances
    assert row.total == Decimal("9007199254740993.1")
    theirs = witness(served)["balance"]
    assert theirs == -9007199254740993.1
    assert Decimal(theirs) != -Decimal("9007199254740993.1")


def test_both_are_refused_with_a_revoked_key(served: ServedAccount, coffers_client: Client) -> None:
    served.revoke_key()
    with pytest.raises(VultrException, match="Invalid API token"):
        witness(served)
    with pytest.raises(AuthError, match="Invalid API token"):
        coffers_client.read(served.account())
