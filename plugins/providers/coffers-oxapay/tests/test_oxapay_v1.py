"""OxaPay, v1: the rows of its page and of its contradictions, one by one; the vectors hold the rest."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coffers import parse_guarded
from coffers.plugin import (
    Attempt,
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
    amount_to_text,
)
from coffers.testing.mutations import mutants
from coffers_oxapay import v1
from coffers_oxapay.v1.sandbox import SANDBOX

KEY = SANDBOX.fields["key"]
HELD: Mapping[str, str] = {"USDT": "1250.50", "SHIB": "21715327.987896618", "LTC": "0"}

AMOUNTS = st.decimals(allow_nan=False, allow_infinity=False, places=12, min_value=-(10**24), max_value=10**24)
SYMBOLS = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=3, max_size=4)

#: The published statuses, 429 of the official clients and 403 of the proxy among them.
KINDS = {
    400: "rejected",
    401: "auth",
    403: "permission",
    404: "rejected",
    429: "rate_limited",
    500: "unavailable",
    503: "unavailable",
}


def envelope(data: object, status: object = 200, error: object = None) -> dict[str, Any]:
    return {"data": data, "message": "a message", "error": error or {}, "status": status, "version": "1.0.0"}


def parse(body: object, status: int = 200, currency: str | None = None) -> Snapshot:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    response = Response(status, (("Content-Type", "application/json"),), content)
    answer = parse_guarded(v1.coffers_parse, Query(v1.Settings(currency)), response)
    assert isinstance(answer, Snapshot)
    return answer


def told(snapshot: Snapshot) -> list[tuple[str, str | None]]:
    return [(row.currency, None if row.total is None else amount_to_text(row.total)) for row in snapshot.balances]


def signed(currency: str | None = None, key: str = KEY) -> SignedRequest:
    request = v1.coffers_request(Query(v1.Settings(currency)))
    return v1.coffers_sign(request, v1.ByKey(Secret(key)), Attempt(0, 0))


def account(balances: Mapping[str, str] = HELD) -> SandboxAccount:
    return SandboxAccount(dict(SANDBOX.fields), {code: Decimal(amount) for code, amount in balances.items()})


def answer(request: SignedRequest, state: SandboxAccount, **changes: Any) -> SandboxReply:
    path, _, query = request.target.partition("?")
    call = SandboxCall(request.method, path, tuple(parse_qsl(query)), request.headers, request.body, time_s=0.0)
    return SANDBOX.answer(attrs.evolve(call, **changes), state)


def read_back(reply: SandboxReply, currency: str | None = None) -> Snapshot:
    return parse(reply.body, reply.status, currency)


def test_the_request_is_a_get_with_the_key_in_a_header_and_never_in_the_address() -> None:
    request = signed()
    assert (request.method, request.target, request.host) == ("GET", "/v1/general/account/balance", "api")
    assert request.headers == (("Content-Type", "application/json"), ("general_api_key", KEY))
    assert request.body == b""


@pytest.mark.parametrize(("currency", "query"), [("usdt", "?currency=USDT"), (None, ""), ("", "")])
def test_a_currency_is_sent_only_where_there_is_one(currency: str | None, query: str) -> None:
    assert signed(currency).target == f"/v1/general/account/balance{query}"


def test_numbers_and_texts_keep_every_digit() -> None:
    numbers = b'{"data": {"USDT": 1250.50, "SHIB": 21715327.987896618, "LTC": 0}, "status": 200}'
    assert told(parse(numbers)) == told(parse(envelope(HELD))) == list(HELD.items())


def test_objects_of_a_symbol_are_read_part_by_part() -> None:
    both = {"balance": "3", "available": "1.5", "pending": "0.5", "symbol": "trx"}
    data = {"USDT": {"available": "10.5", "pending": "2"}, "BTC": {"balance": "1", "symbol": "BTC"}, "TRX": both}
    usdt, btc, trx = parse(envelope(data)).balances
    assert (usdt.total, usdt.available, usdt.pending, usdt.spendable) == (
        None,
        Decimal("10.5"),
        Decimal(2),
        Decimal("10.5"),
    )
    assert (btc.total, btc.available, btc.pending, btc.spendable) == (Decimal(1), None, None, Decimal(1))
    assert (trx.total, trx.available, trx.pending) == (Decimal(3), Decimal("1.5"), Decimal("0.5"))
    assert {row.unit for row in (usdt, btc, trx)} == {"asset"}


@pytest.mark.parametrize(
    "value",
    [
        *(None, "", True, False, [], ["1"], "1,250.50", "NaN", {}),
        *({"value": "1"}, {"pending": "1"}, {"available": None}, {"available": ""}),
        *({"balance": "1", "symbol": "BTC"}, {"balance": True}, {"balance": {}}),
    ],
)
def test_a_shape_that_is_not_recognised_is_never_zero(value: object) -> None:
    with pytest.raises(BadResponseError):
        parse(envelope({"BTC": "1", "USDT": value}))


@pytest.mark.parametrize("data", [None, [], "", 0, False])
def test_only_an_empty_object_is_no_balances(data: object) -> None:
    assert parse(envelope({})) == Snapshot()
    with pytest.raises(BadResponseError):
        parse(envelope(data))
    with pytest.raises(BadResponseError):
        parse({"message": "", "error": {}, "status": 200})


@pytest.mark.parametrize("status", [None, "200", True, 200.5, "missing"])
def test_without_a_status_of_its_own_an_answer_is_not_understood(status: object) -> None:
    body = envelope(HELD, status)
    if status == "missing":
        del body["status"]
    with pytest.raises(BadResponseError):
        parse(body)


@pytest.mark.parametrize("wire", [200, 400, 401, 403, 404, 429, 500, 503])
@pytest.mark.parametrize("status", sorted(KINDS))
def test_the_envelope_classifies_whatever_the_http_status(status: int, wire: int) -> None:
    error = {"type": "request", "key": "a_key", "message": "a reason"}
    with pytest.raises(CoffersError) as caught:
        parse(envelope(HELD, status, error), wire)
    assert (caught.value.kind, caught.value.code, caught.value.message) == (KINDS[status], "a_key", "a reason")


@pytest.mark.parametrize("wire", sorted(KINDS))
def test_http_classifies_where_the_envelope_says_success(wire: int) -> None:
    with pytest.raises(CoffersError) as caught:
        parse(envelope(HELD), wire)
    assert caught.value.kind == KINDS[wire]


@pytest.mark.parametrize("error", [None, {}, [], "text", {"key": None, "message": ""}, {"key": 5}])
def test_a_refusal_without_details_has_the_message_and_the_status(error: object) -> None:
    with pytest.raises(CoffersError) as caught:
        parse(envelope({}, 401) | {"error": error}, 401)
    assert (caught.value.kind, caught.value.code, caught.value.message) == ("auth", "401", "a message")


def test_of_one_currency_only_its_row_and_never_a_zero_for_an_absent_one() -> None:
    assert told(parse(envelope(HELD), currency="shib")) == [("SHIB", "21715327.987896618")]
    assert parse(envelope(HELD), currency="TRX") == Snapshot()


def test_no_change_of_the_documented_answer_gives_another_amount() -> None:
    for mutant in mutants(envelope(dict(HELD))):
        try:
            rows = told(parse(mutant))
        except CoffersError:
            continue
        assert set(rows) <= set(HELD.items())
        assert len(rows) == len(mutant["data"])


@given(st.dictionaries(SYMBOLS, AMOUNTS, max_size=6))
def test_what_the_sandbox_holds_is_what_is_read(amounts: dict[str, Decimal]) -> None:
    held = {symbol: amount_to_text(amount) for symbol, amount in amounts.items()}
    assert told(read_back(answer(signed(), account(held)))) == list(held.items())


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_garbage_is_never_an_answer(body: bytes) -> None:
    with pytest.raises(CoffersError):
        parse(body)


def test_the_sandbox_tells_one_currency_alone_and_nothing_of_one_not_held() -> None:
    assert told(read_back(answer(signed("usdt"), account()), "usdt")) == [("USDT", "1250.50")]
    assert read_back(answer(signed("SOL"), account()), "SOL") == Snapshot()
    assert told(read_back(answer(signed(), account(), query=(("currency", ""),)))) == list(HELD.items())


@pytest.mark.parametrize(
    ("request_", "changes", "kind"),
    [
        (signed(key="another"), {}, "auth"),
        (signed(), {"headers": ()}, "auth"),
        (signed(), {"headers": (("Authorization", f"Bearer {KEY}"),)}, "auth"),
        (signed("NONE"), {}, "rejected"),
        (signed(), {"path": "/v1/general/account"}, "rejected"),
        (signed(), {"method": "POST"}, "rejected"),
    ],
)
def test_the_sandbox_refuses_as_published(request_: SignedRequest, changes: Any, kind: str) -> None:
    with pytest.raises(CoffersError) as caught:
        read_back(answer(request_, account(), **changes))
    assert caught.value.kind == kind


def test_the_sandbox_refuses_a_revoked_key() -> None:
    state = account()
    state.revoked = True
    with pytest.raises(CoffersError) as caught:
        read_back(answer(signed(), state))
    assert caught.value.kind == "auth"
