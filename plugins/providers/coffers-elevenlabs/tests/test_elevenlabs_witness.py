"""A witness nobody here wrote: ElevenLabs' own client, elevenlabs 2.78.0, reads the same subscription over HTTP.

It tells the limit and what was used of it; what is left is for its caller to make.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import httpx  # noqa: TID251  their client leaves its own one open
import pytest
from elevenlabs.client import ElevenLabs
from elevenlabs.core import ApiError
from elevenlabs.types import Subscription

from coffers import Account, AuthError, Balance, Client, PermissionDeniedError, Secret
from coffers.sandbox import Sandbox, ServedAccount
from coffers_elevenlabs.sandbox import RESTRICTED_KEY, SANDBOX


@pytest.fixture
def served() -> Iterator[ServedAccount]:
    with Sandbox([SANDBOX]) as sandbox:
        yield sandbox["elevenlabs"]


@pytest.fixture
def coffers_client() -> Iterator[Client]:
    with Client() as client:
        yield client


def witness(served: ServedAccount, key: str = SANDBOX.fields["key"]) -> Subscription:
    with httpx.Client() as transport:
        theirs: Subscription = ElevenLabs(
            api_key=key, base_url=served.base_url, httpx_client=transport
        ).user.subscription.get()
    return theirs


def read(client: Client, served: ServedAccount) -> Balance:
    (row,) = client.read(served.account()).balances
    return row


def with_key(served: ServedAccount, key: str) -> Account:
    return Account("other", "elevenlabs", {"key": Secret(key)}, base_url=served.base_url)


def test_both_read_the_same_subscription(served: ServedAccount, coffers_client: Client) -> None:
    theirs, ours = witness(served), read(coffers_client, served)
    assert theirs.character_limit - theirs.character_count == ours.total == Decimal(9000)
    assert {name: str(getattr(theirs, name)) for name in ours.details if not name.startswith("current_")} == {
        name: text for name, text in ours.details.items() if not name.startswith("current_")
    }
    assert theirs.current_overage.amount == ours.details["current_overage_amount"]
    assert theirs.current_overage.currency == ours.details["current_overage_currency"]


def test_both_see_credits_come_and_go(served: ServedAccount, coffers_client: Client) -> None:
    served.spend("CREDITS", "8999")
    assert (witness(served).character_count, read(coffers_client, served).total) == (9999, Decimal(1))
    served.top_up("CREDITS", "30000")
    theirs = witness(served)
    assert (theirs.character_limit, theirs.character_count) == (30001, 0)
    assert read(coffers_client, served).total == Decimal(30001)
    served.set_balance("CREDITS", "-250")
    assert (witness(served).character_count, read(coffers_client, served).total) == (10250, Decimal(-250))


def test_both_are_refused_with_a_restricted_key(served: ServedAccount, coffers_client: Client) -> None:
    with pytest.raises(ApiError) as caught:
        witness(served, RESTRICTED_KEY)
    assert (caught.value.status_code, caught.value.body["detail"]["status"]) == (401, "missing_permissions")
    with pytest.raises(PermissionDeniedError, match="missing the permission user_read"):
        coffers_client.read(with_key(served, RESTRICTED_KEY))


def test_both_are_refused_with_a_revoked_key(served: ServedAccount, coffers_client: Client) -> None:
    served.revoke_key()
    with pytest.raises(ApiError, match="Invalid API key"):
        witness(served)
    with pytest.raises(AuthError, match="Invalid API key"):
        coffers_client.read(served.account())
