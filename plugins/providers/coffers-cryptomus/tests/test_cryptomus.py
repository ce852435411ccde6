"""Cryptomus and Heleket: the rows of the README one by one, for both; the vectors hold the rest."""

from __future__ import annotations

import copy
import hashlib
import json
from decimal import Decimal
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import coffers_cryptomus.cryptomus
import coffers_cryptomus.heleket
from coffers import Client, parse_guarded
from coffers.plugin import (
    Attempt,
    AuthError,
    BadResponseError,
    CoffersError,
    NoSettings,
    Query,
    Request,
    Response,
    SandboxAccount,
    SandboxCall,
    SandboxReply,
    Secret,
    SignedRequest,
    Snapshot,
    Valuation,
    amount_to_text,
)
from coffers.sandbox import Sandbox
from coffers.testing.mutations import mutants
from coffers_cryptomus.sandbox import BODIES, CRYPTOMUS, HELEKET
from coffers_cryptomus.sign import Merchant, coffers_sign

QUERY = Query(NoSettings())
UUID = "abcdabcd-abcd-1234-1234-abcdabcd"
AMOUNTS = st.decimals(allow_nan=False, allow_infinity=False, places=8, min_value=-(10**20), max_value=10**20)

#: Computed with PHP's md5, base64_encode and json_encode, for this key.
KEY = "test-payment-key"
SIGNS = [(b"", "0f471ea3d804a8999b0b45e578e8b652"), (b"{}", "8e79fed066ca39c2ab37fe3fe6eb0905")]


def wallet(currency: str = "BTC", balance: object = "0.57000000", **more: object) -> dict[str, Any]:
    return {"uuid": UUID, "balance": balance, "currency_code": currency, **more}


def success(*merchant: dict[str, Any], user: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    return {"state": 0, "result": [{"balance": {"merchant": list(merchant), "user": user or []}}]}


def parse(body: object, status: int = 200) -> Snapshot:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    response = Response(status, (("Content-Type", "application/json"),), content)
    answer = parse_guarded(coffers_cryptomus.cryptomus.coffers_parse, QUERY, response)
    assert isinstance(answer, Snapshot)
    return answer


# --- the request ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("plugin", "host"),
    [
        (coffers_cryptomus.cryptomus, "https://api.cryptomus.com"),
        (coffers_cryptomus.heleket, "https://api.heleket.com"),
    ],
)
def test_one_request_for_two_hosts(plugin: Any, host: str) -> None:
    request = plugin.coffers_sign(plugin.coffers_request(QUERY), Merchant("made-up", Secret(KEY)), Attempt(0, 0))
    assert plugin.coffers_provider().base_urls == {"api": host}
    assert (request.method, request.target, request.host, request.body) == ("POST", "/v1/balance", "api", b"")
    headers = (("Content-Type", "application/json"), ("merchant", "made-up"), ("sign", SIGNS[0][1]))
    assert request.headers == headers


@pytest.mark.parametrize(("body", "sign"), SIGNS)
def test_signatures_that_php_computed(body: bytes, sign: str) -> None:
    request = Request("POST", "/v1/balance", json=() if body else None)
    sent = coffers_sign(request, Merchant("made-up", Secret(KEY)), Attempt(0, 0))
    assert sent.body == body
    assert dict(sent.headers)["sign"] == sign


def test_a_body_is_signed_as_it_is_sent() -> None:
    """PHP would write ``\\/`` and ``\\u00e4``; what counts is what goes on the wire."""
    request = Request("POST", "/v1/payment", json={"url_callback": "https://shop.example/ä"})
    sent = coffers_sign(request, Merchant("made-up", Secret("ключ")), Attempt(0, 0))
    assert sent.body == '{"url_callback":"https://shop.example/ä"}'.encode()
    text = "eyJ1cmxfY2FsbGJhY2siOiJodHRwczovL3Nob3AuZXhhbXBsZS/DpCJ9ключ"
    assert dict(sent.headers)["sign"] == hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


# --- the answer ----------------------------------------------------------------------------------------------------


