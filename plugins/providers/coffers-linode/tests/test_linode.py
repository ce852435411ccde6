"""Linode: the turned sign, promotions beside the balance, the two refusals of one status; the vectors hold the rest."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import coffers_linode
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
)
from coffers.testing.mutations import mutants
from coffers.testing.vectors import load_cases, read_response
from coffers_linode.sandbox import SANDBOX

QUERY = Query(NoSettings())
TOKEN = SANDBOX.fields["token"]
VECTORS = {case.name: case for case in load_cases(Path(__file__).parents[1] / "vectors")}
DOCUMENTED: dict[str, Any] = json.loads(read_response(VECTORS["account"].files["response.http"]).body)

AMOUNTS = st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**20), max_value=10**20)


def parse(body: object, status: int = 200, **headers: str) -> Snapshot:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    pairs = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    answer = parse_guarded(coffers_linode.coffers_parse, QUERY, Response(status, pairs, content))
    assert isinstance(answer, Snapshot)
    return answer


def promoted(**changes: object) -> dict[str, Any]:
    """The documented answer with members of its promotion replaced; ``...`` leaves one out."""
    body = copy.deepcopy(DOCUMENTED)
    promotion = body["active_promotions"][0] | changes
    body["active_promotions"][0] = {name: value for name, value in promotion.items() if value is not ...}
    return body


def signed(token: str = TOKEN) -> SignedRequest:
    request = coffers_linode.coffers_request(QUERY)
    return coffers_linode.coffers_sign(request, coffers_linode.ByToken(Secret(token)), Attempt(0, 0))


def answer(held: dict[str, Decimal] | None = None, **changes: Any) -> SandboxReply:
    sent = signed()
    call = SandboxCall(sent.method, sent.target, (), sent.headers, sent.body, time_s=1_562_684_472.5)
    state = SandboxAccount(dict(SANDBOX.fields), held or {"USD": Decimal("29.91")})
    return SANDBOX.answer(attrs.evolve(call, **changes), state)


@pytest.mark.parametrize(
    ("owed", "estimate", "left", "spendable"),
    [(b"200", b"145", "-200", "-345"), (b"-24.73", b"0.09", "24.73", "24.64"), (b"-0.0", b"0", "0.0", "0.0")],
)
def test_what_is_owed_is_not_held(owed: bytes, estimate: bytes, left: str, spendable: str) -> None:
    body = b'{"balance": %b, "balance_uninvoiced": %b, "active_promotions": []}' % (owed, estimate)
    (row,) = parse(body).balances
    assert (str(row.total), str(row.available), str(row.pending)) == (left, spendable, estimate.decode())
    assert (row.currency, row.unit, row.wallet, row.derived) == ("USD", "money", None, ("available",))


def test_a_promotion_keeps_its_sign_and_is_never_added_to_the_balance() -> None:
    account, promotion = parse(DOCUMENTED).balances
    assert (account.total, promotion.total, promotion.available) == (Decimal(-200), Decimal(50), Decimal(10))
    assert (promotion.pending, promotion.derived) == (None, ())


@pytest.mark.parametrize("value", [..., None])
def test_without_a_share_of_this_month_it_is_unknown(value: object) -> None:
    _, promotion = parse(promoted(this_month_credit_remaining=value)).balances
    assert (promotion.available, promotion.spendable) == (None, Decimal(50))


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2018-01-31T23:59:59", datetime(2018, 1, 31, 23, 59, 59, tzinfo=UTC)),
        ("2025-10-15T13:52:10.827Z", datetime(2025, 10, 15, 13, 52, 10, 827000, tzinfo=UTC)),
        ("2018-02-01T00:59:59+01:00", datetime(2018, 1, 31, 23, 59, 59, tzinfo=UTC)),
        *((text, None) for text in ("never", "", None, 5, True, ...)),
    ],
)
def test_the_end_of_a_promotion_is_utc_or_unknown(text: object, time: datetime | None) -> None:
    assert parse(promoted(expire_dt=text)).balances[1].expires_at == time


@pytest.mark.parametrize("value", [..., None, "", "  ", True, []])
def test_a_promotion_without_words_is_one_all_the_same(value: object) -> None:
    _, promotion = parse(promoted(summary=value, service_type=value, credit_monthly_cap=value)).balances
    assert (promotion.wallet, dict(promotion.details), promotion.total) == ("promotion", {}, Decimal(50))


@pytest.mark.parametrize(("cap", "text"), [("10.00", "10.00"), (10, "10"), (0.5, "0.5")])
def test_a_cap_is_a_text_or_a_number(cap: object, text: str) -> None:
    assert parse(promoted(credit_monthly_cap=cap)).balances[1].details["credit_monthly_cap"] == text


def test_without_promotions_the_account_is_read_all_the_same() -> None:
    none: list[object] = []
    absent = {name: value for name, value in DOCUMENTED.items() if name != "active_promotions"}
    for body in (absent, DOCUMENTED | {"active_promotions": None}, DOCUMENTED | {"active_promotions": none}):
        (row,) = parse(body).balances
        assert row.total == Decimal(-200)


def test_what_is_no_promotion_is_not_passed_over() -> None:
    wrong: list[object] = [{}, "", 0, False, [None], [[]], [{}]]
    for promotions in wrong:
        with pytest.raises(BadResponseError, match="active_promotions"):
            parse(DOCUMENTED | {"active_promotions": promotions})


@given(st.dictionaries(st.sampled_from(["One", "Two", "Three"]), AMOUNTS), AMOUNTS)
def test_what_the_sandbox_holds_is_what_is_read(promotions: dict[str, Decimal], held: Decimal) -> None:
    account, *rows = parse(answer({"USD": held, **promotions}).body).balances
    with exact():
        assert (account.total, account.available) == (held, held - Decimal("3.75"))
    assert {row.wallet: row.total for row in rows} == promotions
    assert [str(row.total) for row in rows] == [str(Decimal(amount_to_text(left))) for left in promotions.values()]


def test_no_change_of_the_documented_answer_gives_another_amount() -> None:
    survivors = 0
    for mutant in mutants(DOCUMENTED):
        try:
            account, *promotions = parse(mutant).balances
        except CoffersError:
            continue
        survivors += 1
        assert (account.total, account.available, account.pending) == (Decimal(-200), Decimal(-345), Decimal(145))
        assert len(promotions) == len(mutant.get("active_promotions") or ())
        for row in promotions:
            assert row.total == Decimal(50)
            assert row.available in (None, Decimal(10))
    assert survivors > 100  # what is personal


@pytest.mark.parametrize(
    "body",
    [{}, {"errors": None}, {"errors": {}}, {"errors": []}, {"errors": [None, "x", {}, {"reason": 5}]}, [], "x"],
)
def test_a_refusal_without_a_reason_means_its_status(body: object) -> None:
    with pytest.raises(AuthError, match="HTTP 401"):
        parse(body, 401)
    with pytest.raises(BadResponseError):
        parse(body, 200)


def test_a_reason_stands_beside_odd_ones() -> None:
    reasons = [{"field": "x"}, {"reason": None}, {"reason": "Your OAuth token is not authorized to use this endpoint."}]
    with pytest.raises(PermissionDeniedError, match="not authorized"):
        parse({"errors": reasons}, 401)


def test_the_wait_is_told() -> None:
    with pytest.raises(RateLimitedError) as caught:
        parse({"errors": [{"reason": "Too many requests"}]}, 429, retry_after="30")
    assert caught.value.retry_after_s == 30


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode), st.sampled_from([200, 401, 429, 500]))
def test_garbage_is_never_a_balance(body: bytes, status: int) -> None:
    with pytest.raises(CoffersError):
        parse(body, status)


@pytest.mark.parametrize(
    ("changes", "status", "kind"),
    [
        ({"headers": signed("another").headers}, 401, "auth"),
        ({"headers": ()}, 401, "auth"),
        ({"headers": (("Authorization", TOKEN),)}, 401, "auth"),
        ({"path": "/account"}, 404, "rejected"),
        ({"method": "PUT"}, 404, "rejected"),
    ],
)
def test_the_sandbox_refuses_as_documented(changes: dict[str, Any], status: int, kind: str) -> None:
    reply = answer(**changes)
    assert reply.status == status
    with pytest.raises(CoffersError) as caught:
        parse(reply.body, reply.status)
    assert caught.value.kind == kind
