"""OxaPay, legacy: the rows of its page and of its contradictions, one by one; the vectors hold the rest."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coffers import Client, parse_guarded
from coffers.plugin import (
    Attempt,
    BadResponseError,
    CoffersError,
    ConfigError,
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
from coffers_oxapay import legacy
from coffers_oxapay.legacy.sandbox import SANDBOX

KEY = SANDBOX.fields["key"]
HELD: Mapping[str, str] = {"USDT": "1250.50", "BTC": "0.04518231", "LTC": "0"}

AMOUNTS = st.decimals(allow_nan=False, allow_infinity=False, places=12, min_value=-(10**24), max_value=10**24)
SYMBOLS = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=3, max_size=4)

#: The published result-code table, and what each code means here.
KINDS = {
    **dict.fromkeys(range(101, 131), "rejected"),
    **dict.fromkeys((102, 103), "auth"),
    104: "permission",
    131: "unavailable",
    135: "rejected",
    500: "unavailable",
}


def success(data: object) -> dict[str, Any]:
    return {"result": 100, "message": "Successful operation", "data": data}


def parse(body: object, status: int = 200, currency: str | None = None) -> Snapshot:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    response = Response(status, (("Content-Type", "application/json"),), content)
    answer = parse_guarded(legacy.coffers_parse, Query(legacy.Settings(currency)), response)
    assert isinstance(answer, Snapshot)
    return answer


def told(snapshot: Snapshot) -> list[tuple[str, str | None]]:
    return [(row.currency, None if row.total is None else amount_to_text(row.total)) for row in snapshot.balances]


def signed(currency: str | None = None, key: str = KEY) -> SignedRequest:
    request = legacy.coffers_request(Query(legacy.Settings(currency)))
    return legacy.coffers_sign(request, legacy.ByKey(Secret(key)), Attempt(0, 0))


def account(balances: Mapping[str, str] = HELD) -> SandboxAccount:
    return SandboxAccount(dict(SANDBOX.fields), {code: Decimal(amount) for code, amount in balances.items()})


def answer(request: SignedRequest, state: SandboxAccount, **changes: Any) -> SandboxReply:
    call = SandboxCall(request.method, request.target, (), request.headers, request.body, time_s=0.0)
    return SANDBOX.answer(attrs.evolve(call, **changes), state)


def read_back(reply: SandboxReply, currency: str | None = None) -> Snapshot:
    return parse(reply.body, reply.status, currency)


def test_the_request_is_a_json_post_with_the_key_in_the_body() -> None:
    request = signed()
    assert (request.method, request.target, request.host) == ("POST", "/api/balance", "api")
    assert request.headers == (("Content-Type", "application/json"),)
    assert json.loads(request.body) == {"key": KEY}


def test_a_currency_is_asked_for_in_upper_case() -> None:
    assert json.loads(signed("usdt").body) == {"currency": "USDT", "key": KEY}


@pytest.mark.parametrize("currency", ["U S", " USDT", "USDT\n", "€", "U" * 33])
def test_a_currency_that_no_balance_can_have_is_refused(currency: str) -> None:
    with pytest.raises(ConfigError, match="must be a symbol such as USDT"):
        legacy.Settings(currency)


@pytest.mark.parametrize("currency", [None, ""])
def test_no_currency_asks_for_all(currency: str | None) -> None:
    assert "currency" not in json.loads(signed(currency).body)


@pytest.mark.parametrize(
    "data",
    [
        HELD,
        [{symbol: amount} for symbol, amount in HELD.items()],
        [{name: symbol, "amount": amount} for symbol, amount in HELD.items() for name in ["currency"]],
        [{"currency": symbol, "balance": amount} for symbol, amount in HELD.items()],
        [{"symbol": symbol, "amount": amount} for symbol, amount in HELD.items()],
        [{"symbol": symbol, "balance": amount, "more": None} for symbol, amount in HELD.items()],
    ],
)
def test_data_may_be_an_object_or_either_kind_of_list(data: object) -> None:
    assert told(parse(success(data))) == list(HELD.items())


def test_amounts_may_be_numbers_and_keep_every_digit() -> None:
    body = b'{"result": 100, "message": "", "data": {"USDT": 10.50, "TRX": 100, "SHIB": 21715327.987896618}}'
    assert told(parse(body)) == [("USDT", "10.50"), ("TRX", "100"), ("SHIB", "21715327.987896618")]


def test_a_balance_is_an_asset_and_keeps_the_symbol_as_sent() -> None:
    (row,) = parse(success({"usdt": "1"})).balances
    assert (row.currency, row.unit, dict(row.details)) == ("USDT", "asset", {"asset": "usdt"})
    assert (row.available, row.pending, row.spendable) == (None, None, Decimal(1))


@pytest.mark.parametrize("data", [{}, [], None])
def test_nothing_is_no_balances_in_a_success_only(data: object) -> None:
    assert parse(success(data)) == Snapshot()
    with pytest.raises(CoffersError) as caught:
        parse(success(data) | {"result": 101})
    assert caught.value.kind == "rejected"


def test_symbols_beside_the_result_are_refused_with_the_place() -> None:
    with pytest.raises(BadResponseError, match=r"\$\.data: is missing"):
        parse({"result": 100, "message": "", "USDT": 10.5})


@pytest.mark.parametrize("amount", [None, "", True, False, "1,250.50", " 1", "+1", "NaN", "ten", [], {}, ["1"]])
@pytest.mark.parametrize("form", ["object", "list", "words"])
def test_what_is_no_amount_is_never_zero(amount: object, form: str) -> None:
    data: Any = {"BTC": "1", "USDT": amount}
    if form == "list":
        data = [{"BTC": "1"}, {"USDT": amount}]
    elif form == "words":
        data = [{"currency": "USDT", "amount": amount}]
    with pytest.raises(BadResponseError):
        parse(success(data))


@pytest.mark.parametrize("row", [{}, {"currency": "USDT"}, {"currency": "A", "symbol": "B", "amount": "1"}, [], "USDT"])
def test_a_row_that_leaves_a_doubt_is_refused(row: object) -> None:
    with pytest.raises(BadResponseError):
        parse(success([row]))


@pytest.mark.parametrize("name", ["amount", "balance", "currency", "Total", "available"])
def test_the_name_of_a_field_is_no_symbol(name: str) -> None:
    for data in ({name: "5"}, [{name: "5"}]):
        with pytest.raises(BadResponseError):
            parse(success(data), currency="USDT")


def test_a_symbol_told_twice_stays_two_rows() -> None:
    rows = told(parse(success([{"USDT": "1"}, {"USDT": "1"}, {"USDT": "2"}])))
    assert rows == [("USDT", "1"), ("USDT", "1"), ("USDT", "2")]


def test_of_one_currency_only_its_row_and_never_a_zero_for_an_absent_one() -> None:
    assert told(parse(success(HELD), currency="btc")) == [("BTC", "0.04518231")]
    assert parse(success(HELD), currency="TRX") == Snapshot()


@pytest.mark.parametrize("status", [200, 400, 401, 403, 429, 500])
@pytest.mark.parametrize("code", sorted(KINDS))
def test_every_published_result_has_its_kind_whatever_the_http_status(code: int, status: int) -> None:
    with pytest.raises(CoffersError) as caught:
        parse({"result": code, "message": f"text of {code}"}, status)
    assert (caught.value.kind, caught.value.code, caught.value.message) == (KINDS[code], str(code), f"text of {code}")


def test_the_table_is_the_published_one() -> None:
    from coffers_oxapay.legacy.results import RESULTS

    assert set(RESULTS) == set(KINDS)


@pytest.mark.parametrize(
    ("status", "kind"), [(200, "rejected"), (401, "auth"), (429, "rate_limited"), (502, "unavailable")]
)
def test_an_unknown_result_is_what_the_http_status_says_else_rejected(status: int, kind: str) -> None:
    for code in (0, 99, 132, 133, 134, 999):
        with pytest.raises(CoffersError) as caught:
            parse({"result": code, "message": "?"}, status)
        assert (caught.value.kind, caught.value.code) == (kind, str(code))


@pytest.mark.parametrize("message", [None, "", {}, 5])
def test_a_refusal_without_words_is_told_by_its_code(message: object) -> None:
    with pytest.raises(CoffersError, match="refused with code 103"):
        parse({"result": 103, "message": message})


def test_no_change_of_the_documented_answer_gives_another_amount() -> None:
    true = set(HELD.items())
    for mutant in mutants(success(dict(HELD))):
        try:
            rows = told(parse(mutant))
        except CoffersError:
            continue
        data = mutant["data"]
        assert set(rows) <= true  # a member left out is not told; nothing else is
        assert len(rows) == len(data or ())


@given(st.dictionaries(SYMBOLS, AMOUNTS, max_size=6))
def test_every_digit_arrives_in_every_form(amounts: dict[str, Decimal]) -> None:
    held = {symbol: amount_to_text(amount) for symbol, amount in amounts.items()}
    wanted = list(held.items())
    assert told(parse(success(held))) == wanted
    assert told(parse(success([{symbol: amount} for symbol, amount in wanted]))) == wanted
    numbers = ", ".join(f'"{symbol}": {amount}' for symbol, amount in wanted)
    assert told(parse(f'{{"result": 100, "data": {{{numbers}}}}}'.encode())) == wanted


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_garbage_is_never_an_answer(body: bytes) -> None:
    with pytest.raises(CoffersError):
        parse(body)


@given(st.dictionaries(SYMBOLS, AMOUNTS, max_size=6))
def test_what_the_sandbox_holds_is_what_is_read(amounts: dict[str, Decimal]) -> None:
    held = {symbol: amount_to_text(amount) for symbol, amount in amounts.items()}
    assert told(read_back(answer(signed(), account(held)))) == list(held.items())


def test_the_sandbox_tells_one_currency_alone_and_nothing_of_one_not_held() -> None:
    assert told(read_back(answer(signed("usdt"), account()), "usdt")) == [("USDT", "1250.50")]
    assert read_back(answer(signed("SOL"), account()), "SOL") == Snapshot()


@pytest.mark.parametrize("content_type", ["application/json", "application/x-www-form-urlencoded", None])
def test_the_sandbox_takes_every_encoding_of_the_page(content_type: str | None) -> None:
    headers = (("Content-Type", content_type),) if content_type else ()
    assert told(read_back(answer(signed(), account(), headers=headers))) == list(HELD.items())
    if content_type != "application/json":
        form = urlencode({"key": KEY}).encode()
        assert told(read_back(answer(signed(), account(), headers=headers, body=form))) == list(HELD.items())


@pytest.mark.parametrize(
    ("request_", "changes", "kind", "code"),
    [
        (signed(key="another"), {}, "auth", "103"),
        (signed(), {"body": b"{}"}, "rejected", "101"),
        (signed(), {"body": b'{"key": 5}'}, "rejected", "101"),
        (signed(), {"headers": (("Content-Type", "text/xml"),)}, "rejected", "101"),
        (signed("NONE"), {}, "rejected", "105"),
        (signed(), {"path": "/api/balances"}, "rejected", None),
        (signed(), {"method": "GET"}, "rejected", None),
    ],
)
def test_the_sandbox_refuses_as_published(request_: SignedRequest, changes: Any, kind: str, code: str | None) -> None:
    with pytest.raises(CoffersError) as caught:
        read_back(answer(request_, account(), **changes))
    assert (caught.value.kind, caught.value.code) == (kind, code)


def test_the_sandbox_refuses_a_revoked_key() -> None:
    state = account()
    state.revoked = True
    with pytest.raises(CoffersError) as caught:
        read_back(answer(signed(), state))
    assert caught.value.kind == "auth"


def test_a_client_reads_over_http_what_the_sandbox_holds() -> None:
    with Sandbox([SANDBOX]) as sandbox, Client() as client:
        served = sandbox["oxapay"]
        served.top_up("USDT", "0.000000000000000001")
        rows = client.read(served.account()).balances
    assert {row.currency: row.total for row in rows} == served.balances
    assert str(rows[0].total) == "1250.500000000000000001"