def test_two_wallets_are_never_added_up() -> None:
    rows = parse(success(wallet(), wallet("USDT", "5"), user=[wallet("BTC", "1"), wallet("BTC", "2")])).balances
    assert [(row.wallet, row.currency, str(row.total)) for row in rows] == [
        ("merchant", "BTC", "0.57000000"),
        ("merchant", "USDT", "5"),
        ("user", "BTC", "1"),
        ("user", "BTC", "2"),
    ]
    for row in rows:
        assert (row.unit, row.available, row.pending, row.reserved, row.derived) == ("asset", None, None, None, ())


def test_dollars_are_the_providers_own_figure() -> None:
    (row,) = parse(success(wallet(balance_usd="51300.12"))).balances
    assert row.valuation == Valuation("USD", total=Decimal("51300.12"))
    (row,) = parse(success(wallet(balance_usd=None))).balances
    assert row.valuation is None


@pytest.mark.parametrize("uuid", [None, "", 5, []])
def test_an_odd_id_is_left_out(uuid: object) -> None:
    (row,) = parse(success(wallet() | {"uuid": uuid})).balances
    assert row.details == {"asset": "BTC"}


@pytest.mark.parametrize("name", ["balance", "balance_usd"])
@pytest.mark.parametrize("value", ["", True, [], {}, "ten", "1,000.00"])
def test_a_wrong_amount_is_no_balance(name: str, value: object) -> None:
    with pytest.raises(BadResponseError, match=name):
        parse(success(wallet() | {name: value}))


@pytest.mark.parametrize("name", ["merchant", "user"])
@pytest.mark.parametrize("value", [..., None, {}, ""])
def test_both_wallets_are_told(name: str, value: object) -> None:
    body = success(wallet())
    body["result"][0]["balance"][name] = value
    if value is ...:
        del body["result"][0]["balance"][name]
    with pytest.raises(BadResponseError, match=name):
        parse(body)


@pytest.mark.parametrize("result", [..., None, [], {}, "", {"merchant": [], "user": []}, [{"balance": []}], [{}]])
def test_no_other_result_is_no_balances(result: object) -> None:
    assert parse(success()) == Snapshot()
    body = success() | {"result": result}
    with pytest.raises(BadResponseError):
        parse({name: value for name, value in body.items() if value is not ...})


# --- the refusals --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 422])
@pytest.mark.parametrize("state", [{}, {"state": 1}])
@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("Invalid Sign.", "auth"),
        ("Invalid sign", "auth"),
        ("Wrong key", "permission"),
        ("You are forbidden", "permission"),
    ],
)
def test_known_words_speak_before_the_status(words: str, kind: str, state: dict[str, int], status: int) -> None:
    with pytest.raises(CoffersError) as caught:
        parse({**state, "message": words}, status)
    assert (caught.value.kind, caught.value.message) == (kind, words)
    assert caught.value.code == ("1" if state else None)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(200, "rejected"), (401, "auth"), (403, "permission"), (422, "rejected"), (429, "rate_limited")],
)
@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"state": 1, "message": "A made-up reason."}, "A made-up reason."),
        ({"state": 1, "errors": {"a": ["one", "two"], "b": "three"}}, "a: one; a: two; b: three"),
        ({"state": 1, "message": "No.", "errors": {"a": ["one", 2, None]}}, "No.; a: one"),
    ],
)
def test_other_words_mean_what_the_status_says(body: object, words: str, status: int, kind: str) -> None:
    with pytest.raises(CoffersError) as caught:
        parse(body, status)
    assert (caught.value.kind, caught.value.message, caught.value.code) == (kind, words, "1")


def test_a_state_is_refused_without_words_too() -> None:
    with pytest.raises(CoffersError) as caught:
        parse({"state": 2})
    assert (caught.value.kind, caught.value.code) == ("rejected", "2")


def test_a_success_with_another_status_is_none() -> None:
    with pytest.raises(CoffersError, match="HTTP 404"):
        parse(success(wallet()), 404)


