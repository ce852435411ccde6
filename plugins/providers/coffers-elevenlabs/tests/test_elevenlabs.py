"""ElevenLabs: the difference, the details, refusals and the sandbox, one by one; the vectors hold the rest."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import coffers_elevenlabs
from coffers import parse_guarded
from coffers.plugin import (
    Attempt,
    AuthError,
    BadResponseError,
    CoffersError,
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
from coffers.testing.mutations import mutants
from coffers.testing.vectors import load_cases, read_response
from coffers_elevenlabs import Settings
from coffers_elevenlabs.sandbox import RESTRICTED_KEY, SANDBOX

QUERY = Query(Settings())
KEY = SANDBOX.fields["key"]
VECTORS = {case.name: case for case in load_cases(Path(__file__).parents[1] / "vectors")}
DOCUMENTED: dict[str, Any] = json.loads(read_response(VECTORS["balance"].files["response.http"]).body)
DESCRIPTIONS = ("next_character_count_reset_unix", "max_credit_limit_extension", "tier", "status")

AMOUNTS = st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=0, max_value=10**15)


def parse(body: object, status: int = 200) -> Snapshot:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    response = Response(status, (("Content-Type", "application/json"),), content)
    answer = parse_guarded(coffers_elevenlabs.coffers_parse, QUERY, response)
    assert isinstance(answer, Snapshot)
    return answer


def documented(**members: object) -> dict[str, Any]:
    """The documented answer with members replaced; ``...`` leaves one out."""
    return {name: value for name, value in (DOCUMENTED | members).items() if value is not ...}


def signed(key: str = KEY) -> SignedRequest:
    request = coffers_elevenlabs.coffers_request(QUERY)
    return coffers_elevenlabs.coffers_sign(request, coffers_elevenlabs.ByKey(Secret(key)), Attempt(0, 0))


def answer(message: SignedRequest, left: str = "9000", **changes: Any) -> SandboxReply:
    parts: dict[str, Any] = {"method": message.method, "path": message.target, "headers": message.headers}
    call = SandboxCall(query=(), body=message.body, time_s=0.0, **parts | changes)
    return SANDBOX.answer(call, SandboxAccount(dict(SANDBOX.fields), {"CREDITS": Decimal(left)}))


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("global", "https://api.elevenlabs.io"),
        ("us", "https://api.us.elevenlabs.io"),
        ("eu", "https://api.eu.residency.elevenlabs.io"),
        ("in", "https://api.in.residency.elevenlabs.io"),
        ("sg", "https://api.sg.residency.elevenlabs.io"),
    ],
)
def test_each_region_has_a_host(region: Any, host: str) -> None:
    request = coffers_elevenlabs.coffers_request(Query(Settings(region)))
    assert coffers_elevenlabs.coffers_provider().base_urls[request.host] == host


def test_the_documented_answer() -> None:
    (row,) = parse(DOCUMENTED).balances
    assert (row.currency, row.unit, str(row.total), row.derived) == ("CREDITS", "credits", "9000", ("total",))
    assert (row.available, row.pending, row.reserved, row.expires_at) == (None, None, None, None)
    assert dict(row.details) == {
        "character_limit": "10000",
        "character_count": "1000",
        "next_character_count_reset_unix": "1738356858",
        "max_credit_limit_extension": "10000",
        "tier": "starter",
        "status": "active",
        "current_overage_amount": "0",
        "current_overage_currency": "usd",
    }


@given(AMOUNTS, AMOUNTS)
def test_what_is_left_is_the_exact_difference(limit: Decimal, used: Decimal) -> None:
    texts = amount_as_json_number(limit), amount_as_json_number(used)
    (row,) = parse(f'{{"character_limit": {texts[0]}, "character_count": {texts[1]}}}'.encode()).balances
    with exact():
        assert row.total == limit - used
    assert dict(row.details) == {"character_limit": texts[0], "character_count": texts[1]}


@pytest.mark.parametrize("value", [..., None, "", True, [], {}, "a lot"])
@pytest.mark.parametrize("name", ["character_limit", "character_count"])
def test_without_both_figures_there_is_no_balance(name: str, value: object) -> None:
    with pytest.raises(BadResponseError, match=name):
        parse(documented(**{name: value}))


@pytest.mark.parametrize("value", [..., None, "", True, [], {}])
@pytest.mark.parametrize("name", [*DESCRIPTIONS, "current_overage"])
def test_an_odd_description_is_left_out(name: str, value: object) -> None:
    (row,) = parse(documented(**{name: value})).balances
    assert not [told for told in row.details if told.startswith(name)]
    assert str(row.total) == "9000"


def test_more_than_the_limit_may_be_used_without_end() -> None:
    (row,) = parse(documented(max_credit_limit_extension="unlimited", character_count=10500)).balances
    assert (str(row.total), row.available, row.details["max_credit_limit_extension"]) == ("-500", None, "unlimited")


@pytest.mark.parametrize(("number", "text"), [(b"0", "0"), (b"12.50", "12.50"), (b"1e2", "100")])
def test_a_cost_may_be_a_number(number: bytes, text: str) -> None:
    body = (
        b'{"character_limit": 5, "character_count": 1, "current_overage": {"amount": %b, "currency": "usd"}}' % number
    )
    (row,) = parse(body).balances
    assert (row.details["current_overage_amount"], row.details["current_overage_currency"]) == (text, "usd")


def test_nothing_about_invoices_is_kept() -> None:
    (row,) = parse(DOCUMENTED).balances
    assert not [name for name in row.details if "invoice" in name]


def test_no_change_of_the_documented_answer_gives_another_balance() -> None:
    survivors = 0
    for mutant in mutants(DOCUMENTED):
        try:
            rows = parse(mutant).balances
        except CoffersError:
            continue
        survivors += 1
        assert [str(row.total) for row in rows] == ["9000"]
    assert survivors > 300  # what is not read, and what may be unknown


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        *((200, "rejected"), (400, "rejected"), (401, "auth"), (403, "permission"), (404, "rejected")),
        *((422, "rejected"), (429, "rate_limited"), (500, "unavailable"), (503, "unavailable")),
    ],
)
@pytest.mark.parametrize("form", ["text", "older", "newer"])
def test_words_mean_what_the_http_status_says(form: str, status: int, kind: str) -> None:
    words = "A made-up reason."
    details: dict[str, object] = {"text": words, "older": {"status": "other", "message": words}}
    details["newer"] = {"type": "made_up", "code": "other", "message": words}
    with pytest.raises(CoffersError) as caught:
        parse({"detail": details[form]}, status)
    code = None if form == "text" else "other"
    assert (caught.value.kind, caught.value.code, caught.value.message) == (kind, code, words)


@pytest.mark.parametrize("status", [200, 400, 401, 403])
@pytest.mark.parametrize(
    ("code", "kind"),
    [
        *(("missing_permissions", "permission"), ("insufficient_permissions", "permission")),
        ("detected_unusual_activity", "permission"),
        *(("invalid_api_key", "auth"), ("missing_api_key", "auth")),
    ],
)
def test_codes_mean_the_same_with_any_status(code: str, kind: str, status: int) -> None:
    for detail in ({"status": code}, {"code": code}, {"status": code, "code": "unauthorized"}):
        with pytest.raises(CoffersError) as caught:
            parse({"detail": detail}, status)
        assert (caught.value.kind, caught.value.code) == (kind, code)


@pytest.mark.parametrize("detail", [None, 5, [], {}, [{"msg": "x"}], {"status": 5, "code": [], "message": {}}])
def test_a_refusal_in_another_form_is_what_the_status_says(detail: object) -> None:
    with pytest.raises(AuthError, match="HTTP 401"):
        parse({"detail": detail}, 401)
    if detail is None:
        assert parse(DOCUMENTED | {"detail": None}) == parse(DOCUMENTED)
        return
    with pytest.raises(CoffersError):
        parse(DOCUMENTED | {"detail": detail})


@given(st.decimals(allow_nan=False, allow_infinity=False, places=0, min_value=-(10**12), max_value=10**12))
def test_what_the_sandbox_holds_is_what_is_read(left: Decimal) -> None:
    (row,) = parse(answer(signed(), str(left)).body).balances
    assert row.total == left
    assert Decimal(row.details["character_count"]) >= 0


@pytest.mark.parametrize(
    ("key", "changes", "status", "kind"),
    [
        ("sk_made_up_other_key", {}, 401, "auth"),
        (RESTRICTED_KEY, {}, 401, "permission"),
        (KEY, {"headers": ()}, 401, "auth"),
        (KEY, {"headers": (("Authorization", f"Bearer {KEY}"),)}, 401, "auth"),
        (KEY, {"path": "/v1/user"}, 404, "rejected"),
        (KEY, {"method": "POST"}, 405, "rejected"),
    ],
)
def test_the_sandbox_refuses(key: str, changes: dict[str, Any], status: int, kind: str) -> None:
    reply = answer(signed(key), **changes)
    assert reply.status == status
    with pytest.raises(CoffersError) as caught:
        parse(reply.body, reply.status)
    assert caught.value.kind == kind
