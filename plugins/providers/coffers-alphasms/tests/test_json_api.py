"""AlphaSMS, JSON API: the rows of its page and of its contradictions, one by one; the vectors hold the rest."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coffers import parse_guarded
from coffers.plugin import (
    Attempt,
    AuthError,
    BadResponseError,
    CoffersError,
    NoSettings,
    Query,
    Response,
    SandboxAccount,
    SandboxCall,
    SandboxReply,
    Secret,
    SignedRequest,
    Snapshot,
    amount_to_text,
)
from coffers.testing.mutations import mutants
from coffers.testing.vectors import load_cases, read_response
from coffers_alphasms import json_api
from coffers_alphasms.json_api.sandbox import SANDBOX

QUERY = Query(NoSettings())
VECTORS = {
    case.name: case for case in load_cases(Path(__file__).parents[1] / "vectors") if case.provider_id == SANDBOX.id
}
DOCUMENTED: dict[str, Any] = json.loads(read_response(VECTORS["balance"].files["response.http"]).body)


def parse(body: object, status: int = 200) -> Snapshot:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = parse_guarded(
        json_api.coffers_parse, QUERY, Response(status, (("Content-Type", "application/json"),), content)
    )
    assert isinstance(answer, Snapshot)
    return answer


def signed(key: str = "made-up-alphasms-key") -> SignedRequest:
    return json_api.coffers_sign(json_api.coffers_request(QUERY), json_api.ByKey(Secret(key)), Attempt(0, 0))


def account(**balances: str) -> SandboxAccount:
    return SandboxAccount(dict(SANDBOX.fields), {name: Decimal(amount) for name, amount in balances.items()})


def answer(request: SignedRequest, state: SandboxAccount, **changes: Any) -> SandboxReply:
    path, _, query = request.target.partition("?")
    call = SandboxCall(request.method, path, tuple(parse_qsl(query)), request.headers, request.body, time_s=0.0)
    return SANDBOX.answer(attrs.evolve(call, **changes), state)


def test_the_request_is_a_json_post_with_the_key_in_the_body() -> None:
    request = signed()
    assert (request.method, request.target, request.host) == ("POST", "/api/json.php", "api")
    assert request.headers == (("Content-Type", "application/json"),)
    assert json.loads(request.body) == {"auth": "made-up-alphasms-key", "data": [{"type": "balance"}]}


@pytest.mark.parametrize("inner", [True, 1, "true", "1"])
@pytest.mark.parametrize("outer", [True, 1, "true", "1"])
def test_outer_and_inner_success_may_be_boolean_or_number(outer: object, inner: object) -> None:
    body = {"success": outer, "data": [{"success": inner, "data": {"amount": 1, "currency": "UAH"}}]}
    assert parse(body).balances[0].total == 1


@pytest.mark.parametrize("verdict", [False, 0, "false", "0"])
def test_a_false_verdict_wins_over_an_amount_beside_it(verdict: object) -> None:
    item = {"success": True, "data": {"amount": 1, "currency": "UAH"}}
    with pytest.raises(AuthError, match="Access denied"):
        parse({"success": verdict, "error": "Access denied", "data": [item]})
    with pytest.raises(AuthError, match="Access denied"):
        parse({"success": True, "data": [item | {"success": verdict, "error": "Access denied"}]})


@pytest.mark.parametrize("verdict", ["yes", "True", "", 2, -1, 1.0, None, [], {}, "ok"])
def test_no_other_verdict_is_understood(verdict: object) -> None:
    for body in ({"success": verdict, "data": DOCUMENTED["data"]}, DOCUMENTED | {"data": [{"success": verdict}]}):
        with pytest.raises(BadResponseError) as caught:
            parse(body)
        assert str(caught.value.field).endswith("success")


@pytest.mark.parametrize("error", ["", None])
def test_an_empty_error_beside_success_is_no_error(error: object) -> None:
    assert parse(DOCUMENTED | {"error": error}).balances[0].total == Decimal("31.1683")


@pytest.mark.parametrize("status", [200, 401, 403, 500])
def test_access_denied_is_auth_whatever_the_status(status: int) -> None:
    with pytest.raises(AuthError):
        parse({"success": False, "error": " access DENIED"}, status)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=12, min_value=-(10**24), max_value=10**24))
def test_every_digit_of_an_amount_arrives(amount: Decimal) -> None:
    text = amount_to_text(amount)
    body = b'{"success": true, "data": [{"success": true, "data": {"amount": %b, "currency": "UAH"}}]}' % text.encode()
    total = parse(body).balances[0].total
    assert total is not None
    assert amount_to_text(total) == text


def test_no_change_of_the_documented_answer_gives_another_amount() -> None:
    survivors = 0
    for mutant in mutants(DOCUMENTED):
        try:
            snapshot = parse(mutant)
        except CoffersError:
            continue
        survivors += 1
        assert [balance.total for balance in snapshot.balances] == [Decimal("31.1683")]
    assert survivors == 4  # true for true, twice; a currency called X, one called NONE


def test_no_shortened_answer_gives_an_amount() -> None:
    whole = json.dumps(DOCUMENTED).encode()
    for length in range(len(whole)):
        with pytest.raises(BadResponseError):
            parse(whole[:length])


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_garbage_is_never_an_amount(body: bytes) -> None:
    with pytest.raises(CoffersError):
        parse(body)


@pytest.mark.parametrize("amount", ["31.1683", "0", "-7.50", "123456789012345678901234567890.000000000001"])
def test_parse_reads_exactly_what_the_sandbox_holds(amount: str) -> None:
    (balance,) = parse(answer(signed(), account(UAH=amount)).body).balances
    assert (balance.currency, balance.unit, balance.total) == ("UAH", "money", Decimal(amount))


def test_the_sandbox_refuses_as_documented() -> None:
    documented = json.loads(read_response(VECTORS["access-denied"].files["response.http"]).body)
    revoked = account(UAH="1")
    revoked.revoked = True
    for reply in (answer(signed("wrong"), account(UAH="1")), answer(signed(), revoked)):
        assert (reply.status, json.loads(reply.body)) == (200, documented)


@pytest.mark.parametrize(
    "change",
    [
        {"headers": (("Content-Type", "text/plain"),)},
        {"headers": ()},
        {"method": "GET"},
        {"body": b"[]"},
        {"body": b"{"},
        {"body": b'{"auth": "made-up-alphasms-key"}'},
        {"body": b'{"auth": "made-up-alphasms-key", "data": []}'},
        {"body": b'{"auth": "made-up-alphasms-key", "data": [{"type": "sms"}]}'},
        {"path": "/api/http.php"},
    ],
)
def test_the_sandbox_gives_no_amount_to_another_request(change: dict[str, Any]) -> None:
    reply = answer(signed(), account(UAH="5"), **change)
    with pytest.raises(CoffersError):
        parse(reply.body, reply.status)
