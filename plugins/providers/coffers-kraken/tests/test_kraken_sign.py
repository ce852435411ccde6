"""Kraken's signature: the published vector, and a nonce that rises under many readers."""

from __future__ import annotations

import base64
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import attrs
import pytest

import coffers_kraken
from coffers import Client
from coffers.plugin import (
    Attempt,
    ConfigError,
    NoSettings,
    Query,
    Request,
    SandboxAccount,
    SandboxCall,
    SandboxReply,
    Secret,
    SignedRequest,
)
from coffers.sandbox import Sandbox, ServedAccount
from coffers_kraken import KeyPair
from coffers_kraken.sandbox import SANDBOX
from coffers_kraken.sign import api_sign

#: https://docs.kraken.com/exchange/guides/rest/authentication
PUBLISHED_KEY = "kQH5HW/8p1uGOVjbgWA7FunAmGO8lsSUXNsu3eow76sz84Q18fWxnyRzBHCd3pd5nE9qa99HAZtuZuj6F1huXg=="
PUBLISHED_BODY = b"nonce=1616492376594&ordertype=limit&pair=XBTUSD&price=37500&type=buy&volume=1.25"
PUBLISHED_SIGN = "4/dpxb3iT4tp/ZCVEwSnEsLxx0bqyhLpdfOpc6fn7OR8+UClSV5n9E6aSS8MPtnRfp32bAb0nmbRn6H8ndwLUQ=="

READS = 48


def signed(private_key: str = PUBLISHED_KEY, nonce: int = 1616492376594) -> SignedRequest:
    request = coffers_kraken.coffers_request(Query(NoSettings()))
    return coffers_kraken.coffers_sign(request, KeyPair("made-up", Secret(private_key)), Attempt(0, nonce))


def test_the_published_signature() -> None:
    key = base64.b64decode(PUBLISHED_KEY)
    assert api_sign("/0/private/AddOrder", "1616492376594", PUBLISHED_BODY, key) == PUBLISHED_SIGN


def test_what_is_signed_is_the_body_that_is_sent() -> None:
    request = Request("POST", "/0/private/AddOrder", form=(("ordertype", "limit"), ("pair", "XBT/USD")))
    sent = coffers_kraken.coffers_sign(request, KeyPair("made-up", Secret(PUBLISHED_KEY)), Attempt(0, 1616492376594))
    assert sent.body == b"ordertype=limit&pair=XBT%2FUSD&nonce=1616492376594"
    expected = api_sign("/0/private/AddOrder", "1616492376594", sent.body, base64.b64decode(PUBLISHED_KEY))
    assert dict(sent.headers)["API-Sign"] == expected


def test_the_request_as_a_whole() -> None:
    request = signed()
    assert (request.method, request.target, request.host) == ("POST", "/0/private/BalanceEx", "api")
    assert request.body == b"nonce=1616492376594"
    names = [name for name, _ in request.headers]
    assert names == ["API-Key", "API-Sign", "Content-Type"]
    assert dict(request.headers)["Content-Type"] == "application/x-www-form-urlencoded"


def test_each_nonce_has_a_signature_of_its_own() -> None:
    assert dict(signed(nonce=1).headers)["API-Sign"] != dict(signed(nonce=2).headers)["API-Sign"]


@pytest.mark.parametrize("private_key", ["not base64!", "abc", "ключ", f"{PUBLISHED_KEY}\n", "====", "\ud800"])
def test_a_private_key_that_is_not_base64_is_a_config_error(private_key: str) -> None:
    with pytest.raises(ConfigError, match="private_key: must be base64") as caught:
        signed(private_key)
    assert caught.value.field == "private_key"
    assert private_key not in str(caught.value)
    assert caught.value.__context__ is None


# --- over HTTP -----------------------------------------------------------------------------------------------------


@attrs.define
class Watched:
    """The sandbox part, and what came to it."""

    nonces: list[int] = attrs.field(factory=list[int])
    agents: set[str] = attrs.field(factory=set[str])

    def answer(self, call: SandboxCall, account: SandboxAccount) -> SandboxReply:
        self.nonces.append(int(call.form["nonce"]))
        self.agents.add(call.header("user-agent") or "")
        return SANDBOX.answer(call, account)

    @contextmanager
    def served(self) -> Generator[ServedAccount]:
        with Sandbox([attrs.evolve(SANDBOX, answer=self.answer)]) as sandbox:
            yield sandbox["kraken"]


def test_many_readers_of_one_account_have_no_nonce_refused() -> None:
    """The sandbox refuses a nonce that does not rise; a refused one would be sent again, and be seen here."""
    watched = Watched()
    with watched.served() as served, Client() as client, ThreadPoolExecutor(READS) as threads:

        def read(_: int) -> int:
            return len(client.read(served.account()).balances)

        assert set(threads.map(read, range(READS))) == {len(SANDBOX.balances)}
    assert len(watched.nonces) == READS
    assert watched.nonces == sorted(set(watched.nonces))


def test_a_refused_nonce_is_asked_again_with_a_higher_one() -> None:
    """Another program was quicker by a moment."""
    drawn = iter([5, 6])
    watched = Watched()
    with watched.served() as served, Client(nonces=lambda _: next(drawn)) as client:
        key = KeyPair(SANDBOX.fields["api_key"], Secret(SANDBOX.fields["private_key"]))
        other = coffers_kraken.coffers_sign(
            coffers_kraken.coffers_request(Query(NoSettings())), key, Attempt(time_ms=0, nonce=5)
        )
        served.answer(SandboxCall("POST", other.target, (), other.headers, other.body, time_s=0.0))
        assert client.read(served.account()).balances
    assert watched.nonces == [5, 5, 6]


def test_kraken_wants_a_user_agent_and_gets_one() -> None:
    watched = Watched()
    with watched.served() as served, Client() as client:
        client.read(served.account())
    assert all(agent.startswith("coffers/") for agent in watched.agents)
    assert len(watched.agents) == 1
