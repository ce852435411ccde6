"""DigitalOcean: the turned sign, the two limits, the time of the figures; the vectors hold the rest."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import coffers_digitalocean
from coffers import parse_guarded
from coffers.plugin import (
    Attempt,
    CoffersError,
    NoSettings,
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
from coffers_digitalocean.sandbox import SANDBOX

QUERY = Query(NoSettings())
TOKEN = SANDBOX.fields["token"]
VECTORS = {case.name: case for case in load_cases(Path(__file__).parents[1] / "vectors")}
DOCUMENTED: dict[str, Any] = json.loads(read_response(VECTORS["balance"].files["response.http"]).body)

AMOUNTS = st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**20), max_value=10**20)


def parse(body: object, status: int = 200, **headers: str) -> Snapshot:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    pairs = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    answer = parse_guarded(coffers_digitalocean.coffers_parse, QUERY, Response(status, pairs, content))
    assert isinstance(answer, Snapshot)
    return answer


def signed(token: str = TOKEN) -> SignedRequest:
    request = coffers_digitalocean.coffers_request(QUERY)
    return coffers_digitalocean.coffers_sign(request, coffers_digitalocean.ByToken(Secret(token)), Attempt(0, 0))


def answer(held: str = "40.00", request: SignedRequest | None = None, **changes: Any) -> SandboxReply:
    sent = request or signed()
    call = SandboxCall(sent.method, sent.target, (), sent.headers, sent.body, time_s=1_562_684_472.5)
    state = SandboxAccount(dict(SANDBOX.fields), {"USD": Decimal(held)})
    return SANDBOX.answer(attrs.evolve(call, **changes), state)


@pytest.mark.parametrize(
    ("owed", "with_usage", "left", "spendable"),
    [("12.23", "23.44", "-12.23", "-23.44"), ("-27.52", "-27.40", "27.52", "27.40"), ("-0.00", "0.00", "0.00", "0.00")],
)
def test_what_is_owed_is_not_held(owed: str, with_usage: str, left: str, spendable: str) -> None:
    (row,) = parse(DOCUMENTED | {"account_balance": owed, "month_to_date_balance": with_usage}).balances
    assert (str(row.total), str(row.available), str(row.pending)) == (left, spendable, "11.21")
    assert (row.currency, row.unit, row.reserved, row.derived) == ("USD", "money", None, ())


@given(AMOUNTS)
def test_what_the_sandbox_holds_is_what_is_read(held: Decimal) -> None:
    (row,) = parse(answer(amount_to_text(held)).body).balances
    assert row.total == held
    with exact():
        assert row.available == held - Decimal("11.21")


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2019-07-09T15:01:12Z", datetime(2019, 7, 9, 15, 1, 12, tzinfo=UTC)),
        ("2025-10-15T13:52:47.273Z", datetime(2025, 10, 15, 13, 52, 47, 273000, tzinfo=UTC)),
        ("2019-07-09T17:01:12+02:00", datetime(2019, 7, 9, 15, 1, 12, tzinfo=UTC)),
        *((text, None) for text in ("2019-07-09T15:01:12", "2019-07-09", "yesterday", "", None)),
    ],
)
def test_a_time_without_a_zone_is_no_time(text: str | None, time: datetime | None) -> None:
    assert parse(DOCUMENTED | {"generated_at": text}).as_of == time


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({"retry_after": "29", "ratelimit_reset": "1402425459"}, 29),
        ({"ratelimit_reset": "1402425459", "date": "Tue, 10 Jun 2014 18:07:39 GMT"}, 1800),
        ({"ratelimit_reset": "1402425459", "date": "Tue, 10 Jun 2014 19:07:39 GMT"}, 0),
        ({"ratelimit_reset": "1402425459"}, None),
        ({"ratelimit_reset": "soon", "date": "Tue, 10 Jun 2014 18:07:39 GMT"}, None),
        ({"ratelimit_reset": "9" * 400, "date": "Tue, 10 Jun 2014 18:07:39 GMT"}, None),
        ({"date": "Tue, 10 Jun 2014 18:07:39 GMT"}, None),
    ],
)
def test_the_wait_beyond_either_limit(headers: dict[str, str], wait_s: int | None) -> None:
    with pytest.raises(RateLimitedError, match="exceeded") as caught:
        parse(
            {"id": "too_many_requests", "message": "API rate limit exceeded."}, 429, x_request_id="made-up", **headers
        )
    assert (caught.value.retry_after_s, caught.value.code) == (wait_s, "too_many_requests")
    assert caught.value.request_id == "made-up"


def test_no_change_of_the_documented_answer_gives_another_amount() -> None:
    survivors = 0
    for mutant in mutants(DOCUMENTED):
        try:
            (row,) = parse(mutant).balances
        except CoffersError:
            continue
        survivors += 1
        assert (str(row.total), str(row.available), str(row.pending)) == ("-12.23", "-23.44", "11.21")
    assert survivors > 0  # the time


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode), st.sampled_from([200, 401, 429, 500]))
def test_garbage_is_never_a_balance(body: bytes, status: int) -> None:
    with pytest.raises(CoffersError):
        parse(body, status)


@pytest.mark.parametrize(
    ("changes", "status", "kind"),
    [
        ({"headers": signed("dop_v1_another").headers}, 401, "auth"),
        ({"headers": ()}, 401, "auth"),
        ({"headers": (("Authorization", TOKEN),)}, 401, "auth"),
        ({"path": "/v2/customers/my"}, 404, "rejected"),
        ({"method": "POST"}, 404, "rejected"),
    ],
)
def test_the_sandbox_refuses_as_documented(changes: dict[str, Any], status: int, kind: str) -> None:
    reply = answer(**changes)
    assert reply.status == status
    with pytest.raises(CoffersError) as caught:
        parse(reply.body, reply.status)
    assert caught.value.kind == kind
