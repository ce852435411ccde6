"""Binance: the published signatures, what each answer means, and a sandbox part as strict as the provider."""

from __future__ import annotations

import json
import time  # noqa: TID251  a test of a wrong clock begins with the right one
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import coffers_binance
from coffers import Client, parse_guarded
from coffers.plugin import (
    Attempt,
    AuthError,
    BadResponseError,
    ClockError,
    CoffersError,
    PermissionDeniedError,
    Query,
    RateLimitedError,
    RejectedError,
    Request,
    Response,
    SandboxAccount,
    SandboxCall,
    SandboxReply,
    Secret,
    SignedRequest,
    Snapshot,
    UnavailableError,
    amount_to_text,
    exact,
)
from coffers.sandbox import Sandbox
from coffers.testing.mutations import mutants
from coffers_binance import HmacKey, Settings
from coffers_binance.sandbox import SANDBOX
from coffers_binance.sign import signature_of

NOW_MS = 1_499_827_319_559
#: The published example; the same keys in every one.
PUBLISHED = HmacKey(
    Secret("vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A"),
    Secret("NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"),
)
OURS = HmacKey(Secret(SANDBOX.fields["api_key"]), Secret(SANDBOX.fields["secret_key"]))
SPOT, FUNDING = Query(Settings()), Query(Settings(funding=True), "funding")
AMOUNTS = st.decimals(min_value=0, max_value=10**20, places=8, allow_nan=False, allow_infinity=False)


def parse(body: object, status: int = 200, query: Query[Settings] = SPOT) -> Snapshot:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = parse_guarded(coffers_binance.coffers_parse, query, Response(status, (), content))
    assert isinstance(answer, Snapshot)
    return answer


def spot(free: object, locked: object, asset: object = "BTC") -> dict[str, Any]:
    return {"accountType": "SPOT", "balances": [{"asset": asset, "free": free, "locked": locked}]}


def signed(query: Query[Settings] = SPOT, key: HmacKey = OURS, time_ms: int = NOW_MS) -> SignedRequest:
    return coffers_binance.coffers_sign(coffers_binance.coffers_request(query), key, Attempt(time_ms, 0))


