"""Stripe: its buckets, its minor units, its refusals; the vectors hold the rest."""

from __future__ import annotations

import base64
import copy
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from iso4217 import Currency

import coffers_stripe
from coffers import parse_guarded
from coffers.plugin import (
    Attempt,
    AuthError,
    BadResponseError,
    CoffersError,
    ConfigError,
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
    UnavailableError,
    amount_to_text,
)
from coffers.testing.mutations import mutants
from coffers.testing.vectors import load_cases, read_response
from coffers_stripe.exponents import OWN, exponent
from coffers_stripe.sandbox import SANDBOX

QUERY = Query(coffers_stripe.Settings())
KEY = SANDBOX.fields["key"]
VECTORS = {case.name: case for case in load_cases(Path(__file__).parents[1] / "vectors")}
#: The sample of https://docs.stripe.com/api/balance/balance_object
DOCUMENTED: dict[str, Any] = json.loads(read_response(VECTORS["balance"].files["response.http"]).body)
NOTHING: dict[str, Any] = {"object": "balance", "livemode": False, "available": [], "pending": []}
#: The list of https://docs.stripe.com/currencies without UGX, which that page has as a special case too.
ZERO_DECIMAL = (
    *("bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga"),
    *("pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf"),
)
WHOLE = st.integers(-(10**20), 10**20)


def parse(body: object, status: int = 200) -> Snapshot:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    response = Response(status, (("Content-Type", "application/json"),), content)
    answer = parse_guarded(coffers_stripe.coffers_parse, QUERY, response)
    assert isinstance(answer, Snapshot)
    return answer


def documented(**members: object) -> dict[str, Any]:
    return copy.deepcopy(DOCUMENTED) | members


def funds(currency: str, amount: object) -> list[dict[str, Any]]:
    return [{"amount": amount, "currency": currency}]


def both(currency: str, amount: int) -> dict[str, Any]:
    return NOTHING | {"available": funds(currency, amount), "pending": funds(currency, 0)}


def signed(key: str = KEY, **settings: Any) -> SignedRequest:
    request = coffers_stripe.coffers_request(Query(coffers_stripe.Settings(**settings)))
    return coffers_stripe.coffers_sign(request, coffers_stripe.ByKey(Secret(key)), Attempt(0, 0))


def account(balances: dict[str, str] | None = None, **fields: str) -> SandboxAccount:
    amounts = dict(SANDBOX.balances) if balances is None else balances
    return SandboxAccount({**SANDBOX.fields, **fields}, {code: Decimal(amount) for code, amount in amounts.items()})


def answer(request: SignedRequest, state: SandboxAccount, **changes: Any) -> SandboxReply:
    call = SandboxCall(request.method, request.target, (), request.headers, request.body, time_s=0.0)
    return SANDBOX.answer(attrs.evolve(call, **changes), state)


# --- minor units ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("currency", "amount", "expected"),
    [
        # Special cases of the currencies page: 500 is 5; in balances HUF and TWD have two decimals.
        ("isk", 500, "5.00"),
        ("ugx", 500, "5.00"),
        ("huf", 1045, "10.45"),
        ("twd", 80045, "800.45"),
        *((code, 500, "500") for code in ZERO_DECIMAL),
        # Three decimals in an older revision of that page, and at ISO.
        *((code, 5120, "5.120") for code in ["bhd", "jod", "kwd", "omr", "tnd"]),
        # What is not marked there has two; the last three are withdrawn from ISO's list.
        *((code, 1099, "10.99") for code in ["usd", "eur", "cop", "idr", "ang", "bgn", "hrk"]),
    ],
)
def test_minor_units(currency: str, amount: int, expected: str) -> None:
    (row,) = parse(both(currency, amount)).balances
    assert (row.currency, str(row.available)) == (currency.upper(), expected)
    (row,) = parse(both(currency.upper(), -amount)).balances
    assert str(row.total) == f"-{expected}"


def test_each_exception_is_one() -> None:
    iso = {currency.code: currency.exponent for currency in Currency}
    assert all(iso.get(code) != own for code, own in OWN.items())


@pytest.mark.parametrize("currency", ["zzz", "xau", "usdc", "", "us", "ß", "usd "])
def test_no_number_of_decimals_is_guessed(currency: str) -> None:
    with pytest.raises(BadResponseError, match="minor unit is not known"):
        parse(both(currency, 100))


