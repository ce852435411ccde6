"""Telnyx: the credit line, refusals and amounts one by one; the vectors hold the rest."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import coffers_telnyx
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
    exact,
)
from coffers.testing.mutations import mutants
from coffers_telnyx import ByKey
from coffers_telnyx.sandbox import CREDIT_LIMIT, PENDING, SANDBOX

QUERY = Query(NoSettings())
KEY = SANDBOX.fields["key"]
DOCUMENTED = {
    "record_type": "balance",
    "pending": "10.00",
    "balance": "300.00",
    "credit_limit": "100.00",
    "available_credit": "400.00",
    "currency": "USD",
}
AMOUNTS = st.decimals(allow_nan=False, allow_infinity=False, places=8, min_value=-(10**20), max_value=10**20)


def parse(body: object, status: int = 200) -> Snapshot:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = parse_guarded(coffers_telnyx.coffers_parse, QUERY, Response(status, (), content))
    assert isinstance(answer, Snapshot)
    return answer


def documented(**changes: object) -> dict[str, Any]:
    return {"data": {name: value for name, value in {**DOCUMENTED, **changes}.items() if value is not ...}}


def failure(body: object, status: int) -> CoffersError:
    with pytest.raises(CoffersError) as caught:
        parse(body, status)
    return caught.value


def signed(key: str = KEY) -> SignedRequest:
    return coffers_telnyx.coffers_sign(coffers_telnyx.coffers_request(QUERY), ByKey(Secret(key)), Attempt(0, 0))


def account(balances: Mapping[str, str] = SANDBOX.balances) -> SandboxAccount:
    return SandboxAccount(dict(SANDBOX.fields), {code: Decimal(amount) for code, amount in balances.items()})


def answer(request: SignedRequest, state: SandboxAccount, **changes: Any) -> SandboxReply:
    call = SandboxCall(request.method, request.target, (), request.headers, request.body, time_s=0.0)
    return SANDBOX.answer(attrs.evolve(call, **changes), state)


def test_the_request_is_a_get_with_a_bearer_header() -> None:
    request = signed()
    assert (request.method, request.target, request.host, request.body) == ("GET", "/v2/balance", "api", b"")
    assert request.headers == (("Authorization", f"Bearer {KEY}"),)


def test_total_limit_available_and_pending_are_four_figures() -> None:
    (row,) = parse(documented()).balances
    assert (row.currency, str(row.total), str(row.available), row.unit) == ("USD", "300.00", "400.00", "money")
    assert (str(row.pending), row.reserved) == ("10.00", None)
    assert dict(row.details) == {"credit_limit": "100.00"}
    assert row.derived == ()


def test_below_0_within_the_limit_there_is_something_to_spend() -> None:
    (row,) = parse(documented(balance="-50.00", available_credit="50.00")).balances
    assert (row.total, row.available, row.spendable) == (Decimal("-50.00"), Decimal("50.00"), Decimal("50.00"))


@pytest.mark.parametrize("value", [..., None])
def test_what_is_not_told_is_not_known(value: object) -> None:
    (row,) = parse(documented(available_credit=value, credit_limit=value, pending=value)).balances
    assert (row.available, row.pending, row.spendable, dict(row.details)) == (None, None, Decimal("300.00"), {})


@given(AMOUNTS, AMOUNTS, AMOUNTS, AMOUNTS, st.booleans())
def test_every_digit_arrives(
    balance: Decimal, available: Decimal, pending: Decimal, limit: Decimal, as_number: bool
) -> None:
    texts = [amount_to_text(amount) for amount in (balance, available, pending, limit)]
    names = ("balance", "available_credit", "pending", "credit_limit")
    written = [f'"{name}": ' + (text if as_number else f'"{text}"') for name, text in zip(names, texts, strict=True)]
    body = '{"data": {"currency": "USD", ' + ", ".join(written) + "}}"
    (row,) = parse(body.encode()).balances
    told = [amount_to_text(amount) for amount in (row.total, row.available, row.pending) if amount is not None]
    assert [*told, row.details["credit_limit"]] == texts


@pytest.mark.parametrize("name", ["balance", "currency"])
@pytest.mark.parametrize("value", [..., None, "", [], {}, True])
def test_neither_amount_nor_currency_is_guessed(name: str, value: object) -> None:
    with pytest.raises(BadResponseError, match=name):
        parse(documented(**{name: value}))


@pytest.mark.parametrize("name", ["available_credit", "credit_limit", "pending"])
@pytest.mark.parametrize("value", ["", "ten", True, [], {}])
def test_another_figure_may_be_unknown_but_not_wrong(name: str, value: object) -> None:
    with pytest.raises(BadResponseError, match=name):
        parse(documented(**{name: value}))


def test_no_change_of_the_documented_answer_gives_another_amount() -> None:
    survivors = 0
    for mutant in mutants(documented()):
        try:
            (row,) = parse(mutant).balances
        except CoffersError:
            continue
        survivors += 1
        assert str(row.total) == "300.00"
        assert row.available in (None, Decimal("400.00"))
        assert row.pending in (None, Decimal("10.00"))
        assert row.details.items() <= {("credit_limit", "100.00")}
    assert survivors > 10


@pytest.mark.parametrize("status", [400, 401, 403, 429, 500])
@pytest.mark.parametrize(("code", "kind"), [("10009", "auth"), ("10010", "permission"), ("10011", "rate_limited")])
def test_a_known_code_speaks_before_the_status(code: str, kind: str, status: int) -> None:
    error = failure({"errors": [{"code": code, "title": "Said", "detail": "so."}]}, status)
    assert (error.kind, error.code, error.message) == (kind, code, "Said: so.")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, "auth"),
        (403, "permission"),
        (404, "rejected"),
        (422, "rejected"),
        (429, "rate_limited"),
        (503, "unavailable"),
    ],
)
@pytest.mark.parametrize(
    "body",
    [{"errors": [{"code": "99999", "title": "Said so"}]}, {"errors": []}, {"errors": {}}, {"errors": [7]}, [], b""],
)
def test_any_other_refusal_means_what_the_status_says(body: object, status: int, kind: str) -> None:
    assert failure(body, status).kind == kind


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode), st.sampled_from([200, 400, 401, 429, 500]))
def test_garbage_is_never_a_balance(body: bytes, status: int) -> None:
    with pytest.raises(CoffersError):
        parse(body, status)


@given(AMOUNTS, st.sampled_from(["USD", "EUR"]))
def test_what_the_sandbox_holds_is_what_is_read(amount: Decimal, currency: str) -> None:
    (row,) = parse(answer(signed(), account({currency: amount_to_text(amount)})).body).balances
    with exact():
        assert (row.currency, row.total, row.available) == (currency, amount, amount + Decimal(CREDIT_LIMIT))
    assert (str(row.pending), dict(row.details)) == (PENDING, {"credit_limit": CREDIT_LIMIT})


@pytest.mark.parametrize(
    ("request_", "changes", "status", "code"),
    [
        (signed("another"), {}, 401, "10009"),
        (signed(), {"headers": ()}, 401, "10009"),
        (signed(), {"headers": (("Authorization", KEY),)}, 401, "10009"),
        (signed(), {"path": "/balance"}, 404, "10005"),
        (signed(), {"method": "POST"}, 404, "10005"),
    ],
)
def test_the_sandbox_refuses_as_published(request_: SignedRequest, changes: Any, status: int, code: str) -> None:
    reply = answer(request_, account(), **changes)
    assert (reply.status, failure(reply.body, reply.status).code) == (status, code)


def test_the_sandbox_refuses_a_revoked_key() -> None:
    state = account()
    state.revoked = True
    with pytest.raises(AuthError, match="Authentication failed"):
        parse(answer(signed(), state).body, 401)