# --- the signature -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("symbol", "signature"),
    [
        ("LTCBTC", "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71"),
        ("１２３４５６", "e1353ec6b14d888f1164ae9af8228a3dbd508bc82eb867db8ab6046442f33ef3"),
    ],
)
def test_the_published_requests_are_signed_as_published(symbol: str, signature: str) -> None:
    order = {"symbol": symbol, "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "1", "price": "0.1"}
    request = Request("POST", "/api/v3/order", query=order | {"recvWindow": "5000"}, host="testnet")
    message = coffers_binance.coffers_sign(request, PUBLISHED, Attempt(NOW_MS, 0))
    assert message.target.endswith(f"&recvWindow=5000&timestamp={NOW_MS}&signature={signature}")
    assert dict(message.headers) == {"X-MBX-APIKEY": PUBLISHED.api_key.reveal()}


def test_the_body_is_signed_right_behind_the_query() -> None:
    """Published in older documents: no separator between the two."""
    text = (
        "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTCquantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559"
    )
    expected = "0fd168b8ddb4876a0358a8d14d0c9f3da0e9b20c5d52b2a00fcf7d1c602f9a77"
    assert signature_of(text, PUBLISHED.secret_key) == expected
    request = Request("POST", "/api/v3/order", query={"a": "1"}, form={"b": "2"})
    assert coffers_binance.canonical(request, PUBLISHED, Attempt(5, 0)) == "a=1&timestamp=5b=2"


@pytest.mark.parametrize(
    ("settings", "host"),
    [
        (Settings(), "https://api.binance.com"),
        (Settings(environment="testnet"), "https://testnet.binance.vision"),
        (Settings(environment="demo"), "https://demo-api.binance.com"),
    ],
)
def test_the_environment_picks_the_host(settings: Settings, host: str) -> None:
    assert coffers_binance.coffers_provider().base_urls[signed(Query(settings)).host] == host


@pytest.mark.parametrize("window_ms", [0, -1, 60_001])
def test_a_window_that_the_provider_refuses_is_no_setting(window_ms: int) -> None:
    with pytest.raises(ValueError, match="recv_window_ms"):
        Settings(recv_window_ms=window_ms)


# --- amounts -------------------------------------------------------------------------------------------------------


@given(AMOUNTS, AMOUNTS)
def test_free_and_locked_are_all_there_is_in_spot(free: Decimal, locked: Decimal) -> None:
    (row,) = parse(spot(amount_to_text(free), amount_to_text(locked))).balances
    with exact():
        assert (row.available, row.reserved, row.total) == (free, locked, free + locked)
    assert (row.unit, row.wallet, row.pending, row.derived) == ("asset", "spot", None, ("total",))


@given(AMOUNTS, st.tuples(AMOUNTS, AMOUNTS, AMOUNTS))
def test_the_funding_wallet_holds_back_in_three_ways(free: Decimal, held: tuple[Decimal, Decimal, Decimal]) -> None:
    texts = dict(zip(("locked", "freeze", "withdrawing"), map(amount_to_text, held), strict=True))
    (row,) = parse([{"asset": "USDT", "free": amount_to_text(free), **texts}], query=FUNDING).balances
    with exact():
        assert (row.available, row.reserved, row.total) == (free, sum(held), free + sum(held))
    assert (row.wallet, row.derived) == ("funding", ("total", "reserved"))


@pytest.mark.parametrize("value", [None, "", "1,5", True, [], {}, "NaN", "1e3x"])
def test_without_both_amounts_there_is_no_balance(value: object) -> None:
    for body in (spot(value, "0"), spot("0", value)):
        with pytest.raises(BadResponseError, match=r"balances\[0\]"):
            parse(body)


def test_the_time_of_the_last_change_is_no_age_of_the_figures() -> None:
    assert parse(spot("1", "0") | {"updateTime": 123456789}).as_of is None


def test_only_an_empty_list_is_nothing() -> None:
    assert parse({"balances": []}) == Snapshot()
    bodies: list[object] = [{}, [], {"balances": None}, {"balances": {}}, None, "", 0]
    for body in bodies:
        with pytest.raises(BadResponseError):
            parse(body)


@pytest.mark.parametrize("asset", ["币安人生", "这是测试币", "123456", "1000SATS", "LDBNB"])
def test_an_asset_has_the_name_that_binance_gives_it(asset: str) -> None:
    """Binance lists some whose names are not ASCII."""
    (row,) = parse(spot("880.5", "0", asset=asset)).balances
    assert (row.currency, row.total) == (asset, Decimal("880.5"))


@pytest.mark.parametrize(
    ("settings", "leads_on"),
    [
        (Settings(), False),
        (Settings(funding=True), True),
        (Settings(funding=True, environment="testnet"), False),
        (Settings(funding=True, environment="demo"), False),
    ],
)
def test_the_funding_wallet_is_asked_for_where_there_is_one(settings: Settings, leads_on: bool) -> None:
    query = Query(settings)
    snapshot = parse(spot("1", "0"), query=query)
    assert snapshot.next == ((query.then("funding"),) if leads_on else ())


def test_no_change_of_an_answer_gives_another_amount() -> None:
    survivors = 0
    for mutant in mutants(spot("1.50", "2.25")):
        try:
            rows = parse(mutant).balances
        except CoffersError:
            continue
        survivors += 1
        assert all(row.total == Decimal("3.75") for row in rows) or mutant["balances"] == []
    assert survivors > 3


# --- refusals ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 400, 401])
@pytest.mark.parametrize(
    ("codes", "cls"),
    [
        ([-1022, -2008, -2014, -2015], AuthError),
        ([-1002], PermissionDeniedError),
        ([-1003, -1034], RateLimitedError),
        ([-1001, -1006, -1007, -1008], UnavailableError),
        ([-1021], ClockError),
    ],
)
def test_a_known_code_speaks_before_the_status(codes: list[int], cls: type[CoffersError], status: int) -> None:
    for code in codes:
        with pytest.raises(cls, match="said so") as caught:
            parse({"code": code, "msg": "said so"}, status)
        assert caught.value.code == str(code)
        with pytest.raises(cls):
            parse({"code": str(code), "msg": "said so"}, status)


@pytest.mark.parametrize(
    ("status", "cls"),
    [
        *((200, RejectedError), (400, RejectedError), (401, AuthError), (418, RateLimitedError)),
        *((451, PermissionDeniedError), (500, UnavailableError)),
    ],
)
@pytest.mark.parametrize("code", [0, -1102, -9999, None, "x", "", True])
def test_another_code_means_what_the_status_says(code: object, status: int, cls: type[CoffersError]) -> None:
    with pytest.raises(cls, match="said so"):
        parse({"code": code, "msg": "said so"}, status)


# --- the sandbox ---------------------------------------------------------------------------------------------------


def ask(message: SignedRequest, *, revoked: bool = False, **changes: Any) -> SandboxReply:
    path, _, query = message.target.partition("?")
    pairs = tuple(parse_qsl(query, keep_blank_values=True))
    call = SandboxCall(message.method, path, pairs, message.headers, message.body, time_s=NOW_MS / 1000)
    balances = {code: Decimal(amount) for code, amount in SANDBOX.balances.items()}
    state = SandboxAccount(dict(SANDBOX.fields), balances | {"XRP": Decimal(0)}, revoked)
    return SANDBOX.answer(attrs.evolve(call, **changes), state)


def refused_with(reply: SandboxReply) -> tuple[int, int, str]:
    told = json.loads(reply.body)
    return reply.status, told["code"], told["msg"]


def test_the_sandbox_answers_what_it_holds() -> None:
    for omits in (True, False):
        query = Query(Settings(omit_zero_balances=omits))
        rows = parse(ask(signed(query)).body).balances
        assert [row.currency for row in rows] == ["BTC", "USDT", "BNB"] + ([] if omits else ["XRP"])
    rows = parse(ask(signed(FUNDING)).body, query=FUNDING).balances
    assert [(row.currency, row.total) for row in rows] == [("USDT", Decimal(75))]


@pytest.mark.parametrize(("early_ms", "taken"), [(999, True), (1000, False), (-5000, True), (-5001, False)])
def test_the_sandbox_has_the_published_window(early_ms: int, taken: bool) -> None:
    for unit in (1, 1000):  # milliseconds, microseconds
        reply = ask(signed(time_ms=(NOW_MS + early_ms) * unit))
        assert (reply.status == 200) is taken
        if not taken:
            assert refused_with(reply)[:2] == (400, -1021)
    assert ask(signed(Query(Settings(recv_window_ms=60_000)), time_ms=NOW_MS - 60_000)).status == 200


def test_the_sandbox_refuses_as_published() -> None:
    invalid_key = (401, -2015, "Invalid API-key, IP, or permissions for action.")
    invalid_signature = (400, -1022, "Signature for this request is not valid.")
    assert refused_with(ask(signed(key=attrs.evolve(OURS, api_key=Secret("other"))))) == invalid_key
    assert refused_with(ask(signed(), revoked=True)) == invalid_key
    assert refused_with(ask(signed(key=attrs.evolve(OURS, secret_key=Secret("other"))))) == invalid_signature
    assert refused_with(ask(signed(), headers=())) == (401, -2014, "API-key format invalid.")
    pairs = parse_qsl(signed().target.partition("?")[2])
    assert refused_with(ask(signed(), query=(*pairs, ("more", "1")))) == invalid_signature
    assert refused_with(ask(signed(), body=b"more=1")) == invalid_signature
    for name in ("timestamp", "signature"):
        reply = ask(signed(), query=tuple(pair for pair in pairs if pair[0] != name))
        assert refused_with(reply)[:2] == (400, -1102)
        assert name in refused_with(reply)[2]
    for name, value, code in (("timestamp", "now", -1100), ("recvWindow", "x", -1100), ("recvWindow", "60001", -1102)):
        assert refused_with(ask(signed(), query=tuple((dict(pairs) | {name: value}).items())))[1] == code
    assert ask(signed(), path="/api/v3/order").status == 404
    assert ask(signed(), method="POST").status == 405


@pytest.mark.parametrize("ahead_s", [-86_400, 86_400])
def test_a_clock_that_is_wrong_is_mended_once_from_the_date(ahead_s: int) -> None:
    with Sandbox([SANDBOX]) as sandbox, Client(clock=lambda: time.time() + ahead_s) as client:
        served = sandbox["binance"]
        assert len(client.read(served.account()).balances) == 4
        assert served.requests == 3  # refused, the spot account, the funding wallet


def test_a_ban_says_how_long() -> None:
    response = Response(418, (("Retry-After", "120"),), b'{"code": -1003, "msg": "IP banned"}')
    with pytest.raises(RateLimitedError) as caught:
        parse_guarded(coffers_binance.coffers_parse, SPOT, response)
    assert caught.value.retry_after_s == 120