@given(st.dictionaries(st.sampled_from(["usd", "jpy", "kwd", "isk", "mga", "bgn"]), st.tuples(WHOLE, WHOLE)))
def test_every_digit_arrives(held: dict[str, tuple[int, int]]) -> None:
    body = NOTHING | {
        "available": [row for code, (available, _) in held.items() for row in funds(code, available)],
        "pending": [row for code, (_, pending) in held.items() for row in funds(code, pending)],
    }
    for (code, (available, pending)), row in zip(held.items(), parse(body).balances, strict=True):
        places = exponent(code)
        for amount, told in ((available, row.available), (pending, row.pending), (available + pending, row.total)):
            assert told is not None
            assert told.as_tuple().exponent == -places
            assert int(amount_to_text(told).replace(".", "")) == amount


# --- buckets -------------------------------------------------------------------------------------------------------


def test_the_documented_answer() -> None:
    (row,) = parse(DOCUMENTED).balances
    assert (row.currency, row.unit, row.wallet, row.network) == ("USD", "money", None, None)
    assert (str(row.total), str(row.available), str(row.pending)) == ("7280.84", "6666.70", "614.14")
    assert (str(row.reserved), row.derived) == ("0.00", ("total",))
    assert dict(row.details) == {"livemode": "false"}


def test_what_can_be_paid_out_instantly_is_never_added() -> None:
    (row,) = parse(documented(instant_available=funds("usd", 600000))).balances
    (plain,) = parse(DOCUMENTED).balances
    assert row == attrs.evolve(plain, details={"livemode": "false", "instant_available": "6000.00"})


def test_what_is_reserved_is_no_part_of_the_total() -> None:
    (row,) = parse(documented(connect_reserved=funds("usd", 5))).balances
    assert (str(row.reserved), str(row.total)) == ("0.05", "7280.84")


@pytest.mark.parametrize("name", ["connect_reserved", "instant_available", "issuing", "refund_and_dispute_prefunding"])
def test_what_not_every_account_has_may_be_null(name: str) -> None:
    (row,) = parse(documented(**{name: None})).balances
    assert row.total == Decimal("7280.84")
    assert row.reserved == (None if name == "connect_reserved" else Decimal(0))


@pytest.mark.parametrize(("name", "other"), [("available", "pending"), ("pending", "available")])
def test_a_currency_in_one_list_alone(name: str, other: str) -> None:
    (row,) = parse(NOTHING | {name: funds("usd", 100)}).balances
    assert (getattr(row, name), getattr(row, other), row.total, row.derived) == (Decimal(1), None, None, ())


def test_money_kept_apart_has_rows_of_its_own() -> None:
    kept = {"available": funds("usd", 300), "pending": funds("usd", 4)}
    body = documented(issuing={"available": funds("usd", 20)}, refund_and_dispute_prefunding=kept)
    _, cards, refunds = parse(body).balances
    assert (cards.wallet, cards.total, cards.available) == ("issuing", None, Decimal("0.20"))
    assert (refunds.wallet, refunds.total, refunds.pending) == (
        "refund_and_dispute_prefunding",
        Decimal("3.04"),
        Decimal("0.04"),
    )


@pytest.mark.parametrize("name", ["available", "pending", "connect_reserved", "instant_available"])
def test_a_currency_twice_in_one_list_is_not_understood(name: str) -> None:
    with pytest.raises(BadResponseError, match="twice"):
        parse(documented(**{name: funds("usd", 1) + funds("USD", 2)}))


@pytest.mark.parametrize("amount", [..., None, "", "100", 1.5, True, [], {}])
def test_a_minor_unit_is_a_whole_number(amount: object) -> None:
    row = {"currency": "usd"} if amount is ... else {"currency": "usd", "amount": amount}
    with pytest.raises(BadResponseError, match=r"available\[0\]\.amount"):
        parse(documented(available=[row]))


@pytest.mark.parametrize("value", [..., None, "", {}, 0, "false"])
def test_an_odd_livemode_is_left_out(value: object) -> None:
    body = documented(livemode=value)
    (row,) = parse({key: part for key, part in body.items() if part is not ...}).balances
    assert (row.total, dict(row.details)) == (Decimal("7280.84"), {})


@pytest.mark.parametrize("lists", [{}, {"available": None}, {"available": None, "pending": []}])
def test_money_kept_apart_may_be_none(lists: dict[str, Any]) -> None:
    body = documented(issuing=lists, refund_and_dispute_prefunding=lists)
    assert parse(body).balances == parse(DOCUMENTED).balances


def test_what_is_kept_for_refunds_may_be_told_in_part() -> None:
    _, row = parse(documented(refund_and_dispute_prefunding={"available": funds("usd", 300)})).balances
    assert (row.available, row.pending, row.total) == (Decimal(3), None, None)


@pytest.mark.parametrize("name", ["object", "available", "pending"])
@pytest.mark.parametrize("value", [..., None, "", {}, 0, "account"])
def test_what_every_balance_has_must_be_there(name: str, value: object) -> None:
    body = documented(**{name: value})
    with pytest.raises(BadResponseError, match=name):
        parse({key: part for key, part in body.items() if part is not ...})


