"""Witnesses nobody here wrote: heleket-sdk 0.3.0, cryptomus 1.1 and ccxt 4.5.64.

The first two call our sandbox and see the account that coffers sees; the third signs as we do. Where one disagrees, its
known fault is named.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import attrs
import ccxt  # type: ignore[import-untyped]  # it has no types
import pytest
import requests  # noqa: TID251  the vendor's client keeps a session, which somebody must close
from cryptomus import Client as CryptomusClient  # type: ignore[import-untyped]  # it has no types
from cryptomus.request_exceptions import RequestExceptionsBuilder  # type: ignore[import-untyped]  # it has no types
from heleket_sdk import ApiError, ClientOptions, HeleketPayment, RequestsTransport
from hypothesis import given
from hypothesis import strategies as st

from coffers import AuthError, BadResponseError, Client
from coffers.plugin import Attempt, Request, SandboxAccount, SandboxCall, SandboxReply, Secret, reply_json
from coffers.sandbox import Sandbox, ServedAccount
from coffers_cryptomus.sandbox import CRYPTOMUS, HELEKET
from coffers_cryptomus.sign import Merchant, coffers_sign


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox([CRYPTOMUS, HELEKET]) as served:
        yield served


@pytest.fixture
def coffers_client() -> Iterator[Client]:
    with Client() as client:
        yield client


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as opened:
        yield opened


def heleket(served: ServedAccount, session: requests.Session) -> HeleketPayment:
    """The vendor's own client."""
    options = ClientOptions(base_url=served.base_url, transport=RequestsTransport(session))
    return HeleketPayment(
        merchant_id=HELEKET.fields["merchant"], api_key=served.secret_fields()["key"], options=options
    )


def cryptomus(served: ServedAccount) -> Any:
    client = CryptomusClient.payment(served.secret_fields()["key"], CRYPTOMUS.fields["merchant"])
    client.requestBuilder.api_url = f"{served.base_url}/"
    return client


def read(client: Client, served: ServedAccount) -> list[tuple[str | None, str, Decimal | None, str]]:
    rows = client.read(served.account()).balances
    return [(row.wallet, row.details["asset"], row.total, row.details["uuid"]) for row in rows]


def test_the_vendors_client_reads_the_same_account(
    sandbox: Sandbox, coffers_client: Client, session: requests.Session
) -> None:
    """It sends no body and signs the empty text, as we do."""
    served = sandbox["heleket"]
    served.set_balance("user:USDT", "9007199254740993.00000001")
    found = heleket(served, session).get_balance()
    theirs = [
        (name, row.currency_code, Decimal(row.balance or ""), row.uuid)
        for name, rows in (("merchant", found.merchant), ("user", found.user))
        for row in rows
    ]
    assert theirs == read(coffers_client, served)
    assert len(theirs) == len(HELEKET.balances)


def test_a_result_that_is_none(session: requests.Session, coffers_client: Client) -> None:
    """The vendor's client's known fault: what it does not understand is an empty account."""

    def nothing(call: SandboxCall, account: SandboxAccount) -> SandboxReply:
        return reply_json({"state": 0, "result": []})

    with Sandbox([attrs.evolve(HELEKET, answer=nothing)]) as sandbox:
        found = heleket(sandbox["heleket"], session).get_balance()
        assert (found.merchant, found.user) == ([], [])
        with pytest.raises(BadResponseError, match="result"):
            coffers_client.read(sandbox["heleket"].account())


def test_another_client_reads_the_same_account(sandbox: Sandbox, coffers_client: Client) -> None:
    """It sends ``{}`` and signs that."""
    served = sandbox["cryptomus"]
    [found] = cryptomus(served).balance()
    theirs = [
        (name, row["currency_code"], Decimal(row["balance"]), row["uuid"])
        for name, rows in found["balance"].items()
        for row in rows
    ]
    assert theirs == read(coffers_client, served)


def test_all_are_refused_with_a_revoked_key(
    sandbox: Sandbox, coffers_client: Client, session: requests.Session
) -> None:
    for served in (sandbox["cryptomus"], sandbox["heleket"]):
        served.revoke_key()
        with pytest.raises(AuthError, match=r"Invalid Sign\."):
            coffers_client.read(served.account())
    with pytest.raises(ApiError, match=r"Invalid Sign\."):
        heleket(sandbox["heleket"], session).get_balance()
    with pytest.raises((RequestExceptionsBuilder, KeyError)):  # its known fault: it needs a state in every answer
        cryptomus(sandbox["cryptomus"]).balance()


@given(st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=200))
def test_ccxt_signs_alike(key: str) -> None:
    """Its calls are those of the exchange, with a header of another name; the signature is the same."""
    exchange: Any = ccxt.cryptomus({"uid": "made-up", "secret": key})
    for method, request in (
        ("GET", Request("GET", "/v2/user-api/exchange/account/balance")),
        ("POST", Request("POST", "/v2/user-api/exchange/account/balance", json=())),
    ):
        theirs = exchange.sign(request.path.lstrip("/"), "private", method)
        ours = coffers_sign(request, Merchant("made-up", Secret(key)), Attempt(0, 0))
        assert (theirs["body"] or "").encode() == ours.body
        assert theirs["headers"]["sign"] == dict(ours.headers)["sign"]
    exchange.session.close()
