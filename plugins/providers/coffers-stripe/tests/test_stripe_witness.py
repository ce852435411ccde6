"""A witness nobody here wrote: Stripe's own client, stripe 16.1.0, reads the same account over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import attrs
import pytest
import stripe

from coffers import Account, AuthError, Balance, Client, PermissionDeniedError
from coffers.sandbox import Sandbox, ServedAccount
from coffers_stripe.exponents import exponent
from coffers_stripe.sandbox import SANDBOX

ACCOUNT = "acct_MadeUp"
PLATFORM = attrs.evolve(SANDBOX, fields={**SANDBOX.fields, "connected_account": ACCOUNT})


@pytest.fixture
def served() -> Iterator[ServedAccount]:
    with Sandbox([SANDBOX]) as sandbox:
        yield sandbox["stripe"]


@pytest.fixture
def coffers_client() -> Iterator[Client]:
    with Client() as client:
        yield client


def witness(served: ServedAccount, **options: Any) -> stripe.Balance:
    http = stripe.RequestsClient()
    theirs = stripe.StripeClient(
        served.secret_fields()["key"], base_addresses={"api": served.base_url}, http_client=http, max_network_retries=0
    )
    try:
        return theirs.v1.balance.retrieve(options=options)  # type: ignore[arg-type]  # a TypedDict of its own
    finally:
        http.close()  # type: ignore[no-untyped-call]  # this method has no types


def read(client: Client, account: Account) -> dict[tuple[str, str | None], Balance]:
    return {(row.currency, row.wallet): row for row in client.read(account).balances}


def minor(amount: Decimal | None, currency: str) -> int:
    assert amount is not None
    return int(amount.scaleb(exponent(currency)))


def test_both_read_the_same_amounts(served: ServedAccount, coffers_client: Client) -> None:
    for code, amount in {"usd.pending": "614.14", "kwd": "5.120", "isk": "5.00", "eur.pending": "-0.01"}.items():
        served.set_balance(code, amount)
    ours, theirs = read(coffers_client, served.account()), witness(served)
    assert theirs.object == "balance"
    for name, funds in (("available", theirs.available), ("pending", theirs.pending)):
        assert len(funds) == len(ours)
        for one in funds:
            row = ours[one.currency.upper(), None]
            assert minor(getattr(row, name), one.currency) == one.amount
            assert row.details["livemode"] == str(theirs.livemode).lower()


def test_both_see_every_bucket(served: ServedAccount, coffers_client: Client) -> None:
    more = {"connect_reserved": "2.50", "instant_available": "6.40", "issuing": "150", "prefunding": "10"}
    for bucket, amount in more.items():
        served.set_balance(f"usd.{bucket}", amount)
    ours, theirs = read(coffers_client, served.account()), witness(served)
    assert theirs.connect_reserved
    assert theirs.instant_available
    assert theirs.issuing
    assert theirs.refund_and_dispute_prefunding
    payments, kept = ours["USD", None], ours["USD", "refund_and_dispute_prefunding"]
    assert minor(payments.reserved, "usd") == theirs.connect_reserved[0].amount == 250
    assert theirs.instant_available[0].amount == 640
    assert payments.details["instant_available"] == "6.40"
    assert minor(ours["USD", "issuing"].available, "usd") == theirs.issuing.available[0].amount == 15000
    assert minor(kept.available, "usd") == theirs.refund_and_dispute_prefunding.available[0].amount == 1000


def test_both_ask_for_a_connected_account(coffers_client: Client) -> None:
    with Sandbox([PLATFORM]) as sandbox:
        served = sandbox["stripe"]
        assert read(coffers_client, served.account())["USD", None].available == Decimal("6666.70")
        assert witness(served, stripe_account=ACCOUNT).available[0].amount == 666670
        with pytest.raises(stripe.PermissionError) as caught:
            witness(served, stripe_account="acct_Another")
        assert caught.value.error is not None
        assert caught.value.error.code == "account_invalid"
        fields = dict(served.account().fields) | {"connected_account": "acct_Another"}
        with pytest.raises(PermissionDeniedError, match="does not have access"):
            coffers_client.read(Account("other", "stripe", fields, base_url=served.base_url))


def test_both_are_refused_with_a_revoked_key(served: ServedAccount, coffers_client: Client) -> None:
    served.revoke_key()
    with pytest.raises(stripe.AuthenticationError, match="Invalid API Key provided") as caught:
        witness(served)
    with pytest.raises(AuthError, match="Invalid API Key provided") as ours:
        coffers_client.read(served.account())
    assert caught.value.request_id == ours.value.request_id is not None
