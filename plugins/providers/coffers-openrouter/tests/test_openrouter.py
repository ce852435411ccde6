"""OpenRouter: the difference, the two zeros, and the refusals of the sandbox; the vectors hold the rest."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import coffers_openrouter
from coffers import Account, Client, parse_guarded
from coffers.plugin import (
    Attempt,
    AuthError,
    BadResponseError,
    CoffersError,
    NoSettings,
    PermissionDeniedError,
    Query,
    Response,
    SandboxAccount,
    SandboxCall,
    SandboxReply,
    Secret,
    SignedRequest,
    Snapshot,
    amount_as_json_number,
    exact,
)
from coffers.sandbox import Sandbox, ServedAccount
from coffers.testing.mutations import mutants
from coffers_openrouter.sandbox import INFERENCE_KEY, KEY_THAT_SEES_ZEROS, SANDBOX

CREDITS = Query(NoSettings())
KIND_OF_KEY = CREDITS.then("key")
AMOUNTS = st.decimals(allow_nan=False, allow_infinity=False, places=12, min_value=0, max_value=10**15)


def parse(body: object, status: int = 200, query: Query[NoSettings] = CREDITS) -> Snapshot:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    response = Response(status, (("Content-Type", "application/json"),), content)
    answer = parse_guarded(coffers_openrouter.coffers_parse, query, response)
    assert isinstance(answer, Snapshot)
    return answer


def figures(bought: object, used: object) -> dict[str, Any]:
    return {"data": {"total_credits": bought, "total_usage": used}}


def signed(query: Query[NoSettings] = CREDITS, key: str = SANDBOX.fields["key"]) -> SignedRequest:
    request = coffers_openrouter.coffers_request(query)
    return coffers_openrouter.coffers_sign(request, coffers_openrouter.ByKey(Secret(key)), Attempt(0, 0))


def answer(message: SignedRequest, account: SandboxAccount) -> SandboxReply:
    call = SandboxCall(message.method, message.target, (), message.headers, message.body, time_s=0.0)
    return SANDBOX.answer(call, account)


# --- the difference ------------------------------------------------------------------------------------------------


@given(AMOUNTS, AMOUNTS)
def test_the_balance_is_the_exact_difference(bought: Decimal, used: Decimal) -> None:
    texts = amount_as_json_number(bought), amount_as_json_number(used)
    body = f'{{"data": {{"total_credits": {texts[0]}, "total_usage": {texts[1]}}}}}'
    (row,) = parse(body.encode()).balances
    with exact():
        assert row.total == bought - used
    assert (row.currency, row.unit, row.derived) == ("USD", "money", ("total",))
    assert (row.available, row.pending, row.reserved, row.expires_at) == (None, None, None, None)
    assert dict(row.details) == {"total_credits": texts[0], "total_usage": texts[1]}


@pytest.mark.parametrize("value", [..., None, "", True, [], {}, "a lot"])
@pytest.mark.parametrize("name", ["total_credits", "total_usage"])
def test_without_both_figures_there_is_no_balance(name: str, value: object) -> None:
    body = figures(100.5, 25.75)
    body["data"][name] = value
    body["data"] = {name: value for name, value in body["data"].items() if value is not ...}
    with pytest.raises(BadResponseError, match=name):
        parse(body)


def test_no_change_of_the_documented_answer_is_a_balance() -> None:
    for mutant in mutants(figures(100.5, 25.75)):
        with pytest.raises(CoffersError):
            parse(mutant)


def test_further_members_are_passed_over() -> None:
    (row,) = parse({"data": figures(100.5, 25.75)["data"] | {"byok": [1]}, "error": None, "meta": {}}).balances
    assert str(row.total) == "74.75"


# --- two zeros -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("zero", [0, 0.0, "0", "0.00", -0.0])
def test_two_zeros_ask_for_the_kind_of_key(zero: object) -> None:
    assert parse(figures(zero, zero)).next == (KIND_OF_KEY,)


@pytest.mark.parametrize(("bought", "used"), [(0, 0.0000001), (5, 0), (5, 5), (0, -1)])
def test_other_figures_stand_as_they_are(bought: object, used: object) -> None:
    assert not parse(figures(bought, used)).next


@pytest.mark.parametrize("key", [{"is_management_key": True}, {"is_provisioning_key": True}])
@pytest.mark.parametrize("other", [{}, {"is_provisioning_key": None}, {"is_management_key": False}])
def test_a_management_key_by_either_name(key: dict[str, Any], other: dict[str, Any]) -> None:
    assert parse({"data": other | key}, query=KIND_OF_KEY) == Snapshot()


@pytest.mark.parametrize(
    "key",
    [
        {"is_management_key": False},
        {"is_provisioning_key": False},
        {"is_management_key": False, "is_provisioning_key": False},
        {"is_management_key": None, "is_provisioning_key": False},
    ],
)
def test_another_key_is_refused(key: dict[str, Any]) -> None:
    with pytest.raises(PermissionDeniedError, match="no management key"):
        parse({"data": key}, query=KIND_OF_KEY)


@pytest.mark.parametrize(
    "body",
    [
        *({}, [], {"data": None}, {"data": []}, {"data": {}}, {"data": {"is_management_key": None}}),
        *({"data": {"is_management_key": "true"}}, {"data": {"is_management_key": 1}}, figures(0, 0)),
    ],
)
def test_a_kind_that_is_not_told_is_no_management_key(body: object) -> None:
    with pytest.raises(BadResponseError):
        parse(body, query=KIND_OF_KEY)


# --- refusals ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("query", [CREDITS, KIND_OF_KEY])
@pytest.mark.parametrize("status", ["the code's own", 200])
@pytest.mark.parametrize(
    ("code", "kind"),
    [
        *((400, "rejected"), (401, "auth"), (402, "rejected"), (403, "permission"), (404, "rejected")),
        *((408, "timeout"), (429, "rate_limited"), (500, "unavailable"), (502, "unavailable"), (503, "unavailable")),
    ],
)
def test_the_code_is_the_status(code: int, kind: str, status: int | str, query: Query[NoSettings]) -> None:
    with pytest.raises(CoffersError) as caught:
        parse(
            {"error": {"code": code, "message": "A made-up reason."}}, code if isinstance(status, str) else 200, query
        )
    assert (caught.value.kind, caught.value.code, caught.value.message) == (kind, str(code), "A made-up reason.")


@pytest.mark.parametrize("error", ["No.", [], {}, {"code": None}, {"code": "401"}, {"code": True}, {"message": 5}])
def test_an_error_in_another_form_is_no_balance(error: object) -> None:
    with pytest.raises(AuthError, match="HTTP 401"):
        parse({"error": error}, 401)
    with pytest.raises(CoffersError):
        parse({"error": error, **figures(5, 1)})


# --- the sandbox ---------------------------------------------------------------------------------------------------


def test_the_sandbox_counts_what_is_bought_and_used() -> None:
    account = SandboxAccount(dict(SANDBOX.fields), {"USD": Decimal("74.75")})
    seen: list[tuple[str, str]] = []
    for left in ("74.75", "64.75", "164.75", "-1.25"):
        account.balances["USD"] = Decimal(left)
        (row,) = parse(answer(signed(), account).body).balances
        assert str(row.total) == left
        seen.append((row.details["total_credits"], row.details["total_usage"]))
    assert seen == [("100.50", "25.75"), ("100.50", "35.75"), ("200.50", "35.75"), ("200.50", "201.75")]


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        *(({"method": "POST"}, 404), ({"path": "/api/v1/keys"}, 404), ({"headers": ()}, 401)),
        ({"headers": (("Authorization", f"Basic {SANDBOX.fields['key']}"),)}, 401),
    ],
)
def test_the_sandbox_refuses_what_is_not_documented(changes: dict[str, Any], status: int) -> None:
    call = SandboxCall("GET", "/api/v1/credits", (), signed().headers, b"", time_s=0.0)
    parts = {name: getattr(call, name) for name in ("method", "path", "query", "headers", "body", "time_s")}
    reply = SANDBOX.answer(SandboxCall(**parts | changes), SandboxAccount(dict(SANDBOX.fields), {"USD": Decimal(1)}))
    assert reply.status == status


@pytest.fixture
def served() -> Iterator[ServedAccount]:
    with Sandbox([SANDBOX]) as sandbox:
        yield sandbox["openrouter"]


@pytest.fixture
def client() -> Iterator[Client]:
    with Client() as client:
        yield client


def with_key(served: ServedAccount, key: str) -> Account:
    return Account("other", "openrouter", {"key": Secret(key)}, base_url=served.base_url)


def test_a_true_zero_costs_a_second_call(served: ServedAccount, client: Client) -> None:
    served.set_balance("USD", None)
    (row,) = client.read(served.account()).balances
    assert (row.total, row.details["total_credits"], served.requests) == (Decimal(0), "0", 2)


def test_all_used_costs_none(served: ServedAccount, client: Client) -> None:
    served.set_balance("USD", "0")
    (row,) = client.read(served.account()).balances
    assert (row.total, row.details["total_credits"], served.requests) == (Decimal(0), "25.75", 1)


def test_a_key_that_sees_zeros_is_refused(served: ServedAccount, client: Client) -> None:
    with pytest.raises(PermissionDeniedError, match="zeros instead of the account's credits"):
        client.read(with_key(served, KEY_THAT_SEES_ZEROS))
    assert served.requests == 2


def test_a_key_for_inference_is_refused_in_the_providers_words(served: ServedAccount, client: Client) -> None:
    with pytest.raises(PermissionDeniedError, match="Only management keys can fetch credits for an account") as caught:
        client.read(with_key(served, INFERENCE_KEY))
    assert (caught.value.code, served.requests) == ("403", 1)


@pytest.mark.parametrize(("status", "kind"), [(401, "auth"), (403, "permission"), (404, "rejected")])
def test_a_second_call_that_fails_leaves_no_zero(client: Client, status: int, kind: str) -> None:
    def answer_credits_alone(call: SandboxCall, account: SandboxAccount) -> SandboxReply:
        return SandboxReply(b"", status=status) if call.path == "/api/v1/key" else SANDBOX.answer(call, account)

    with Sandbox([attrs.evolve(SANDBOX, answer=answer_credits_alone)]) as sandbox:
        served = sandbox["openrouter"]
        served.set_balance("USD", None)
        [outcome] = client.read_many([served.account()])
    assert (outcome.snapshot, outcome.error and outcome.error.kind, served.requests) == (None, kind, 2)
