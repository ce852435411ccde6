"""Wise: profiles, amounts and refusals, one by one; the vectors hold the rest."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import coffers_wise
from coffers import AuthError, Client, parse_guarded
from coffers.plugin import (
    Attempt,
    BadResponseError,
    CoffersError,
    ConfigError,
    Pairs,
    PermissionDeniedError,
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
from coffers.sandbox import Sandbox
from coffers.testing.mutations import mutants
from coffers.testing.vectors import load_cases, read_response
from coffers_wise import ByToken, Settings
from coffers_wise.sandbox import SANDBOX

TOKEN = SANDBOX.fields["token"]
PROFILES = Query(Settings())
BALANCES = PROFILES.then("profile", {"profile": "14575282", "type": "PERSONAL"})
VECTORS = {case.name: case for case in load_cases(Path(__file__).parents[1] / "vectors")}
DOCUMENTED: list[dict[str, Any]] = json.loads(read_response(VECTORS["balances-personal"].files["response.http"]).body)

AMOUNTS = st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**24), max_value=10**24)


def parse(body: object, status: int = 200, query: Query[Settings] = BALANCES, headers: Pairs = ()) -> Snapshot:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = parse_guarded(coffers_wise.coffers_parse, query, Response(status, headers, content))
    assert isinstance(answer, Snapshot)
    return answer


def documented(**members: object) -> list[dict[str, Any]]:
    """The documented balance with members replaced; ``...`` leaves one out."""
    row = DOCUMENTED[0] | members
    return [{name: value for name, value in row.items() if value is not ...}]


def euros(value: object) -> dict[str, object]:
    return {"value": value, "currency": "EUR"}


def signed(query: Query[Settings] = PROFILES) -> SignedRequest:
    return coffers_wise.coffers_sign(coffers_wise.coffers_request(query), ByToken(Secret(TOKEN)), Attempt(0, 0))


def answer(path: str, state: SandboxAccount | None = None, **changes: Any) -> SandboxReply:
    call = SandboxCall("GET", path, (("types", "STANDARD,SAVINGS"),), signed().headers, b"", time_s=0.0)
    return SANDBOX.answer(attrs.evolve(call, **changes), state or account())


def account(balances: Mapping[str, str] = SANDBOX.balances) -> SandboxAccount:
    return SandboxAccount(dict(SANDBOX.fields), {code: Decimal(amount) for code, amount in balances.items()})


@pytest.mark.parametrize(
    ("settings", "host", "profiles", "balances"),
    [
        ({}, "api", "/2026Q4/profiles", "/2026Q4/profiles/7/balances"),
        ({"version": "2027Q1"}, "api", "/2027Q1/profiles", "/2027Q1/profiles/7/balances"),
        ({"version": "legacy"}, "api", "/v2/profiles", "/v4/profiles/7/balances"),
        ({"environment": "sandbox"}, "sandbox", "/2026Q4/profiles", "/2026Q4/profiles/7/balances"),
    ],
)
def test_the_requests(settings: dict[str, Any], host: str, profiles: str, balances: str) -> None:
    query = Query(Settings(**settings))
    assert (signed(query).host, signed(query).target) == (host, profiles)
    for step in (query.then("profile", {"profile": "7"}), Query(Settings(profile="7", **settings))):
        request = signed(step)
        assert (request.method, request.host, request.body) == ("GET", host, b"")
        assert request.target == f"{balances}?types=STANDARD%2CSAVINGS"
        assert request.headers == (("Authorization", f"Bearer {TOKEN}"),)


@pytest.mark.parametrize(
    "settings", [{"version": "v4"}, {"version": "2026Q5"}, {"version": "../x"}, {"profile": "shop"}, {"profile": ""}]
)
def test_settings_that_cannot_be_right_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        Settings(**settings)


def test_each_profile_is_a_step_of_its_own() -> None:
    body = [
        {"id": 14575282, "type": "PERSONAL", "firstName": "Sarah"},
        {"id": 2, "type": None},
        {"id": 9007199254740993},
        {"id": "3"},
    ]
    snapshot = parse(body, query=PROFILES)
    assert snapshot.balances == ()
    assert snapshot.next == (
        BALANCES,
        PROFILES.then("profile", {"profile": "2"}),
        PROFILES.then("profile", {"profile": "9007199254740993"}),
        PROFILES.then("profile", {"profile": "3"}),
    )
    assert "Sarah" not in repr(snapshot)


@pytest.mark.parametrize(
    "body",
    [{}, [{}], [{"id": "x/.."}], [{"id": ""}], [{"id": -1}], [{"id": None}], [{"id": 1.5}], [{"id": True}], [[]], "x"],
)
def test_a_profile_without_a_number_is_not_understood(body: object) -> None:
    with pytest.raises(BadResponseError):
        parse(body, query=PROFILES)


@given(AMOUNTS, AMOUNTS, AMOUNTS)
def test_every_digit_of_every_number(available: Decimal, reserved: Decimal, worth: Decimal) -> None:
    names = ("amount", "reservedAmount", "totalWorth")
    body = json.dumps(documented(**{name: euros(f"@{name}@") for name in names}))
    texts = [amount_to_text(amount) for amount in (available, reserved, worth)]
    for name, text in zip(names, texts, strict=True):
        body = body.replace(f'"@{name}@"', text)
    (row,) = parse(body.encode()).balances
    amounts = (row.available, row.reserved, row.total)
    assert [amount_to_text(amount) for amount in amounts if amount is not None] == texts
    assert row.derived == ()


def test_a_number_that_no_float_can_hold() -> None:
    body = json.dumps(documented(amount=euros("@"))).replace('"@"', "9007199254740993.10")
    (row,) = parse(body.encode()).balances
    assert str(row.available) == "9007199254740993.10"


@pytest.mark.parametrize("name", ["id", "currency", "amount"])
@pytest.mark.parametrize("value", [..., None, "", [], {}, euros(None), {"value": 1}, {"currency": "EUR"}])
def test_without_these_there_is_no_balance(name: str, value: object) -> None:
    with pytest.raises(BadResponseError):
        parse(documented(**{name: value}))


@pytest.mark.parametrize("number", [200001, "200001"])
def test_the_id_tells_balances_apart(number: object) -> None:
    (row,) = parse(documented(id=number)).balances
    assert row.wallet == "200001"


@pytest.mark.parametrize("value", [..., None])
def test_what_is_not_told_is_unknown(value: object) -> None:
    (row,) = parse(documented(reservedAmount=value, cashAmount=value, totalWorth=value)).balances
    assert (row.total, row.reserved, row.pending) == (None, None, None)
    assert (str(row.available), row.spendable) == ("310.86", row.available)
    assert "cash" not in row.details


@pytest.mark.parametrize("name", ["amount", "reservedAmount", "cashAmount", "totalWorth"])
def test_an_amount_in_another_currency_is_no_balance(name: str) -> None:
    with pytest.raises(BadResponseError, match="another currency"):
        parse(documented(**{name: {"value": 1, "currency": "USD"}}))


@pytest.mark.parametrize("body", [{}, {"balances": []}, None, "", {"errors": []}])
def test_only_an_empty_array_is_no_balances(body: object) -> None:
    assert parse([]) == Snapshot()
    with pytest.raises(BadResponseError):
        parse(body)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "rejected"),
        (401, "auth"),
        (403, "permission"),
        (404, "rejected"),
        (408, "timeout"),
        (422, "rejected"),
        (429, "rate_limited"),
        (500, "unavailable"),
    ],
)
@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        ({"errors": [{"code": "A", "message": "one"}, {"code": "B", "message": "two"}]}, "A", "one; two"),
        ({"error": "unauthorized", "message": "Unauthorized"}, "unauthorized", "Unauthorized"),
        ({"error": "x", "error_description": "why"}, "x", "why"),
        ({"title": "T", "status": 403, "detail": "why", "code": "c"}, "c", "why"),
        ({"title": "T"}, None, "T"),
    ],
)
def test_refusals(status: int, kind: str, body: dict[str, Any], code: str | None, words: str) -> None:
    with pytest.raises(CoffersError) as caught:
        parse(body, status)
    assert (caught.value.kind, caught.value.code, caught.value.message) == (kind, code, words)


@pytest.mark.parametrize(
    "body", [{}, [], {"errors": []}, {"errors": [None, 5]}, {"error": 7, "message": []}, None, b""]
)
def test_a_refusal_without_words_is_what_its_status_says(body: object) -> None:
    with pytest.raises(PermissionDeniedError, match="HTTP 403 Forbidden"):
        parse(body, 403)


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_refused_token_is_auth_and_is_not_repeated(status: int) -> None:
    with pytest.raises(AuthError) as caught:
        parse({"error": "invalid_token", "error_description": TOKEN}, status)
    assert caught.value.code == "invalid_token"
    assert TOKEN not in repr(caught.value.message)


def test_strong_authentication_is_told_by_a_header_alone() -> None:
    for body in (b"", b"<html>", {"message": "no"}):
        with pytest.raises(PermissionDeniedError) as caught:
            parse(body or b"", 403, headers=(("X-2FA-Approval-Result", "REJECTED"), ("X-2FA-Approval", "made-up")))
        assert "made-up" not in caught.value.message


def test_no_change_of_the_documented_answer_gives_another_amount() -> None:
    survivors = 0
    for mutant in mutants(DOCUMENTED):
        try:
            rows = parse(mutant).balances
        except CoffersError:
            continue
        survivors += 1
        assert len(rows) == len(mutant)
        for row in rows:
            assert str(row.available) == "310.86"
            assert row.reserved in (None, 0)
            assert row.total in (None, Decimal("310.86"))
    assert survivors > 20  # what is not read, and what may be unknown


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode), st.sampled_from([200, 401, 403, 429, 500]))
def test_garbage_is_never_a_balance(body: bytes, status: int) -> None:
    for query in (PROFILES, BALANCES):
        with pytest.raises(CoffersError):
            parse(body, status, query)


@pytest.mark.parametrize(
    ("path", "changes", "status", "kind"),
    [
        ("/2026Q4/profiles", {"headers": ()}, 401, "auth"),
        ("/2026Q4/profiles", {"headers": (("Authorization", "Bearer another"),)}, 401, "auth"),
        ("/2026Q4/profiles", {"method": "POST"}, 405, "rejected"),
        ("/2025Q1/profiles", {}, 404, "rejected"),
        ("/v3/profiles", {}, 404, "rejected"),
        ("/v4/profiles/1/balances", {}, 403, "permission"),
        ("/v4/profiles/14575282/balances", {"query": ()}, 400, "rejected"),
        ("/v4/profiles/14575282/balances", {"query": (("types", "STANDARD,OTHER"),)}, 400, "rejected"),
    ],
)
def test_the_sandbox_refuses(path: str, changes: Any, status: int, kind: str) -> None:
    reply = answer(path, **changes)
    assert reply.status == status
    with pytest.raises(CoffersError) as caught:
        parse(reply.body, status)
    assert caught.value.kind == kind


def test_the_sandbox_leaves_out_types_that_were_not_asked_for() -> None:
    reply = answer("/2026Q4/profiles/14599371/balances", query=(("types", "SAVINGS"),))
    assert [(row["type"], row["name"]) for row in json.loads(reply.body)] == [("SAVINGS", "Holiday")]


@pytest.mark.parametrize("version", ["2026Q4", "2026Q3", "legacy"])
def test_all_profiles_or_one_are_read(version: str) -> None:
    with Sandbox([SANDBOX]) as sandbox, Client() as client:
        served = sandbox["wise"]
        everything = served.account()

        def read(**settings: str) -> list[tuple[str, str, str | None, str]]:
            fields = {**dict(everything.fields), "version": version, **settings}
            rows = client.read(attrs.evolve(everything, fields=fields)).balances
            assert len({row.wallet for row in rows}) == len(rows)
            return [(row.details["type"], row.currency, row.details.get("name"), str(row.available)) for row in rows]

        business = [
            ("STANDARD", "EUR", None, "310.86"),
            ("STANDARD", "USD", None, "0.00"),
            ("SAVINGS", "EUR", "Holiday", "1250.50"),
        ]
        personal = [("STANDARD", "GBP", None, "42.10")]
        assert read() == business + personal
        assert served.requests == 3
        assert read(profile="14575282") == personal
        assert served.requests == 4