@pytest.mark.parametrize("body", [{}, {"result": []}, success() | {"state": False}, success() | {"state": "0"}, []])
def test_neither_success_nor_refusal_is_not_understood(body: object) -> None:
    with pytest.raises(BadResponseError):
        parse(body)
    with pytest.raises(AuthError, match="HTTP 401"):
        parse(body, 401)


def test_no_change_of_an_answer_gives_another_amount() -> None:
    whole, told = success(wallet()), 0
    for mutant in mutants(copy.deepcopy(whole)):
        try:
            rows = parse(mutant).balances
        except CoffersError:
            continue
        told += 1
        assert {str(row.total) for row in rows} <= {"0.57000000"}
        assert {row.wallet for row in rows} <= {"merchant"}
    assert told > 5  # the ids


# --- the sandbox ---------------------------------------------------------------------------------------------------


def signed(key: str = CRYPTOMUS.fields["key"], body: bytes = b"") -> SignedRequest:
    request = Request("POST", "/v1/balance", headers={"Content-Type": "application/json"}, json=() if body else None)
    return coffers_sign(request, Merchant(CRYPTOMUS.fields["merchant"], Secret(key)), Attempt(0, 0))


def account(**balances: Decimal) -> SandboxAccount:
    return SandboxAccount(dict(CRYPTOMUS.fields), balances)


def answer(request: SignedRequest, state: SandboxAccount, **changes: Any) -> SandboxReply:
    call = SandboxCall(request.method, request.target, (), request.headers, request.body, time_s=0.0)
    return CRYPTOMUS.answer(attrs.evolve(call, **changes), state)


@given(st.dictionaries(st.sampled_from(["merchant:BTC", "merchant:USDT", "user:BTC", "user:NEW"]), AMOUNTS))
def test_what_the_sandbox_holds_is_what_is_read(held: dict[str, Decimal]) -> None:
    rows = parse(answer(signed(), account(**held)).body).balances
    assert {f"{row.wallet}:{row.currency}": str(row.total) for row in rows} == {
        code: str(Decimal(amount_to_text(amount))) for code, amount in held.items()
    }


def test_the_sandbox_takes_every_body_of_a_call_without_parameters() -> None:
    assert signed(body=b"{}").body in BODIES
    for request in (signed(), signed(body=b"{}")):
        assert answer(request, account()).status == 200


def test_the_sandbox_checks_the_bytes_that_came() -> None:
    assert answer(signed(), account(), body=b"{}").status == 401
    assert answer(signed(body=b"{}"), account(), body=b"{ }").status == 401


@pytest.mark.parametrize(
    ("request_", "changes", "status", "kind"),
    [
        (signed("another"), {}, 401, "auth"),
        (signed(), {"headers": signed().headers[:2]}, 401, "auth"),
        (signed(), {"headers": (*signed().headers[:1], ("merchant", "x"), *signed().headers[2:])}, 401, "auth"),
        (signed(), {"headers": signed().headers[1:]}, 422, "rejected"),
        (signed(), {"method": "GET"}, 404, "rejected"),
        (signed(), {"path": "/v2/balance"}, 404, "rejected"),
    ],
)
def test_the_sandbox_refuses(request_: SignedRequest, changes: Any, status: int, kind: str) -> None:
    reply = answer(request_, account(), **changes)
    assert reply.status == status
    with pytest.raises(CoffersError) as caught:
        parse(reply.body, reply.status)
    assert caught.value.kind == kind


def test_the_sandbox_refuses_a_revoked_key() -> None:
    state = account()
    state.revoked = True
    with pytest.raises(AuthError, match=r"Invalid Sign\."):
        parse(answer(signed(), state).body, 401)


def test_the_key_of_one_is_none_of_the_other() -> None:
    with Sandbox([CRYPTOMUS, HELEKET]) as sandbox, Client() as client:
        ours, other = sandbox["cryptomus"], sandbox["heleket"]
        assert len(client.read(ours.account()).balances) == len(client.read(other.account()).balances) == 5
        with pytest.raises(AuthError):
            client.read(attrs.evolve(ours.account(), base_url=other.base_url))
