"""DeepSeek: rows, refusals and the sandbox, one by one; the vectors hold the rest."""

from __future__ import annotations

import copy
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import coffers_deepseek
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
from coffers_deepseek.sandbox import SANDBOX

QUERY = Query(NoSettings())
DOCUMENTED: dict[str, Any] = {
    "is_available": True,
    "balance_infos": [
        {
            "currency": "CNY",
            "total_balance": "110.00",
            "granted_balance": "10.00",
            "topped_up_balance": "100.00",
        }
    ],
}
AMOUNTS = st.decimals(allow_nan=False, allow_infinity=False, places=12, min_value=-(10**24), max_value=10**24)


def parse(body: object, status: int = 200) -> Snapshot:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    response = Response(status, (("Content-Type", "application/json"),), content)
    answer = parse_guarded(coffers_deepseek.coffers_parse, QUERY, response)
    assert isinstance(answer, Snapshot)
    return answer


def documented(**members: object) -> dict[str, Any]:
    """The documented answer with members of its row replaced; ``...`` leaves one out."""
    body = copy.deepcopy(DOCUMENTED)
    row = body["balance_infos"][0] | members
    body["balance_infos"][0] = {name: value for name, value in row.items() if value is not ...}
    return body


def signed(key: str = SANDBOX.fields["key"]) -> SignedRequest:
    request = coffers_deepseek.coffers_request(QUERY)
    return coffers_deepseek.coffers_sign(request, coffers_deepseek.ByKey(Secret(key)), Attempt(0, 0))


def account(**balances: str) -> SandboxAccount:
    held = {code: Decimal(amount) for code, amount in (balances or SANDBOX.balances).items()}
    return SandboxAccount(dict(SANDBOX.fields), held)


def answer(message: SignedRequest, state: SandboxAccount, **changes: Any) -> SandboxReply:
    parts: dict[str, Any] = {"method": message.method, "path": message.target, "headers": message.headers}
    return SANDBOX.answer(SandboxCall(query=(), body=message.body, time_s=0.0, **parts | changes), state)


def test_the_documented_row() -> None:
    (row,) = parse(DOCUMENTED).balances
    assert (row.currency, row.unit, str(row.total)) == ("CNY", "money", "110.00")
    assert (row.available, row.pending, row.reserved, row.derived) == (None, None, None, ())
    assert dict(row.details) == {"granted_balance": "10.00", "topped_up_balance": "100.00", "is_available": "true"}


@pytest.mark.parametrize("value", [..., None])
@pytest.mark.parametrize("name", ["granted_balance", "topped_up_balance"])
def test_an_unknown_part_is_left_out(name: str, value: object) -> None:
    (row,) = parse(documented(**{name: value})).balances
    assert name not in row.details
    assert str(row.total) == "110.00"


def test_an_unknown_availability_is_left_out() -> None:
    odd: list[object] = [None, "true", 1, []]
    for body in ({"balance_infos": DOCUMENTED["balance_infos"]}, *(DOCUMENTED | {"is_available": it} for it in odd)):
        (row,) = parse(body).balances
        assert "is_available" not in row.details


@pytest.mark.parametrize("value", [..., None, "", True, [], {}, "ten", "1,000.00"])
def test_without_an_amount_there_is_no_balance(value: object) -> None:
    with pytest.raises(BadResponseError, match="total_balance"):
        parse(documented(total_balance=value))


@pytest.mark.parametrize("name", ["granted_balance", "topped_up_balance"])
@pytest.mark.parametrize("value", ["", True, [], {}, "ten"])
def test_a_part_may_be_unknown_but_not_wrong(name: str, value: object) -> None:
    with pytest.raises(BadResponseError, match=name):
        parse(documented(**{name: value}))


@pytest.mark.parametrize("value", [..., None, "", 5, []])
def test_a_currency_is_never_guessed(value: object) -> None:
    with pytest.raises(BadResponseError, match="currency"):
        parse(documented(currency=value))


