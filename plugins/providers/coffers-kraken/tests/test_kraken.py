"""Kraken: the rows of its README one by one; the vectors hold the rest."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import coffers_kraken
from coffers import parse_guarded
from coffers.plugin import (
    Attempt,
    BadResponseError,
    Balance,
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
from coffers_kraken import KeyPair
from coffers_kraken.assets import asset_of
from coffers_kraken.sandbox import HOLDS, SANDBOX

QUERY = Query(NoSettings())
AMOUNTS = st.decimals(allow_nan=False, allow_infinity=False, places=10, min_value=-(10**20), max_value=10**20)


def parse(body: object, status: int = 200, **headers: str) -> Snapshot:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    response = Response(status, (("Content-Type", "application/json"), *headers.items()), content)
    answer = parse_guarded(coffers_kraken.coffers_parse, QUERY, response)
    assert isinstance(answer, Snapshot)
    return answer


def refusal(*errors: str, status: int = 200, **headers: str) -> CoffersError:
    with pytest.raises(CoffersError) as caught:
        parse({"error": list(errors), "result": {}}, status, **headers)
    return caught.value


def row(code: str = "XXBT", **figures: object) -> Balance:
    (balance,) = parse({"error": [], "result": {code: figures}}).balances
    return balance


# --- the codes -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "currency", "wallet", "unit"),
    [
        ("XXBT", "BTC", None, "asset"),
        ("XBT", "BTC", None, "asset"),
        ("BTC", "BTC", None, "asset"),
        ("XXDG", "DOGE", None, "asset"),
        ("XETH", "ETH", None, "asset"),
        ("ZUSD", "USD", None, "money"),
        ("ZEUR", "EUR", None, "money"),
        ("CHF", "CHF", None, "money"),
        ("USDT", "USDT", None, "asset"),
        ("XTZ", "XTZ", None, "asset"),
        ("ZRX", "ZRX", None, "asset"),
        ("XAUT", "XAUT", None, "asset"),
        ("ZETA", "ZETA", None, "asset"),
        ("XBT.F", "BTC", "rewards", "asset"),
        ("BTC.B", "BTC", "yield", "asset"),
        ("XTZ.S", "XTZ", "staked", "asset"),
        ("USD.M", "USD", "opt-in rewards", "money"),
        ("DOT.P", "DOT", "parachain", "asset"),
        ("EUR.HOLD", "EUR", "hold", "money"),
        ("DOT28.S", "DOT28", "staked", "asset"),
        ("AAPLx.T", "AAPLx.T", None, "asset"),
        ("ETH.Q", "ETH.Q", None, "asset"),
        (".F", ".F", None, "asset"),
        ("KFEE", "KFEE", None, "credits"),
    ],
)
def test_codes(code: str, currency: str, wallet: str | None, unit: str) -> None:
    asset = asset_of(code)
    assert (asset.currency, asset.wallet, asset.unit) == (currency, wallet, unit)
    balance = row(code, balance="1", hold_trade="0")
    assert (balance.currency, balance.wallet, balance.unit) == (currency.upper(), wallet, unit)
    assert balance.details == {"asset": code}


@given(st.from_regex(r"[A-Z0-9]{1,8}", fullmatch=True))
def test_a_code_that_is_not_listed_stays(code: str) -> None:
    assert asset_of(code).currency in {code, *{"BTC", "DOGE"}, code[1:]}
    if len(code) != 4 or code[0] not in "XZ":
        assert asset_of(code).currency == code or code in {"XBT", "XDG"}


def test_an_asset_in_two_places_is_two_balances() -> None:
    held = {code: {"balance": "1", "hold_trade": "0"} for code in ("XXBT", "XBT.F", "XBT.M")}
    rows = parse({"error": [], "result": held}).balances
    assert [(found.currency, found.wallet) for found in rows] == [
        ("BTC", None),
        ("BTC", "rewards"),
        ("BTC", "opt-in rewards"),
    ]


# --- the amounts ---------------------------------------------------------------------------------------------------


@given(AMOUNTS, AMOUNTS, AMOUNTS, AMOUNTS)
def test_available_is_by_krakens_formula(balance: Decimal, hold: Decimal, credit: Decimal, used: Decimal) -> None:
    texts = {"balance": balance, "hold_trade": hold, "credit": credit, "credit_used": used}
    found = row(**{name: amount_to_text(amount) for name, amount in texts.items()})
    with exact():
        assert found.available == balance + credit - used - hold
    assert (found.total, found.reserved, found.derived) == (balance, hold, ("available",))


@given(AMOUNTS, AMOUNTS)
def test_without_a_credit_line_it_has_two_parts(balance: Decimal, hold: Decimal) -> None:
    found = row(balance=amount_to_text(balance), hold_trade=amount_to_text(hold), credit=None)
    with exact():
        assert found.available == balance - hold


@pytest.mark.parametrize(
    "figures",
    [
        {"balance": "5"},
        {"balance": "5", "hold_trade": None},
        {"balance": "5", "hold_trade": "1", "credit": "2"},
        {"balance": "5", "hold_trade": "1", "credit_used": "2"},
        {"balance": "5", "credit": "3", "credit_used": "2"},
    ],
)
def test_where_a_part_is_not_told_available_is_unknown(figures: dict[str, Any]) -> None:
    found = row(**figures)
    assert (found.total, found.available, found.derived) == (Decimal(5), None, ())


def test_a_row_with_a_wallet_is_read_only() -> None:
    found = row("XTZ.S", balance="5", hold_trade="0")
    assert (found.available, found.reserved, found.derived) == (None, Decimal(0), ())


def test_the_credit_line_is_told_in_the_details() -> None:
    found = row("ZUSD", balance="5", hold_trade="1", credit="10.50", credit_used="0.00")
    assert found.details == {"asset": "ZUSD", "credit": "10.50", "credit_used": "0.00"}


@pytest.mark.parametrize("name", ["balance", "hold_trade", "credit", "credit_used"])
@pytest.mark.parametrize("value", ["", True, [], {}, "ten", "1,000.00"])
def test_a_wrong_amount_is_no_balance(name: str, value: object) -> None:
    figures: dict[str, Any] = {"balance": "5", "hold_trade": "1", "credit": "0", "credit_used": "0", name: value}
    with pytest.raises(BadResponseError, match=name):
        row(**figures)


@pytest.mark.parametrize("body", [{"error": []}, {"error": [], "result": []}, {"error": [], "result": None}, {}, []])
def test_only_an_empty_object_is_no_balances(body: object) -> None:
    assert parse({"error": [], "result": {}}) == Snapshot()
    with pytest.raises(BadResponseError):
        parse(body)


# --- the errors ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 400, 403, 503])
@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ("EAPI:Invalid key", "auth"),
        ("EAPI:Invalid signature", "auth"),
        ("EAPI:Invalid nonce", "clock"),
        ("EGeneral:Permission denied", "permission"),
        ("EAccount:Invalid permissions", "permission"),
        ("EAuth:Account temporary disabled", "permission"),
        ("EAuth:Account unconfirmed", "permission"),
        ("EAPI:Rate limit exceeded", "rate_limited"),
        ("EAuth:Rate limit exceeded", "rate_limited"),
        ("EAuth:Too many requests", "rate_limited"),
        ("EGeneral:Too many requests", "rate_limited"),
        ("EGeneral:Temporary lockout", "rate_limited"),
        ("EService:Throttled", "rate_limited"),
        ("EService:Unavailable", "unavailable"),
        ("EService:Busy", "unavailable"),
        ("EService:Deadline elapsed", "unavailable"),
        ("EGeneral:Internal error", "unavailable"),
    ],
)
def test_krakens_words_speak_before_the_status(error: str, kind: str, status: int) -> None:
    found = refusal(error, status=status)
    assert (found.kind, found.code, found.message) == (kind, error, error.partition(":")[2])


@pytest.mark.parametrize(("status", "kind"), [(200, "rejected"), (401, "auth"), (429, "rate_limited")])
def test_other_words_mean_what_the_status_says(status: int, kind: str) -> None:
    found = refusal("EQuery:Made up:and more", status=status)
    assert (found.kind, found.code, found.message) == (kind, "EQuery:Made up", "Made up:and more")


def test_an_error_without_a_category_is_told_as_it_is() -> None:
    found = refusal("made up")
    assert (found.kind, found.code, found.message) == ("rejected", "made up", "made up")


def test_an_internal_error_may_have_a_number() -> None:
    found = refusal("EGeneral:Internal error:17")
    assert (found.kind, found.code, found.message) == ("unavailable", "EGeneral:Internal error", "Internal error:17")


@pytest.mark.parametrize("error", ["EService: Throttled: 1741500000", "EService:Throttled:1741500000"])
@pytest.mark.parametrize(
    ("date", "wait_s"),
    [("Sun, 09 Mar 2025 05:59:48 GMT", 12.0), ("Sun, 09 Mar 2025 06:00:30 GMT", 0.0), ("yesterday", None)],
)
def test_throttled_says_how_long_to_wait(error: str, date: str, wait_s: float | None) -> None:
    assert refusal(error, Date=date).retry_after_s == wait_s


@pytest.mark.parametrize("error", ["EService:Throttled", "EService:Throttled:soon", "EService:Throttled:-1"])
def test_throttled_without_a_time_says_no_wait(error: str) -> None:
    assert refusal(error, Date="Sun, 09 Mar 2025 05:59:48 GMT").retry_after_s is None


def test_a_lockout_is_not_tried_again_soon() -> None:
    assert refusal("EGeneral:Temporary lockout").retry_after_s == 900


def test_a_warning_is_no_refusal() -> None:
    result = {"ZUSD": {"balance": "1", "hold_trade": "0"}}
    assert len(parse({"error": ["WGeneral:Made up"], "result": result}).balances) == 1
    with pytest.raises(CoffersError, match="Busy"):
        parse({"error": ["WGeneral:Made up", "EService:Busy"], "result": result})
    with pytest.raises(BadResponseError):
        parse({"error": ["WGeneral:Made up"]})


def test_a_result_with_another_status_is_none() -> None:
    with pytest.raises(CoffersError, match="HTTP 503"):
        parse({"error": [], "result": {}}, 503)


# --- the sandbox ---------------------------------------------------------------------------------------------------


def signed(nonce: int = 7, **fields: str) -> SignedRequest:
    known = {**SANDBOX.fields, **fields}
    request = coffers_kraken.coffers_request(QUERY)
    key = KeyPair(known["api_key"], Secret(known["private_key"]))
    return coffers_kraken.coffers_sign(request, key, Attempt(0, nonce))


def account(**balances: Decimal) -> SandboxAccount:
    return SandboxAccount(dict(SANDBOX.fields), balances or {"ZUSD": Decimal("10000.00")})


def answer(request: SignedRequest, state: SandboxAccount, **changes: Any) -> SandboxReply:
    call = SandboxCall(request.method, request.target, (), request.headers, request.body, time_s=0.0)
    return SANDBOX.answer(attrs.evolve(call, **changes), state)


def told(reply: SandboxReply) -> list[str]:
    assert reply.status == 200
    errors: list[str] = json.loads(reply.body)["error"]
    return errors


@given(st.dictionaries(st.sampled_from(["ZUSD", "XXBT", "XTZ", "NEW"]), AMOUNTS, min_size=1))
def test_what_the_sandbox_holds_is_what_is_read(held: dict[str, Decimal]) -> None:
    rows = parse(answer(signed(), account(**held)).body).balances
    assert {found.details["asset"]: found.total for found in rows} == held
    for found in rows:
        code = found.details["asset"]
        hold = Decimal(HOLDS.get(code, "0"))
        with exact():
            assert (found.reserved, found.available) == (hold, held[code] - hold)


def test_the_sandbox_refuses_a_nonce_that_does_not_rise() -> None:
    state = account()
    for nonce, errors in ((7, []), (7, ["EAPI:Invalid nonce"]), (6, ["EAPI:Invalid nonce"]), (8, [])):
        assert told(answer(signed(nonce), state)) == errors


@pytest.mark.parametrize("nonce", [-1, 2**64])
def test_the_sandbox_refuses_a_nonce_that_is_no_unsigned_number_of_64_bits(nonce: int) -> None:
    assert told(answer(signed(nonce), account())) == ["EAPI:Invalid nonce"]
    assert told(answer(signed(2**64 - 1), account())) == []


@pytest.mark.parametrize(
    ("request_", "changes", "error"),
    [
        (signed(api_key="another"), {}, "EAPI:Invalid key"),
        (signed(private_key="b3RoZXI="), {}, "EAPI:Invalid signature"),
        (signed(), {"body": b"nonce=8"}, "EAPI:Invalid signature"),
        (signed(), {"body": b"nonce=7&otp=1"}, "EAPI:Invalid signature"),
        (signed(), {"headers": signed().headers[:2]}, "EAPI:Invalid signature"),
        (signed(), {"headers": signed().headers[1:]}, "EAPI:Invalid key"),
        (signed(), {"path": "/0/private/Balance"}, "EGeneral:Unknown method"),
        (signed(), {"method": "GET"}, "EGeneral:Unknown method"),
    ],
)
def test_the_sandbox_refuses(request_: SignedRequest, changes: Any, error: str) -> None:
    assert told(answer(request_, account(), **changes)) == [error]


def test_the_sandbox_refuses_a_revoked_key() -> None:
    state = account()
    state.revoked = True
    assert told(answer(signed(), state)) == ["EAPI:Invalid key"]
