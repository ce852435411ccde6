"""OKX: signature and time, what each answer means, and a sandbox part as strict as the provider."""

from __future__ import annotations

import json
import time  # noqa: TID251  a test of a wrong clock begins with the right one
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import coffers_okx
from coffers import Client, parse_guarded
from coffers.plugin import (
    Attempt,
    AuthError,
    BadResponseError,
    Balance,
    ClockError,
    CoffersError,
    ConfigError,
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
    UnsupportedError,
    Valuation,
    amount_to_text,
)
from coffers.sandbox import Sandbox
from coffers.testing.mutations import mutants
from coffers.testing.vectors import load_cases, read_response
from coffers_okx import ApiKey, Settings
from coffers_okx.sandbox import SANDBOX

NOW_MS = 1_700_000_000_000
OURS = ApiKey(*(Secret(SANDBOX.fields[name]) for name in ("api_key", "secret_key", "passphrase")))
#: The secret of the signatures that the official SDK and ccxt agree on.
KNOWN = attrs.evolve(OURS, secret_key=Secret("NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"))
TRADING, FUNDING = Query(Settings()), Query(Settings(), "funding")
VECTORS = {case.name: case for case in load_cases(Path(__file__).parents[1] / "vectors")}
DOCUMENTED: dict[str, Any] = json.loads(read_response(VECTORS["trading"].files["response.http"]).body)
ROW: dict[str, Any] = DOCUMENTED["data"][0]["details"][0]
AMOUNTS = st.decimals(min_value=-(10**20), max_value=10**20, places=15, allow_nan=False, allow_infinity=False)


def parse(body: object, status: int = 200, query: Query[Settings] = TRADING) -> Snapshot:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = parse_guarded(coffers_okx.coffers_parse, query, Response(status, (), content))
    assert isinstance(answer, Snapshot)
    return answer


def answer_of(data: object, code: object = "0") -> dict[str, Any]:
    return {"code": code, "msg": "", "data": data}


def account(**figures: object) -> dict[str, Any]:
    return answer_of([{"details": [ROW | figures], "uTime": "1705474164160"}])


def row_of(**figures: object) -> Balance:
    (row,) = parse(account(**figures)).balances
    return row


def signed(query: Query[Settings] = TRADING, key: ApiKey = OURS, time_ms: int = NOW_MS) -> SignedRequest:
    return coffers_okx.coffers_sign(coffers_okx.coffers_request(query), key, Attempt(time_ms, 0))


# --- the signature -------------------------------------------------------------------------------------------------


def test_the_official_sdks_signature() -> None:
    headers = dict(signed(key=KNOWN).headers)
    assert headers["OK-ACCESS-TIMESTAMP"] == "2023-11-14T22:13:20.000Z"
    assert headers["OK-ACCESS-SIGN"] == "zpcsriVI27fYE/ptuh3xn0/DKEEjdLWNNO+B8MWmfeA="


def test_what_is_signed_is_what_is_sent() -> None:
    """Clients write a list as ``BTC,USDT`` or ``BTC%2CUSDT``; right is the spelling that goes on the wire."""
    request = Request("POST", "/x", query={"ccy": "BTC,USDT"}, json={"a": "ä"}, host="global")
    message = coffers_okx.coffers_sign(request, KNOWN, Attempt(NOW_MS, 0))
    text = coffers_okx.canonical(request, KNOWN, Attempt(NOW_MS, 0))
    assert message.target == "/x?ccy=BTC%2CUSDT"
    assert text == "2023-11-14T22:13:20.000ZPOST/x?ccy=BTC%2CUSDT" + message.body.decode()


@given(st.integers(0, 4_102_444_799_999))
def test_the_time_has_milliseconds_and_a_z(time_ms: int) -> None:
    text = dict(signed(time_ms=time_ms).headers)["OK-ACCESS-TIMESTAMP"]
    assert len(text) == len("2020-12-08T09:08:57.715Z")
    assert datetime.fromisoformat(text) - datetime(1970, 1, 1, tzinfo=UTC) == timedelta(milliseconds=time_ms)


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("global", "https://openapi.okx.com"),
        ("us", "https://us.okx.com"),
        ("eea", "https://eea.okx.com"),
        ("tr", "https://tr.okx.com"),
    ],
)
def test_the_region_picks_the_host(region: Any, host: str) -> None:
    for query in (Query(Settings(region=region)), Query(Settings(region=region), "funding")):
        assert coffers_okx.coffers_provider().base_urls[signed(query).host] == host


def test_only_a_demo_request_says_so() -> None:
    assert dict(signed(Query(Settings(environment="demo"))).headers)["x-simulated-trading"] == "1"
    assert "x-simulated-trading" not in dict(signed().headers)


def test_a_passphrase_that_no_header_can_carry_is_a_config_error() -> None:
    with pytest.raises(ConfigError, match="OK-ACCESS-PASSPHRASE") as caught:
        signed(key=attrs.evolve(OURS, passphrase=Secret("пароль")))
    assert "пароль" not in str(caught.value)


# --- amounts -------------------------------------------------------------------------------------------------------


