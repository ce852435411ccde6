"""PayPal: its two steps, its amounts and times, its refusals; the vectors hold the rest."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from itertools import product
from pathlib import Path
from threading import Barrier  # noqa: TID251  reads at the same time are what is tested
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import coffers_paypal
from coffers import Client, parse_guarded, time_to_text
from coffers.plugin import (
    AccessToken,
    Attempt,
    AuthError,
    BadResponseError,
    CoffersError,
    ConfigError,
    PermissionDeniedError,
    Query,
    RateLimitedError,
    RejectedError,
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
from coffers.sandbox import Sandbox
from coffers.testing.mutations import mutants
from coffers.testing.vectors import load_cases, read_response
from coffers_paypal.request import TOKEN_STEP
from coffers_paypal.sandbox import LIFETIME_S, SANDBOX

QUERY = Query(coffers_paypal.Settings())
TOKEN_QUERY = QUERY.then(TOKEN_STEP)
VECTORS = {case.name: case for case in load_cases(Path(__file__).parents[1] / "vectors")}
RECORDED: dict[str, Any] = json.loads(read_response(VECTORS["balances"].files["response.http"]).body)
TOKEN: dict[str, Any] = json.loads(read_response(VECTORS["token"].files["response.http"]).body)


def parsed(body: object, query: Query[coffers_paypal.Settings], status: int = 200) -> Snapshot | AccessToken:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    response = Response(status, (("Content-Type", "application/json"),), content)
    return parse_guarded(coffers_paypal.coffers_parse, query, response)


def parse(body: object, status: int = 200) -> Snapshot:
    answer = parsed(body, QUERY, status)
    assert isinstance(answer, Snapshot)
    return answer


def row(value: object, currency: str = "USD", **members: Any) -> dict[str, Any]:
    return {"balances": [{"currency": currency, "total_balance": money(value, currency), **members}]}


def money(value: object, currency: str = "USD") -> dict[str, object]:
    return {"currency_code": currency, "value": value}


def signed(
    query: Query[coffers_paypal.Settings], secret: str = "made-up-client-secret", token: str = ""
) -> SignedRequest:
    request = coffers_paypal.coffers_request(query)
    app = coffers_paypal.App("made-up-client-id", Secret(secret))
    return coffers_paypal.coffers_sign(request, app, Attempt(0, 0, AccessToken(Secret(token), 1) if token else None))


# --- the two steps -------------------------------------------------------------------------------------------------


def test_the_secret_is_sent_for_a_token_alone() -> None:
    request = signed(TOKEN_QUERY)
    assert (request.method, request.target) == ("POST", "/v1/oauth2/token")
    assert dict(request.headers) == {
        "Authorization": "Basic bWFkZS11cC1jbGllbnQtaWQ6bWFkZS11cC1jbGllbnQtc2VjcmV0",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    assert request.body == b"grant_type=client_credentials"
    request = signed(QUERY, token="made-up-token")
    assert (request.method, request.target, request.body) == ("GET", "/v1/reporting/balances", b"")
    assert request.headers == (("Authorization", "Bearer made-up-token"),)


@pytest.mark.parametrize("query", [QUERY, TOKEN_QUERY])
def test_the_environment_picks_the_host_of_both_steps(query: Query[coffers_paypal.Settings]) -> None:
    hosts = coffers_paypal.coffers_provider().base_urls
    assert hosts[coffers_paypal.coffers_request(query).host] == "https://api-m.paypal.com"
    elsewhere = attrs.evolve(query, settings=coffers_paypal.Settings(environment="sandbox"))
    assert hosts[coffers_paypal.coffers_request(elsewhere).host] == "https://api-m.sandbox.paypal.com"


def test_a_client_id_that_basic_cannot_carry() -> None:
    app = coffers_paypal.App("made:up", Secret("made-up-client-secret"))
    with pytest.raises(ConfigError, match="colon"):
        coffers_paypal.coffers_sign(coffers_paypal.coffers_request(TOKEN_QUERY), app, Attempt(0, 0))


def test_the_token() -> None:
    assert parsed(TOKEN, TOKEN_QUERY) == AccessToken(Secret("A21AA-made-up-access-token"), 31668)


@pytest.mark.parametrize("name", ["access_token", "expires_in"])
@pytest.mark.parametrize("value", [..., None, "", "x1", [], True, 1.5])
def test_a_token_without_its_text_or_life_is_none(name: str, value: object) -> None:
    if name == "access_token" and value == "x1":
        value = 1
    body = {key: part for key, part in (TOKEN | {name: value}).items() if part is not ...}
    with pytest.raises(BadResponseError, match=name):
        parsed(body, TOKEN_QUERY)


# --- amounts -------------------------------------------------------------------------------------------------------


@given(st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**24), max_value=10**24))
def test_every_digit_of_an_amount_arrives(amount: Decimal) -> None:
    text = amount_to_text(amount)
    (found,) = parse(row(text)).balances
    assert found.total is not None
    assert amount_to_text(found.total) == text


@pytest.mark.parametrize(
    ("value", "total"), [("100.00", "100.00"), ("9000", "9000"), (".50", "0.50"), ("-.5", "-0.5"), ("-1.005", "-1.005")]
)
@pytest.mark.parametrize("currency", ["USD", "JPY", "TND", "XQX"])
def test_the_decimals_are_those_that_were_sent(currency: str, value: str, total: str) -> None:
    (found,) = parse(row(value, currency)).balances
    assert (found.currency, str(found.total), found.available, found.reserved) == (currency, total, None, None)


@pytest.mark.parametrize("value", ["", ".", "-", "-.", "1.", "string", "1,000.00", "+1", " 1", "NaN"])
def test_what_is_no_amount(value: str) -> None:
    with pytest.raises(BadResponseError, match="not an amount"):
        parse(row(value))


@pytest.mark.parametrize("value", [..., None, 100, 1.5, True, [], {}])
def test_an_amount_is_a_text(value: object) -> None:
    body = row(value)
    if value is ...:
        del body["balances"][0]["total_balance"]["value"]
    with pytest.raises(BadResponseError, match=r"balances\[0\]\.total_balance\.value"):
        parse(body)


@pytest.mark.parametrize("name", ["total_balance", "available_balance", "withheld_balance"])
def test_an_amount_in_another_currency_is_not_understood(name: str) -> None:
    other: dict[str, Any] = {name: money("1", "EUR")}
    with pytest.raises(BadResponseError, match="another currency"):
        parse(row("1", **other))


def test_one_currency_twice_is_two_rows() -> None:
    body = {"balances": row("1")["balances"] + row("2")["balances"]}
    assert [found.total for found in parse(body).balances] == [Decimal(1), Decimal(2)]


@pytest.mark.parametrize("value", ["true", 1, {}])
def test_an_odd_primary_is_left_out(value: object) -> None:
    (found,) = parse(row("1", primary=value)).balances
    assert (found.total, dict(found.details)) == (Decimal(1), {})


def test_what_not_every_row_has() -> None:
    for value in (None, ...):
        names = ("available_balance", "withheld_balance", "primary")
        members: dict[str, Any] = {} if value is ... else dict.fromkeys(names, value)
        (found,) = parse(row("1", **members)).balances
        assert (found.available, found.reserved, found.spendable, dict(found.details)) == (None, None, Decimal(1), {})


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-11-21T06:29:59Z", "2026-11-21T06:29:59Z"),
        ("2026-11-21T06:29:59+0000", "2026-11-21T06:29:59Z"),
        ("2026-11-21t06:29:59.123z", "2026-11-21T06:29:59.123Z"),
        ("2026-11-20T22:29:59-08:00", "2026-11-21T06:29:59Z"),
        *product(("2026-11-21T06:29:59", "yesterday", "", "2026-13-01T00:00:00Z", None, 1, []), (None,)),
    ],
)
def test_the_time_of_the_figures(text: object, time: str | None) -> None:
    found = parse(row("1") | {"as_of_time": "2026-11-21T08:00:00Z", "last_refresh_time": text}).as_of
    assert (found and time_to_text(found)) == time


def test_no_change_of_the_recorded_answer_gives_another_amount() -> None:
    held = {part["value"] for one in RECORDED["balances"] for name, part in one.items() if name.endswith("_balance")}
    survivors = 0
    for mutant in mutants(copy.deepcopy(RECORDED)):
        try:
            rows = parse(mutant).balances
        except CoffersError:
            continue
        survivors += 1
        for found in rows:
            assert {
                str(amount) for amount in (found.total, found.available, found.reserved) if amount is not None
            } <= held
    assert survivors > 50


# --- refusals ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body", "cls", "code"),
    [
        (400, {"error": "invalid_client"}, AuthError, "invalid_client"),
        (403, {"error": "invalid_token"}, AuthError, "invalid_token"),
        (400, {"name": "INVALID_TOKEN"}, AuthError, "INVALID_TOKEN"),
        (403, {"name": "AUTHENTICATION_FAILURE"}, AuthError, "AUTHENTICATION_FAILURE"),
        (401, {"name": "PERMISSION_DENIED"}, PermissionDeniedError, "PERMISSION_DENIED"),
        (401, {"name": "NOT_AUTHORIZED"}, PermissionDeniedError, "NOT_AUTHORIZED"),
        (422, {"name": "RATE_LIMIT_REACHED"}, RateLimitedError, "RATE_LIMIT_REACHED"),
        (503, {"name": "SERVICE_UNAVAILABLE"}, UnavailableError, "SERVICE_UNAVAILABLE"),
        (404, {"name": "RESOURCE_NOT_FOUND"}, RejectedError, "RESOURCE_NOT_FOUND"),
        (401, {}, AuthError, None),
        (401, {"name": 5, "details": 5}, AuthError, None),
    ],
)
@pytest.mark.parametrize("query", [QUERY, TOKEN_QUERY])
def test_the_name_speaks_before_the_status(
    query: Query[Any], status: int, body: dict[str, Any], cls: type[CoffersError], code: str | None
) -> None:
    with pytest.raises(cls) as caught:
        parsed(body, query, status)
    assert type(caught.value) is cls
    assert caught.value.code == code


def test_what_a_refusal_tells() -> None:
    details = [{"issue": "PERMISSION_DENIED"}, {"issue": 7}, "x"]
    body = {"name": "NOT_AUTHORIZED", "message": "No.", "debug_id": "90957fca61718", "details": details}
    with pytest.raises(PermissionDeniedError) as caught:
        parse(body, 403)
    assert (caught.value.message, caught.value.request_id) == ("No. (PERMISSION_DENIED)", "90957fca61718")
    with pytest.raises(AuthError) as caught_token:
        parsed({"error": "invalid_client", "error_description": "Client Authentication failed"}, TOKEN_QUERY, 401)
    assert caught_token.value.message == "Client Authentication failed"


def test_a_refusal_without_a_body_is_one() -> None:
    for query in (QUERY, TOKEN_QUERY):
        with pytest.raises(AuthError, match="HTTP 401"):
            parsed(b"", query, 401)


def test_no_figure_comes_from_an_error_status() -> None:
    with pytest.raises(UnavailableError):
        parse(RECORDED, 500)


# --- the sandbox part ----------------------------------------------------------------------------------------------


def account(balances: dict[str, str] | None = None) -> SandboxAccount:
    amounts = dict(SANDBOX.balances) if balances is None else balances
    return SandboxAccount(dict(SANDBOX.fields), {code: Decimal(amount) for code, amount in amounts.items()})


def answer(request: SignedRequest, state: SandboxAccount, time_s: float = 1e9, **changes: Any) -> SandboxReply:
    path, _, query = request.target.partition("?")
    pairs = tuple((name, value) for name, _, value in (pair.partition("=") for pair in query.split("&")) if name)
    call = SandboxCall(request.method, path, pairs, request.headers, request.body, time_s=time_s)
    return SANDBOX.answer(attrs.evolve(call, **changes), state)


def token_of(state: SandboxAccount, time_s: float = 1e9) -> str:
    found = parsed(answer(signed(TOKEN_QUERY), state, time_s).body, TOKEN_QUERY)
    assert isinstance(found, AccessToken)
    assert found.lifetime_s == LIFETIME_S
    return found.value.reveal()


def test_the_sandbox_holds_back_what_is_withheld() -> None:
    state = account({"USD": "80.50", "USD.withheld": "19.50", "JPY": "-9000"})
    snapshot = parse(answer(signed(QUERY, token=token_of(state)), state).body)
    dollars, yen = snapshot.balances
    assert (str(dollars.total), str(dollars.available), str(dollars.reserved)) == ("100.00", "80.50", "19.50")
    assert (str(yen.total), str(yen.reserved), yen.details["primary"]) == ("-9000", "0", "false")
    assert snapshot.as_of is not None
    assert snapshot.as_of.timestamp() == 1e9 - 1800


@pytest.mark.parametrize(("currency", "held"), [("eur", ["EUR"]), ("CHF", [])])
def test_the_sandbox_answers_one_currency(currency: str, held: list[str]) -> None:
    state, query = account(), Query(coffers_paypal.Settings(currency=currency))
    snapshot = parse(answer(signed(query, token=token_of(state)), state).body)
    assert [found.currency for found in snapshot.balances] == held


@pytest.mark.parametrize(
    ("request_", "changes", "status", "code"),
    [
        (signed(TOKEN_QUERY, "another"), {}, 401, "invalid_client"),
        (signed(TOKEN_QUERY), {"headers": ()}, 401, "invalid_client"),
        (signed(TOKEN_QUERY), {"body": b"grant_type=password"}, 400, "unsupported_grant_type"),
        (signed(TOKEN_QUERY), {"headers": signed(TOKEN_QUERY).headers[:1]}, 400, "unsupported_grant_type"),
        (signed(TOKEN_QUERY), {"method": "GET"}, 404, "RESOURCE_NOT_FOUND"),
        (signed(QUERY, token="A21AA-another"), {}, 401, "invalid_token"),
        (signed(QUERY), {}, 401, "invalid_token"),
        (signed(QUERY, token="x"), {"path": "/v1/reporting/transactions"}, 404, "RESOURCE_NOT_FOUND"),
    ],
)
def test_the_sandbox_refuses(request_: SignedRequest, changes: Any, status: int, code: str) -> None:
    reply = answer(request_, account(), **changes)
    assert reply.status == status
    with pytest.raises(CoffersError) as caught:
        parse(reply.body, reply.status)
    assert caught.value.code == code


def test_the_sandbox_keeps_a_token_for_its_life_and_refuses_no_currency() -> None:
    state = account()
    request = signed(QUERY, token=token_of(state))
    assert answer(request, state, 1e9 + LIFETIME_S - 1).status == 200
    assert answer(request, state, 1e9 + LIFETIME_S).status == 401
    odd = signed(Query(coffers_paypal.Settings(currency="dollars")), token=token_of(state))
    assert answer(odd, state).status == 400


# --- tokens, with the real client over HTTP ------------------------------------------------------------------------


@attrs.define
class Counted:
    """The sandbox part, which counts what it is asked for."""

    paths: list[str] = attrs.field(factory=list[str])
    account: SandboxAccount | None = None

    def __call__(self, call: SandboxCall, account: SandboxAccount) -> SandboxReply:
        self.paths.append(call.path)
        self.account = account
        return SANDBOX.answer(call, account)

    @property
    def tokens(self) -> int:
        return self.paths.count("/v1/oauth2/token")


@pytest.fixture
def counted() -> Counted:
    return Counted()


@pytest.fixture
def sandbox(counted: Counted) -> Iterator[Sandbox]:
    with Sandbox([attrs.evolve(SANDBOX, answer=counted)]) as sandbox:
        yield sandbox


@pytest.fixture
def client() -> Iterator[Client]:
    with Client() as client:
        yield client


def test_concurrent_reads_of_one_account_fetch_one_token(sandbox: Sandbox, client: Client, counted: Counted) -> None:
    account, readers = sandbox["paypal"].account(), 8
    together = Barrier(readers)

    def read(_: int) -> Snapshot:
        together.wait(timeout=10)
        return client.read(account)

    with ThreadPoolExecutor(readers) as pool:
        snapshots = list(pool.map(read, range(readers)))
    assert all([found.currency for found in snapshot.balances] == ["USD", "EUR", "JPY"] for snapshot in snapshots)
    assert (counted.tokens, len(counted.paths)) == (1, readers + 1)


def test_a_token_is_kept_and_asked_for_anew_once_it_is_refused(
    sandbox: Sandbox, client: Client, counted: Counted
) -> None:
    account = sandbox["paypal"].account()
    assert [len(client.read(account).balances) for _ in range(3)] == [3, 3, 3]
    assert counted.tokens == 1
    assert counted.account is not None
    counted.account.memory["tokens"].clear()  # as if its life had ended early
    assert len(client.read(account).balances) == 3
    assert counted.paths[-3:] == ["/v1/reporting/balances", "/v1/oauth2/token", "/v1/reporting/balances"]


def test_a_token_is_asked_for_anew_before_its_life_ends(sandbox: Sandbox, counted: Counted) -> None:
    now = [1000.0]
    with Client(monotonic=lambda: now[0]) as client:
        account = sandbox["paypal"].account()
        client.read(account)
        now[0] += LIFETIME_S / 2
        client.read(account)
        assert counted.tokens == 1
        now[0] += LIFETIME_S / 2
        client.read(account)
    assert counted.tokens == 2
    assert len(counted.paths) == 5


def test_a_revoked_app_is_asked_for_a_token_once(sandbox: Sandbox, client: Client, counted: Counted) -> None:
    sandbox["paypal"].revoke_key()
    with pytest.raises(AuthError, match="Client Authentication failed"):
        client.read(sandbox["paypal"].account())
    assert counted.paths == ["/v1/oauth2/token"]
