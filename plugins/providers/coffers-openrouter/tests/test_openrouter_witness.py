"""A witness nobody here wrote: OpenRouter's own client, openrouter 1.3.84, reads the same account over HTTP.

Where it differs, its known fault is named.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest
from openrouter import OpenRouter
from openrouter.errors import ForbiddenResponseError, UnauthorizedResponseError

from coffers import Account, AuthError, Balance, Client, PermissionDeniedError, Secret
from coffers.sandbox import Sandbox, ServedAccount
from coffers_openrouter.sandbox import INFERENCE_KEY, KEY_THAT_SEES_ZEROS, SANDBOX


@pytest.fixture
def served() -> Iterator[ServedAccount]:
    with Sandbox([SANDBOX]) as sandbox:
        yield sandbox["openrouter"]


@pytest.fixture
def coffers_client() -> Iterator[Client]:
    with Client() as client:
        yield client


def witness(served: ServedAccount, key: str = SANDBOX.fields["key"]) -> tuple[float, float]:
    """Bought and used. Its amounts are binary floats, its known fault."""
    with OpenRouter(api_key=key, server_url=f"{served.base_url}/api/v1") as theirs:
        figures = theirs.credits.get_credits().data
    return figures.total_credits, figures.total_usage


def is_management_key(served: ServedAccount, key: str) -> tuple[bool, bool]:
    with OpenRouter(api_key=key, server_url=f"{served.base_url}/api/v1") as theirs:
        told = theirs.api_keys.get_current_key_metadata().data
    return told.is_management_key, told.is_provisioning_key


def read(client: Client, served: ServedAccount) -> Balance:
    (row,) = client.read(served.account()).balances
    return row


def with_key(served: ServedAccount, key: str) -> Account:
    return Account("other", "openrouter", {"key": Secret(key)}, base_url=served.base_url)


def test_both_read_the_same_figures(served: ServedAccount, coffers_client: Client) -> None:
    row = read(coffers_client, served)
    assert witness(served) == (float(row.details["total_credits"]), float(row.details["total_usage"])) == (100.5, 25.75)
    assert row.total == Decimal("74.75")


def test_both_see_money_come_and_go(served: ServedAccount, coffers_client: Client) -> None:
    assert witness(served) == (100.5, 25.75)
    served.spend("USD", "0.25")
    assert witness(served) == (100.5, 26.0)
    served.top_up("USD", "10")
    assert witness(served) == (110.5, 26.0)
    assert read(coffers_client, served).total == Decimal("84.50")


def test_a_difference_that_floats_cannot_hold(served: ServedAccount, coffers_client: Client) -> None:
    served.set_balance("USD", "0.1")
    bought, used = witness(served)
    assert Decimal(bought - used) != Decimal("0.1")
    assert read(coffers_client, served).total == Decimal("0.1")


def test_both_are_refused_with_a_key_for_inference(served: ServedAccount, coffers_client: Client) -> None:
    with pytest.raises(ForbiddenResponseError, match="Only management keys"):
        witness(served, INFERENCE_KEY)
    with pytest.raises(PermissionDeniedError, match="Only management keys"):
        coffers_client.read(with_key(served, INFERENCE_KEY))


@pytest.mark.filterwarnings("ignore:.*DEPRECATED:DeprecationWarning")  # it warns of members of its own answers
def test_two_zeros(served: ServedAccount, coffers_client: Client) -> None:
    """Its known fault: to a key that sees zeros it tells nothing but zeros. What it says of the key is right."""
    assert witness(served, KEY_THAT_SEES_ZEROS) == (0, 0)
    assert is_management_key(served, KEY_THAT_SEES_ZEROS) == (False, False)
    with pytest.raises(PermissionDeniedError):
        coffers_client.read(with_key(served, KEY_THAT_SEES_ZEROS))
    assert is_management_key(served, SANDBOX.fields["key"]) == (True, True)


def test_both_are_refused_with_a_revoked_key(served: ServedAccount, coffers_client: Client) -> None:
    served.revoke_key()
    with pytest.raises(UnauthorizedResponseError, match="User not found"):
        witness(served)
    with pytest.raises(AuthError, match="User not found"):
        coffers_client.read(served.account())
