"""CryptoCloud: the rows of its page and of its contradictions, one by one; the vectors hold the rest."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import coffers_cryptocloud
from coffers import parse_guarded
from coffers.plugin import (
    Attempt,
    AuthError,
    BadResponseError,
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
    Valuation,
    amount_to_text,
    exact,
)
from coffers.testing.mutations import mutants
from coffers.testing.vectors import load_cases, read_response
from coffers_cryptocloud.sandbox import SANDBOX

QUERY = Query(NoSettings())
KEY = SANDBOX.fields["key"]
VECTORS = {case.name: case for case in load_cases(Path(__file__).parents[1] / "vectors")}
DOCUMENTED: dict[str, Any] = json.loads(read_response(VECTORS["balance"].files["response.http"]).body)

AMOUNTS = st.decimals(allow_nan=False, allow_infinity=False, places=12, min_value=-(10**24), max_value=10**24)
CODES = st.sampled_from(["USDT_TRC20", "USDT_ERC20", "USDT_TON", "BTC", "ETH", "TRX", "SOMETHING_NEW"])

REFUSED_KEY = (
    *("Invalid header padding", "Signature verification failed", "Unauthorized request.", "Unauthenticated."),
    *("Not enough segments", "Invalid payload padding", "Invalid crypto padding", "Signature has expired"),
    *("Invalid header string: must be a json object", "Invalid token type. Token must be bytes"),
)


def parse(body: object, status: int = 200) -> Snapshot:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    response = Response(status, (("Content-Type", "application/json"),), content)
    answer = parse_guarded(coffers_cryptocloud.coffers_parse, QUERY, response)
    assert isinstance(answer, Snapshot)
    return answer


def documented(**members: object) -> dict[str, Any]:
    """The documented answer with members of its row replaced; ``...`` leaves one out."""
    body = copy.deepcopy(DOCUMENTED)
    row = body["result"][0] | members
    body["result"][0] = {name: value for name, value in row.items() if value is not ...}
    return body


def with_currency(**members: object) -> dict[str, Any]:
    currency = DOCUMENTED["result"][0]["currency"] | members
    return documented(currency={name: value for name, value in currency.items() if value is not ...})


def signed(key: str = KEY) -> SignedRequest:
    request = coffers_cryptocloud.coffers_request(QUERY)
    return coffers_cryptocloud.coffers_sign(request, coffers_cryptocloud.ByKey(Secret(key)), Attempt(0, 0))


def account(balances: Mapping[str, str] = SANDBOX.balances) -> SandboxAccount:
    return SandboxAccount(dict(SANDBOX.fields), {code: Decimal(amount) for code, amount in balances.items()})


def answer(request: SignedRequest, state: SandboxAccount, **changes: Any) -> SandboxReply:
    call = SandboxCall(request.method, request.target, (), request.headers, request.body, time_s=0.0)
    return SANDBOX.answer(attrs.evolve(call, **changes), state)


def test_the_request_is_a_post_without_body_or_content_type() -> None:
    request = signed()
    assert (request.method, request.target, request.host) == ("POST", "/v2/merchant/wallet/balance/all", "api")
    assert request.headers == (("Authorization", f"Token {KEY}"),)
    assert request.body == b""


def test_the_documented_row() -> None:
    (row,) = parse(DOCUMENTED).balances
    assert (row.currency, row.network, row.unit, row.wallet) == ("USDT", "TRC20", "asset", None)
    assert (str(row.total), str(row.available), row.pending, row.reserved) == ("10.0", "10.0", None, None)
    assert row.valuation == Valuation("USD", total=Decimal("10.0"), available=Decimal("10.0"))
    assert dict(row.details) == {
        "asset": "USDT_TRC20",
        "name": "Tether",
        "network_name": "Tron",
        "stablecoin": "true",
    }


def test_one_coin_on_two_networks_is_two_balances() -> None:
    reply = answer(signed(), account({"USDT_TRC20": "1", "USDT_ERC20": "2"}))
    rows = [(row.currency, row.network, row.total) for row in parse(reply.body).balances]
    assert rows == [("USDT", "TRC20", Decimal(1)), ("USDT", "ERC20", Decimal(2))]


@pytest.mark.parametrize("name", ["icon_base", "icon_network", "icon_qr", "enable", "order", "id", "is_email_required"])
@pytest.mark.parametrize("value", [..., None, "", [], 5])
def test_what_only_describes_a_coin_is_never_needed(name: str, value: object) -> None:
    assert parse(with_currency(**{name: value})) == parse(DOCUMENTED)


@pytest.mark.parametrize("value", [..., None, "", [], {}, 5])
@pytest.mark.parametrize("name", ["name", "stablecoin"])
def test_an_odd_description_is_left_out_of_the_details(name: str, value: object) -> None:
    (row,) = parse(with_currency(**{name: value})).balances
    assert name not in row.details
    assert row.total == Decimal("10.0")


@pytest.mark.parametrize("network", [..., None])
def test_without_a_network_none_is_derived_from_the_code(network: object) -> None:
    (row,) = parse(with_currency(obj_network=network)).balances
    assert (row.currency, row.network, row.details["asset"]) == ("USDT", None, "USDT_TRC20")


@pytest.mark.parametrize("value", [..., None])
def test_an_unknown_available_amount_is_unknown(value: object) -> None:
    (row,) = parse(documented(available_balance=value)).balances
    assert (row.available, row.spendable) == (None, Decimal("10.0"))


@pytest.mark.parametrize("value", [..., None])
def test_an_unknown_value_in_dollars_is_unknown(value: object) -> None:
    (row,) = parse(documented(balance_usd=value, available_balance_usd=value)).balances
    assert row.valuation is None
    (row,) = parse(documented(balance_usd=value)).balances
    assert row.valuation == Valuation("USD", available=Decimal("10.0"))


@pytest.mark.parametrize("value", [..., None, "", True, False, [], {}, "ten", "1,000.00"])
def test_without_an_amount_there_is_no_balance(value: object) -> None:
    with pytest.raises(BadResponseError, match="balance_crypto"):
        parse(documented(balance_crypto=value))


@pytest.mark.parametrize("name", ["available_balance", "balance_usd", "available_balance_usd"])
@pytest.mark.parametrize("value", ["", True, [], {}, "ten"])
def test_another_amount_may_be_unknown_but_not_wrong(name: str, value: object) -> None:
    with pytest.raises(BadResponseError, match=name):
        parse(documented(**{name: value}))


@pytest.mark.parametrize("name", ["code", "short_code"])
@pytest.mark.parametrize("value", [..., None, 5, []])
def test_a_coin_has_both_codes(name: str, value: object) -> None:
    with pytest.raises(BadResponseError, match=name):
        parse(with_currency(**{name: value}))


def test_only_an_empty_array_is_no_balances() -> None:
    assert parse({"status": "success", "result": []}) == Snapshot()
    results: list[object] = [None, {}, "", 0, False]
    for result in results:
        with pytest.raises(BadResponseError):
            parse({"status": "success", "result": result})
    with pytest.raises(BadResponseError):
        parse({"status": "success"})


@pytest.mark.parametrize("status", [200, 400, 401, 403])
@pytest.mark.parametrize("words", REFUSED_KEY)
@pytest.mark.parametrize("carrier", ["detail", "message", "result", "named result"])
def test_words_of_a_refused_key_are_auth_in_every_carrier(carrier: str, words: str, status: int) -> None:
    body: dict[str, Any] = {carrier: words}
    if carrier == "named result":
        body = {"status": "error", "result": {"authorization": words}}
    with pytest.raises(AuthError) as caught:
        parse(body, status)
    assert caught.value.message == words
    assert caught.value.code == ("authorization" if carrier == "named result" else None)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(200, "rejected"), (400, "rejected"), (401, "auth"), (403, "permission"), (429, "rate_limited")],
)
@pytest.mark.parametrize("carrier", ["detail", "message", "result"])
def test_other_words_mean_what_the_http_status_says(carrier: str, status: int, kind: str) -> None:
    with pytest.raises(CoffersError) as caught:
        parse({"status": "error", carrier: "A made-up reason."}, status)
    assert (caught.value.kind, caught.value.message) == (kind, "A made-up reason.")


def test_no_refusal_is_taken_from_an_answer_that_gives_none() -> None:
    odd: dict[str, object] = {"detail": None, "message": [], "result": {"x": 1}}
    bodies: list[object] = [{}, [], {"status": "done", "result": []}, odd, "x"]
    for body in bodies:
        with pytest.raises(BadResponseError):
            parse(body)
        with pytest.raises(AuthError, match="HTTP 401"):
            parse(body, 401)


def test_no_change_of_the_documented_answer_gives_another_amount() -> None:
    survivors = 0
    for mutant in mutants(DOCUMENTED):
        try:
            rows = parse(mutant).balances
        except CoffersError:
            continue
        survivors += 1
        if not rows:
            assert mutant["result"] == []
            continue
        (row,) = rows
        assert str(row.total) == "10.0"
        assert row.available in (None, Decimal("10.0"))
        assert row.valuation is None or {row.valuation.total, row.valuation.available} <= {None, Decimal("10.0")}
    assert survivors > 100  # the descriptions


def test_no_shortened_answer_gives_an_amount() -> None:
    whole = json.dumps(DOCUMENTED).encode()
    for length in range(len(whole)):
        with pytest.raises(BadResponseError):
            parse(whole[:length])


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_garbage_is_never_an_answer(body: bytes) -> None:
    with pytest.raises(CoffersError):
        parse(body)


@given(st.dictionaries(CODES, AMOUNTS, max_size=6))
def test_what_the_sandbox_holds_is_what_is_read(amounts: dict[str, Decimal]) -> None:
    held = {code: amount_to_text(amount) for code, amount in amounts.items()}
    reply = answer(signed(), account(held))
    rows = parse(reply.body, reply.status).balances
    assert {row.details["asset"]: str(row.total) for row in rows} == {code: str(Decimal(held[code])) for code in held}
    for row in rows:
        assert row.available == row.total
        assert row.valuation is not None
        assert row.valuation.total is not None
        if row.currency == "ETH":
            with exact():
                assert row.valuation.total == Decimal("2500.25") * amounts["ETH"]


@pytest.mark.parametrize(
    ("request_", "changes", "status", "kind"),
    [
        (signed("made-up-header.made-up-payload.another"), {}, 401, "auth"),
        (signed("no-jwt"), {}, 401, "auth"),
        (signed(), {"headers": ()}, 401, "auth"),
        (signed(), {"headers": (("Authorization", f"Bearer {KEY}"),)}, 401, "auth"),
        (signed(), {"path": "/v2/merchant/wallet/balance"}, 404, "rejected"),
        (signed(), {"method": "GET"}, 405, "rejected"),
    ],
)
def test_the_sandbox_refuses_as_published(request_: SignedRequest, changes: Any, status: int, kind: str) -> None:
    reply = answer(request_, account(), **changes)
    assert reply.status == status
    with pytest.raises(CoffersError) as caught:
        parse(reply.body, reply.status)
    assert caught.value.kind == kind


def test_the_sandbox_refuses_a_revoked_key() -> None:
    state = account()
    state.revoked = True
    with pytest.raises(AuthError, match="Signature verification failed"):
        parse(answer(signed(), state).body, 401)