def test_no_change_of_the_documented_answer_gives_another_amount() -> None:
    survivors = 0
    for mutant in mutants(DOCUMENTED):
        try:
            rows = parse(mutant).balances
        except CoffersError:
            continue
        survivors += 1
        for row in rows:
            assert row.available in (None, Decimal("6666.70"))
            assert row.pending in (None, Decimal("614.14"))
            assert row.reserved in (None, Decimal(0))
            assert row.total in (None, Decimal("7280.84"))
    assert survivors > 20


# --- refusals ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "error", "cls", "code"),
    [
        (401, {"type": "invalid_request_error"}, AuthError, "invalid_request_error"),
        (403, {"code": "api_key_expired"}, AuthError, "api_key_expired"),
        (400, {"code": "platform_api_key_expired"}, AuthError, "platform_api_key_expired"),
        (401, {"code": "secret_key_required"}, PermissionDeniedError, "secret_key_required"),
        (404, {"code": "account_invalid"}, PermissionDeniedError, "account_invalid"),
        (400, {"code": "rate_limit"}, RateLimitedError, "rate_limit"),
        (429, {"code": "lock_timeout"}, RateLimitedError, "lock_timeout"),
        (200, {"code": "api_key_expired"}, AuthError, "api_key_expired"),
        (500, {"type": "api_error"}, UnavailableError, "api_error"),
        (403, {"code": 7, "message": []}, PermissionDeniedError, None),
    ],
)
def test_the_code_speaks_before_the_status(
    status: int, error: dict[str, Any], cls: type[CoffersError], code: str | None
) -> None:
    with pytest.raises(cls) as caught:
        parse({"error": {"message": "words"} | error}, status)
    assert type(caught.value) is cls
    assert caught.value.code == code


def test_a_refusal_without_a_body_is_one() -> None:
    with pytest.raises(AuthError, match="HTTP 401"):
        parse(b"", 401)


def test_no_figure_comes_from_an_error_status() -> None:
    with pytest.raises(UnavailableError):
        parse(DOCUMENTED, 500)


# --- the request and the sandbox -----------------------------------------------------------------------------------


def test_the_request() -> None:
    request = signed()
    assert (request.method, request.target, request.host, request.body) == ("GET", "/v1/balance", "api", b"")
    assert request.headers == (("Authorization", f"Bearer {KEY}"),)
    assert ("Stripe-Account", "acct_MadeUp") in signed(connected_account="acct_MadeUp").headers


def test_an_account_that_no_header_can_carry() -> None:
    with pytest.raises(ConfigError, match="Stripe-Account"):
        signed(connected_account="acct\n")


@pytest.mark.parametrize(
    ("request_", "changes", "status"),
    [
        (signed("rk_test_another"), {}, 401),
        (signed(), {"headers": ()}, 401),
        (signed(), {"headers": (("Authorization", f"Token {KEY}"),)}, 401),
        (signed(), {"headers": (("Authorization", "Basic !"),)}, 401),
        (signed(connected_account="acct_Another"), {}, 403),
        (signed(), {"method": "POST"}, 404),
        (signed(), {"path": "/v1/balances"}, 404),
    ],
)
def test_the_sandbox_refuses(request_: SignedRequest, changes: Any, status: int) -> None:
    reply = answer(request_, account(connected_account="acct_MadeUp"), **changes)
    assert reply.status == status
    with pytest.raises(CoffersError):
        parse(reply.body, reply.status)


def test_the_sandbox_takes_the_key_as_a_user_without_password_too() -> None:
    for user, status in ((f"{KEY}:", 200), (f"{KEY}:password", 401)):
        header = ("Authorization", "Basic " + base64.b64encode(user.encode()).decode())
        assert answer(signed(), account(), headers=(header,)).status == status


def test_the_sandbox_has_every_bucket() -> None:
    held = {"usd": "10.50", "usd.pending": "-2", "usd.connect_reserved": "1", "usd.instant_available": "3.25"}
    apart = {"usd.issuing": "7", "eur.prefunding": "8", "eur.prefunding_pending": "0.01", "jpy.pending": "9"}
    dollars, yen, cards, refunds = parse(answer(signed(), account(held | apart)).body).balances
    assert (dollars.total, dollars.reserved) == (Decimal("8.50"), Decimal(1))
    assert dollars.details["instant_available"] == "3.25"
    assert (yen.available, yen.pending) == (Decimal(0), Decimal(9))
    assert (cards.available, refunds.total) == (Decimal(7), Decimal("8.01"))
