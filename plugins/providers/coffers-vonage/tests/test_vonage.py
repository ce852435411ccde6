"""Vonage: the implied currency, refusals and amounts one by one; the vectors hold the rest."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import coffers_vonage
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
from coffers_vonage import ByKeyAndSecret
from coffers_vonage.sandbox import SANDBOX

QUERY = Query(NoSettings())
RIGHT = ByKeyAndSecret(SANDBOX.fields["api_key"], Secret(SANDBOX.fields["api_secret"]))
#: The older specification's sample, and its example of a Basic header.
DOCUMENTED = b'{ "value": 10.17127500, "autoReload": false }'
PUBLISHED = (ByKeyAndSecret("aaa012", Secret("abc123456789")), "Basic YWFhMDEyOmFiYzEyMzQ1Njc4OQ==")

AMOUNTS = st.decimals(allow_nan=False, allow_infinity=False, places=8, min_value=-(10**20), max_value=10**20)


def parse(body: object, status: int = 200) -> Snapshot:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = parse_guarded(coffers_vonage.coffers_parse, QUERY, Response(status, (), content))
    assert isinstance(answer, Snapshot)
    return answer


def failure(body: object, status: int) -> CoffersError:
    with pytest.raises(CoffersError) as caught:
        parse(body, status)
    return caught.value


def signed(credentials: ByKeyAndSecret = RIGHT) -> SignedRequest:
    return coffers_vonage.coffers_sign(coffers_vonage.coffers_request(QUERY), credentials, Attempt(0, 0))


def account(amount: str = SANDBOX.balances["EUR"]) -> SandboxAccount:
    return SandboxAccount(dict(SANDBOX.fields), {"EUR": Decimal(amount)})


def answer(request: SignedRequest, state: SandboxAccount, **changes: Any) -> SandboxReply:
    call = SandboxCall(request.method, request.target, (), request.headers, request.body, time_s=0.0)
    return SANDBOX.answer(attrs.evolve(call, **changes), state)


def test_the_published_example_of_a_header() -> None:
    credentials, header = PUBLISHED
    assert dict(signed(credentials).headers)["Authorization"] == header


def test_the_credentials_are_in_the_header_and_not_in_the_address() -> None:
    request = signed()
    assert (request.method, request.target, request.host, request.body) == ("GET", "/account/get-balance", "api", b"")
    assert [name for name, _ in request.headers] == ["Accept", "Authorization"]


def test_the_balance_is_in_euro_with_every_zero_that_was_sent() -> None:
    (row,) = parse(DOCUMENTED).balances
    assert (row.currency, str(row.total), row.unit) == ("EUR", "10.17127500", "money")
    assert (row.available, row.pending, row.reserved) == (None, None, None)
    assert dict(row.details) == {"auto_reload": "false"}


@given(AMOUNTS, st.booleans())
def test_every_digit_of_an_amount_arrives(amount: Decimal, as_number: bool) -> None:
    text = amount_to_text(amount)
    (row,) = parse(b'{"value": %b}' % (text if as_number else f'"{text}"').encode()).balances
    assert row.total is not None
    assert amount_to_text(row.total) == text


@pytest.mark.parametrize("value", [None, "", [], {}, True, "ten"])
def test_an_amount_is_never_guessed(value: object) -> None:
    with pytest.raises(BadResponseError, match="value"):
        parse({"value": value, "autoReload": False})
    with pytest.raises(BadResponseError, match="value"):
        parse({"autoReload": False})


@pytest.mark.parametrize("value", [None, "", "false", 0, [], {}])
def test_an_odd_auto_reload_is_left_out(value: object) -> None:
    (row,) = parse({"value": 1, "autoReload": value}).balances
    assert (row.total, dict(row.details)) == (Decimal(1), {})


def test_no_change_of_the_documented_answer_gives_another_amount() -> None:
    survivors = 0
    for mutant in mutants({"value": "10.28", "autoReload": False}):
        try:
            (row,) = parse(mutant).balances
        except CoffersError:
            continue
        survivors += 1
        assert (str(row.total), row.currency) == ("10.28", "EUR")
    assert survivors > 3  # changes of autoReload


@pytest.mark.parametrize("status", [200, 400, 401, 403, 500])
@pytest.mark.parametrize(
    ("body", "kind", "code"),
    [
        ({"error-code": "401", "error-code-label": "said so"}, "auth", "401"),
        ({"error-code": "401", "error-code-label": "said so", "autoReload": False}, "auth", "401"),
    ],
)
def test_a_refused_key_is_auth_whatever_the_status(body: object, kind: str, code: str, status: int) -> None:
    error = failure(body, status)
    assert (error.kind, error.code, error.message) == (kind, code, "said so")


@pytest.mark.parametrize(
    ("fragment", "kind", "code"),
    [
        *(("#unauthorized", "auth", "unauthorized"), ("#forbidden", "permission", "forbidden")),
        *(("#low-balance", "rejected", "low-balance"), ("", "rejected", None)),
    ],
)
def test_the_newer_form_of_a_refusal(fragment: str, kind: str, code: str | None) -> None:
    problem = {"type": f"https://developer.vonage.com/api-errors{fragment}", "title": "Said", "detail": "So."}
    error = failure(problem, 400)
    assert (error.kind, error.code, error.message) == (kind, code, "Said: So.")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "rejected"),
        (401, "auth"),
        (403, "permission"),
        (404, "rejected"),
        (429, "rate_limited"),
        (503, "unavailable"),
    ],
)
@pytest.mark.parametrize(
    "body", [{"error-code": "420", "error-code-label": "said so"}, {"type": 5}, {}, [], b"", b"<a/>"]
)
def test_any_other_refusal_means_what_the_status_says(body: object, status: int, kind: str) -> None:
    assert failure(body, status).kind == kind


@pytest.mark.parametrize("more", [{}, {"value": None}, {"value": 0}, {"value": 10.28, "autoReload": False}])
def test_an_unknown_code_with_http_200_is_no_balance(more: dict[str, object]) -> None:
    error = failure({"error-code": "420", "error-code-label": "said so", **more}, 200)
    assert (error.kind, error.code, error.message) == ("rejected", "420", "said so")


@pytest.mark.parametrize("code", [None, "200", 200])
def test_the_code_of_a_success_is_no_refusal(code: object) -> None:
    (row,) = parse({"error-code": code, "error-code-label": "success", "value": "5.50"}).balances
    assert str(row.total) == "5.50"
    with pytest.raises(BadResponseError, match="value"):
        parse({"error-code": code})


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode), st.sampled_from([200, 400, 401, 429, 500]))
def test_garbage_is_never_a_balance(body: bytes, status: int) -> None:
    with pytest.raises(CoffersError):
        parse(body, status)


@given(AMOUNTS)
def test_what_the_sandbox_holds_is_what_is_read(amount: Decimal) -> None:
    reply = answer(signed(), account(amount_to_text(amount)))
    (row,) = parse(reply.body).balances
    assert (row.total, row.currency) == (amount, "EUR")
    assert isinstance(json.loads(reply.body)["value"], int | float)


@pytest.mark.parametrize(
    ("request_", "changes", "status", "kind"),
    [
        (signed(ByKeyAndSecret(RIGHT.api_key, Secret("another"))), {}, 401, "auth"),
        (signed(ByKeyAndSecret("dcba4321", RIGHT.api_secret)), {}, 401, "auth"),
        (signed(), {"headers": ()}, 401, "auth"),
        (signed(), {"path": "/account/balance"}, 404, "rejected"),
        (signed(), {"method": "POST"}, 405, "rejected"),
    ],
)
def test_the_sandbox_refuses(request_: SignedRequest, changes: Any, status: int, kind: str) -> None:
    reply = answer(request_, account(), **changes)
    assert (reply.status, failure(reply.body, reply.status).kind) == (status, kind)


def test_the_sandbox_refuses_a_revoked_secret() -> None:
    state = account()
    state.revoked = True
    with pytest.raises(AuthError, match="authentication failed"):
        parse(answer(signed(), state).body, 401)