def test_the_documented_row() -> None:
    row = row_of()
    assert [str(amount) for amount in (row.total, row.available, row.reserved)] == [
        *("4992.890093622894", "4834.317093622894", "158.573")
    ]
    assert row.valuation == Valuation("USD", total=Decimal("4991.542013297616"))
    assert (row.unit, row.wallet, row.pending, row.derived) == ("asset", "trading", None, ())
    assert parse(DOCUMENTED).as_of == datetime(2024, 1, 17, 6, 49, 24, 160000, tzinfo=UTC)


def test_a_debt_is_below_zero_and_told() -> None:
    row = row_of(eq="-20.01", liab="20.01", interest="0.0100", availBal="0")
    assert (row.total, row.available) == (Decimal("-20.01"), Decimal(0))
    assert (row.details["liabilities"], row.details["accrued_interest"]) == ("20.01", "0.0100")


@pytest.mark.parametrize("value", ["", None])
def test_an_empty_figure_is_not_known(value: object) -> None:
    row = row_of(availBal=value, frozenBal=value, eqUsd=value, liab=value, interest=value)
    assert (row.available, row.reserved, row.valuation) == (None, None, None)
    assert row.total == row.spendable == Decimal(ROW["eq"])
    assert not {"liabilities", "accrued_interest"} & row.details.keys()
    assert row_of(eq=value).total is None
    with pytest.raises(BadResponseError, match="at least one amount"):
        row_of(eq=value, availBal=value, frozenBal=value)


@pytest.mark.parametrize("name", ["eq", "availBal", "frozenBal", "ccy"])
def test_what_every_mode_has_must_be_there(name: str) -> None:
    body = account()
    del body["data"][0]["details"][0][name]
    with pytest.raises(BadResponseError, match=name):
        parse(body)


@pytest.mark.parametrize("name", ["eq", "availBal", "frozenBal", "eqUsd", "cashBal", "liab", "upl"])
@pytest.mark.parametrize("value", ["N/A", "1,5", " ", True, [], {}])
def test_a_figure_may_be_unknown_but_not_wrong(name: str, value: object) -> None:
    with pytest.raises(BadResponseError, match=name):
        parse(account(**{name: value}))


@given(AMOUNTS, AMOUNTS, AMOUNTS)
def test_every_digit_arrives(one: Decimal, two: Decimal, three: Decimal) -> None:
    texts = [amount_to_text(amount) for amount in (one, two, three)]
    (funds,) = parse(
        answer_of([dict(zip(("bal", "availBal", "frozenBal"), texts, strict=True), ccy="ETH")]), query=FUNDING
    ).balances
    for row in (row_of(**dict(zip(("eq", "availBal", "frozenBal"), texts, strict=True))), funds):
        found = [row.total, row.available, row.reserved]
        assert [amount_to_text(amount) for amount in found if amount is not None] == texts
    assert funds.wallet == "funding"


@pytest.mark.parametrize("value", [None, "", "x", 1705474164160, "-1", "1" * 14, "٣", [], True])
def test_a_time_that_makes_no_sense_is_no_time(value: object) -> None:
    body = account()
    body["data"][0]["uTime"] = value
    assert parse(body).as_of is None


def test_the_funding_account_is_asked_for_unless_it_is_not_wanted() -> None:
    assert parse(DOCUMENTED).next == (FUNDING,)
    assert parse(DOCUMENTED, query=Query(Settings(funding=False))).next == ()
    assert parse(answer_of([]), query=FUNDING) == Snapshot()


def test_nothing_but_an_account_without_currencies_is_nothing() -> None:
    nothing: list[object] = []
    assert parse(answer_of([{"details": nothing}])).balances == ()
    empty: dict[str, object] = {"details": []}
    wrong: list[object] = [[], [empty, empty], {}, None, "", [None], [{}], [{"details": {}}], [{"details": ""}]]
    for data in wrong:
        with pytest.raises(BadResponseError):
            parse(answer_of(data))
    for data in wrong[2:]:
        with pytest.raises(BadResponseError):
            parse(answer_of(data), query=FUNDING)


def test_no_change_of_the_documented_answer_gives_another_amount() -> None:
    survivors = 0
    for mutant in mutants(DOCUMENTED):
        try:
            rows = parse(mutant).balances
        except CoffersError:
            continue
        survivors += 1
        for row in rows:
            assert row.total in (None, Decimal(ROW["eq"]))
            assert row.available in (None, Decimal(ROW["availBal"]))
            assert row.reserved in (None, Decimal(ROW["frozenBal"]))
    assert survivors > 100  # what is not read


# --- refusals ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 400, 401])
@pytest.mark.parametrize(
    ("codes", "cls"),
    [
        ([50008, 50103, 50104, 50105, 50106, 50107, 50111, 50113, 50114, 50119], AuthError),
        ([50007, 50012, 50030, 50035, 50051, 50059, 50060, 50100, 50101, 50110, 50120, 50121], PermissionDeniedError),
        ([50011, 50040], RateLimitedError),
        ([50001, 50004, 50005, 50013, 50026, 50046], UnavailableError),
        ([50102, 50112], ClockError),
        ([50038], UnsupportedError),
    ],
)
def test_a_known_code_speaks_before_the_status(codes: list[int], cls: type[CoffersError], status: int) -> None:
    for code in codes:
        for query in (TRADING, FUNDING):
            with pytest.raises(cls, match="said so") as caught:
                parse({"code": str(code), "msg": "said so"}, status, query)
            assert caught.value.code == str(code)