def test_only_an_empty_array_is_no_balance() -> None:
    assert parse({"is_available": False, "balance_infos": []}) == Snapshot()
    instead: list[object] = [None, {}, "", 0]
    bodies: list[object] = [{}, [], {"is_available": True}, *({"balance_infos": value} for value in instead)]
    for body in bodies:
        with pytest.raises(BadResponseError):
            parse(body)


def test_no_change_of_the_documented_answer_gives_another_amount() -> None:
    survivors = 0
    for mutant in mutants(DOCUMENTED):
        try:
            rows = parse(mutant).balances
        except CoffersError:
            continue
        survivors += 1
        assert [str(row.total) for row in rows] == ["110.00"] or mutant["balance_infos"] == []
    assert survivors > 10  # what is not read, and what may be unknown


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        *((400, "rejected"), (401, "auth"), (402, "rejected"), (403, "permission"), (422, "rejected")),
        *((429, "rate_limited"), (500, "unavailable"), (503, "unavailable"), (200, "rejected")),
    ],
)
def test_words_mean_what_the_http_status_says(status: int, kind: str) -> None:
    error = {"message": "A made-up reason.", "type": "unknown_error", "code": "invalid_request_error"}
    with pytest.raises(CoffersError) as caught:
        parse({"error": error}, status)
    assert (caught.value.kind, caught.value.code, caught.value.message) == (kind, "unknown_error", "A made-up reason.")


@pytest.mark.parametrize("status", [200, 400, 401, 403, 500])
def test_a_refused_key_is_auth_with_any_status(status: int) -> None:
    with pytest.raises(AuthError, match="no such user"):
        parse({"error": {"message": "no such user", "type": "authentication_error"}}, status)


@pytest.mark.parametrize("body", [b"Authentication Fails (governor)", b"", {"error": "x"}, {"error": {"message": 5}}])
def test_a_refusal_in_another_form_is_what_the_status_says(body: object) -> None:
    with pytest.raises(AuthError, match="HTTP 401"):
        parse(body, 401)


@given(st.dictionaries(st.sampled_from(["CNY", "USD", "EUR"]), AMOUNTS, max_size=3))
def test_what_the_sandbox_holds_is_what_is_read(amounts: dict[str, Decimal]) -> None:
    state = account()
    state.balances = amounts
    rows = parse(answer(signed(), state).body).balances
    assert {row.currency: str(row.total) for row in rows} == {
        code: str(Decimal(amount_to_text(amount))) for code, amount in amounts.items()
    }


def test_the_sandbox_uses_up_what_was_granted_first() -> None:
    state, seen = account(CNY="110.00"), list[tuple[str, str]]()
    for total in ("110.00", "104.00", "204.00", "199.00", "0.00"):
        state.balances["CNY"] = Decimal(total)
        (row,) = parse(answer(signed(), state).body).balances
        assert str(row.total) == total
        seen.append((row.details["granted_balance"], row.details["topped_up_balance"]))
    assert seen == [("10.00", "100.00"), ("4.00", "100.00"), ("4.00", "200.00"), ("0.00", "199.00"), ("0.00", "0.00")]
    assert row.details["is_available"] == "false"


@pytest.mark.parametrize(
    ("key", "changes", "status", "kind"),
    [
        ("sk-made-up-other-key", {}, 401, "auth"),
        (SANDBOX.fields["key"], {"headers": ()}, 401, "auth"),
        (SANDBOX.fields["key"], {"headers": (("Authorization", SANDBOX.fields["key"]),)}, 401, "auth"),
        (SANDBOX.fields["key"], {"path": "/v1/user/balance"}, 404, "rejected"),
        (SANDBOX.fields["key"], {"method": "POST"}, 405, "rejected"),
    ],
)
def test_the_sandbox_refuses(key: str, changes: dict[str, Any], status: int, kind: str) -> None:
    reply = answer(signed(key), account(), **changes)
    assert reply.status == status
    with pytest.raises(CoffersError) as caught:
        parse(reply.body, reply.status)
    assert caught.value.kind == kind
