"""Vultr: the turned sign, what remains, the two refusals of one status; the vectors hold the rest."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import coffers_vultr
from coffers import parse_guarded
from coffers.plugin import (
    Attempt,
    AuthError,
    BadResponseError,
    CoffersError,
    NoSettings,
    PermissionDeniedError,
    Query,
    RateLimitedError,
    Response,
    SandboxAccount,
    SandboxCall,
    SandboxReply,
    Secret,
    SignedRequest,
    Snapshot,
    amount_to_text,
    exact,
    parse_json,
)
from coffers.testing.mutations import mutants
from coffers.testing.vectors import load_cases, read_response
from coffers_vultr.sandbox import SANDBOX

QUERY = Query(NoSettings())
KEY = SANDBOX.fields["key"]
VECTORS = {case.name: case for case in load_cases(Path(__file__).parents[1] / "vectors")}
DOCUMENTED: dict[str, Any] = json.loads(read_response(VECTORS["account"].files["response.http"]).body)

AMOUNTS = st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**20), max_value=10**20)


def parse(body: object, status: int = 200, **headers: str) -> Snapshot:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    pairs = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    answer = parse_guarded(coffers_vultr.coffers_parse, QUERY, Response(status, pairs, content))
    assert isinstance(answer, Snapshot)
    return answer


def signed(key: str = KEY) -> SignedRequest:
    request = coffers_vultr.coffers_request(QUERY)
    return coffers_vultr.coffers_sign(request, coffers_vultr.ByKey(Secret(key)), Attempt(0, 0))


def answer(held: str = "50.00", **changes: Any) -> SandboxReply:
    sent = signed()
    call = SandboxCall(sent.method, sent.target, (), sent.headers, sent.body, time_s=0.0)
    return SANDBOX.answer(attrs.evolve(call, **changes), SandboxAccount(dict(SANDBOX.fields), {"USD": Decimal(held)}))


@pytest.mark.parametrize(
    ("balance", "charges", "left", "remaining"),
    [
        (b"-50.00", b"10.00", "50.00", "40.00"),
        (b"-5519.11", b"57.03", "5519.11", "5462.08"),
        (b"11.2", b"3.4", "-11.2", "-14.6"),
        (b"-1.00", b"2.5", "1.00", "-1.50"),
        (b"-0.00", b"0", "0.00", "0.00"),
    ],
)
def test_what_is_owed_is_not_held(balance: bytes, charges: bytes, left: str, remaining: str) -> None:
    (row,) = parse(b'{"account": {"balance": %b, "pending_charges": %b}}' % (balance, charges)).balances
    assert (str(row.total), str(row.available), str(row.pending)) == (left, remaining, charges.decode())
    assert (row.currency, row.unit, row.reserved, row.derived) == ("USD", "money", None, ("available",))


@given(AMOUNTS)
def test_what_the_sandbox_holds_is_what_is_read(held: Decimal) -> None:
    (row,) = parse(answer(amount_to_text(held)).body).balances
    with exact():
        assert (row.total, row.available) == (held, held - Decimal("3.40"))


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("words", ["Unauthorized IP address: 203.0.113.9", "Unauthorized IP address"])
def test_a_right_key_from_another_address_is_no_wrong_key(words: str, status: int) -> None:
    with pytest.raises(PermissionDeniedError, match=words):
        parse({"error": words, "status": status}, status, x_request_id="made-up")
    with pytest.raises(AuthError, match=r"Invalid API token\."):
        parse({"error": "Invalid API token.", "status": 401}, 401)


@pytest.mark.parametrize("body", [{}, {"error": None}, {"error": {"text": "x"}}, [], "x", b"", b"denied"])
def test_a_refusal_without_words_means_its_status(body: object) -> None:
    with pytest.raises(AuthError, match="HTTP 401"):
        parse(body, 401)
    with pytest.raises(BadResponseError):
        parse(body, 200)


def test_a_wait_is_told_where_there_is_one() -> None:
    for headers, wait_s in (({"retry_after": "2"}, 2), (dict[str, str](), None)):
        with pytest.raises(RateLimitedError) as caught:
            parse({"error": "Rate limit reached", "status": 429}, 429, **headers)
        assert caught.value.retry_after_s == wait_s


def test_no_change_of_the_documented_answer_gives_another_amount() -> None:
    survivors = 0
    for mutant in mutants(DOCUMENTED):
        try:
            (row,) = parse(mutant).balances
        except CoffersError:
            continue
        survivors += 1
        assert (str(row.total), str(row.available), str(row.pending)) == ("5519.11", "5462.08", "57.03")
    assert survivors > 20  # what is personal


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode), st.sampled_from([200, 401, 429, 500]))
def test_garbage_is_never_a_balance(body: bytes, status: int) -> None:
    with pytest.raises(CoffersError):
        parse(body, status)


@pytest.mark.parametrize(
    ("changes", "status", "kind"),
    [
        ({"headers": signed("ANOTHER").headers}, 401, "auth"),
        ({"headers": ()}, 401, "auth"),
        ({"headers": (("API-Key", KEY),)}, 401, "auth"),
        ({"path": "/v1/account/info"}, 404, "rejected"),
        ({"method": "POST"}, 404, "rejected"),
    ],
)
def test_the_sandbox_refuses_as_documented(changes: dict[str, Any], status: int, kind: str) -> None:
    reply = answer(**changes)
    assert reply.status == status == parse_json(reply.body)["status"]
    with pytest.raises(CoffersError) as caught:
        parse(reply.body, reply.status)
    assert caught.value.kind == kind