@pytest.mark.parametrize(
    ("code", "status", "cls"),
    [
        *(("51000", 200, RejectedError), ("51000", 400, RejectedError), ("59999", 401, AuthError)),
        *(("1", 200, RejectedError), ("0", 400, RejectedError), ("0", 500, UnavailableError)),
        *((False, 200, BadResponseError), (None, 200, BadResponseError), ("", 200, BadResponseError)),
        *((None, 401, AuthError), (50119, 200, AuthError), (51000, 200, RejectedError), (0.0, 200, BadResponseError)),
    ],
)
def test_any_other_code_means_what_the_status_says(code: object, status: int, cls: type[CoffersError]) -> None:
    with pytest.raises(cls) as caught:
        parse(DOCUMENTED | {"code": code, "msg": "said so"}, status)
    assert type(caught.value) is cls


def test_a_success_may_say_so_with_a_number() -> None:
    assert parse(DOCUMENTED | {"code": 0}) == parse(DOCUMENTED)


# --- the sandbox ---------------------------------------------------------------------------------------------------


def ask(message: SignedRequest, *, revoked: bool = False, demo: bool = False, **changes: Any) -> SandboxReply:
    call = SandboxCall(message.method, message.target, (), message.headers, message.body, time_s=NOW_MS / 1000)
    fields = dict(SANDBOX.fields) | ({"environment": "demo"} if demo else {})
    balances = {code: Decimal(amount) for code, amount in SANDBOX.balances.items()}
    return SANDBOX.answer(attrs.evolve(call, **changes), SandboxAccount(fields, balances, revoked))


def refused_with(reply: SandboxReply) -> tuple[int, str]:
    return reply.status, json.loads(reply.body)["code"]


def test_the_sandbox_answers_what_it_holds() -> None:
    held = [(row.wallet, row.currency, str(row.total)) for row in parse(ask(signed()).body).balances]
    held += [
        (row.wallet, row.currency, str(row.total)) for row in parse(ask(signed(FUNDING)).body, query=FUNDING).balances
    ]
    assert held == [
        ("trading", "USDT", "4834.317093622894"),
        ("trading", "BTC", "0.50"),
        ("trading", "DOGE", "-40.25"),
        ("funding", "ETH", "37.11827078"),
    ]


@pytest.mark.parametrize(("off_ms", "taken"), [(30_000, True), (-30_000, True), (30_001, False), (-30_001, False)])
def test_the_sandbox_has_the_published_window(off_ms: int, taken: bool) -> None:
    reply = ask(signed(time_ms=NOW_MS + off_ms))
    assert (reply.status == 200) is taken
    if not taken:
        assert refused_with(reply) == (401, "50102")


def test_the_sandbox_refuses_as_published() -> None:
    for name, code in (("KEY", "50103"), ("PASSPHRASE", "50104"), ("SIGN", "50106"), ("TIMESTAMP", "50107")):
        kept = tuple(pair for pair in signed().headers if pair[0] != f"OK-ACCESS-{name}")
        assert refused_with(ask(signed(), headers=kept)) == (401, code)
    other = Secret("other")
    assert refused_with(ask(signed(key=attrs.evolve(OURS, api_key=other)))) == (401, "50119")
    assert refused_with(ask(signed(), revoked=True)) == (401, "50119")
    assert refused_with(ask(signed(key=attrs.evolve(OURS, passphrase=other)))) == (401, "50105")
    assert refused_with(ask(signed(key=attrs.evolve(OURS, secret_key=other)))) == (401, "50113")
    assert refused_with(ask(signed(), query=(("ccy", "BTC"),))) == (401, "50113")
    assert refused_with(ask(signed(), body=b"{}")) == (401, "50113")
    seconds = (*signed().headers[:2], ("OK-ACCESS-TIMESTAMP", "1700000000"), signed().headers[3])
    assert refused_with(ask(signed(), headers=seconds)) == (401, "50112")
    assert refused_with(ask(signed(), method="POST")) == (405, "50115")
    assert ask(signed(), path="/api/v5/account/positions").status == 404


def test_the_sandbox_keeps_the_platforms_apart() -> None:
    demo = signed(Query(Settings(environment="demo")))
    assert refused_with(ask(demo)) == refused_with(ask(signed(), demo=True)) == (401, "50101")
    assert ask(demo, demo=True).status == 200


@pytest.mark.parametrize("ahead_s", [-86_400, 86_400])
def test_a_clock_that_is_wrong_is_mended_once_from_the_date(ahead_s: int) -> None:
    with Sandbox([SANDBOX]) as sandbox, Client(clock=lambda: time.time() + ahead_s) as client:
        served = sandbox["okx"]
        assert len(client.read(served.account()).balances) == 4
        assert served.requests == 3  # refused, the trading account, the funding account
