"""Twilio: requests, refusals and amounts one by one; the vectors hold the rest."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from decimal import Decimal
from itertools import product
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import coffers_twilio
from coffers import Account, Client, parse_guarded
from coffers.plugin import (
    Attempt,
    AuthError,
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
    UnsupportedError,
    amount_to_text,
)
from coffers.testing.mutations import mutants
from coffers_twilio import ByApiKey, ByAuthToken, Settings
from coffers_twilio.sandbox import SANDBOX

SID = SANDBOX.fields["account_sid"]
QUERY = Query(Settings(SID))
KEY = ByApiKey(SANDBOX.fields["api_key"], Secret(SANDBOX.fields["api_key_secret"]))
TOKEN = ByAuthToken(SID, Secret("made-up-auth-token"))
DOCUMENTED = {"account_sid": SID, "balance": "0.05", "currency": "USD"}


def parse(body: object, status: int = 200) -> Snapshot:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = parse_guarded(coffers_twilio.coffers_parse, QUERY, Response(status, (), content))
    assert isinstance(answer, Snapshot)
    return answer


def failure(body: object, status: int) -> CoffersError:
    with pytest.raises(CoffersError) as caught:
        parse(body, status)
    return caught.value


def signed(credentials: ByApiKey | ByAuthToken = KEY) -> SignedRequest:
    return coffers_twilio.coffers_sign(coffers_twilio.coffers_request(QUERY), credentials, Attempt(0, 0))


def account(balances: Mapping[str, str] = SANDBOX.balances, **fields: str) -> SandboxAccount:
    amounts = {code: Decimal(amount) for code, amount in balances.items()}
    return SandboxAccount(fields or dict(SANDBOX.fields), amounts)


def answer(request: SignedRequest, state: SandboxAccount, **changes: Any) -> SandboxReply:
    call = SandboxCall(request.method, request.target, (), request.headers, request.body, time_s=0.0)
    return SANDBOX.answer(attrs.evolve(call, **changes), state)


@pytest.mark.parametrize(
    ("credentials", "pair"),
    [(KEY, f"SK{'b' * 32}:made-up-api-key-secret"), (TOKEN, f"{SID}:made-up-auth-token")],
)
def test_the_account_is_in_the_path_and_the_credentials_in_the_header(
    credentials: ByApiKey | ByAuthToken, pair: str
) -> None:
    request = signed(credentials)
    assert (request.method, request.host, request.body) == ("GET", "api", b"")
    assert request.target == f"/2010-04-01/Accounts/{SID}/Balance.json"
    assert request.headers == (("Authorization", "Basic " + base64.b64encode(pair.encode()).decode()),)


@pytest.mark.parametrize(
    "sid", ["", "AC", f"SK{'a' * 32}", f"AC{'g' * 32}", f"AC{'a' * 33}", f"AC{'a' * 31}/", f"{SID}\n"]
)
def test_what_is_no_account_sid_is_a_config_error(sid: str) -> None:
    for made in (lambda: Settings(sid), lambda: ByAuthToken(sid, Secret("made-up-auth-token"))):
        with pytest.raises(ConfigError, match="32 hexadecimal digits") as caught:
            made()
        assert caught.value.field == "account_sid"


@pytest.mark.parametrize("fields", [{}, {"auth_token": Secret("x"), "api_key": "SK", "api_key_secret": Secret("y")}])
def test_exactly_one_pair_of_credentials_is_wanted(fields: dict[str, str | int | bool | Secret]) -> None:
    with Client() as client:
        (outcome,) = client.read_many([Account("sms", "twilio", {"account_sid": SID, **fields})])
    assert outcome.error is not None
    assert outcome.error.kind == "config"


def test_one_figure_is_the_total_and_nothing_else_is_known() -> None:
    (row,) = parse(DOCUMENTED).balances
    assert (row.currency, str(row.total), row.unit) == ("USD", "0.05", "money")
    assert (row.available, row.pending, row.reserved, dict(row.details)) == (None, None, None, {})


@given(
    st.decimals(allow_nan=False, allow_infinity=False, places=8, min_value=-(10**20), max_value=10**20), st.booleans()
)
def test_every_digit_of_an_amount_arrives(amount: Decimal, as_number: bool) -> None:
    text = amount_to_text(amount)
    written = text if as_number else f'"{text}"'
    (row,) = parse(b'{"balance": %b, "currency": "EUR"}' % written.encode()).balances
    assert row.total is not None
    assert amount_to_text(row.total) == text


@pytest.mark.parametrize(
    ("name", "value"),
    [("currency", None), *product(("balance", "currency"), (..., "", [], {}, True))],
)
def test_neither_amount_nor_currency_is_guessed(name: str, value: object) -> None:
    body = {key: known for key, known in {**DOCUMENTED, name: value}.items() if known is not ...}
    with pytest.raises(BadResponseError, match=name):
        parse(body)


def test_no_change_of_the_documented_answer_gives_another_amount() -> None:
    survivors = 0
    for mutant in mutants(DOCUMENTED):
        try:
            (row,) = parse(mutant).balances
        except CoffersError:
            continue
        survivors += 1
        assert (str(row.total), row.currency) == ("0.05", mutant["currency"].upper())
    assert survivors > 5  # changes of account_sid


@pytest.mark.parametrize("status", [400, 401, 403, 429, 500])
@pytest.mark.parametrize(
    ("code", "kind"),
    [
        *((20003, "auth"), (10001, "permission"), (20005, "permission"), (20008, "permission")),
        *((70051, "permission"), (20429, "rate_limited")),
    ],
)
def test_a_known_code_speaks_before_the_status(code: int, kind: str, status: int) -> None:
    error = failure({"code": code, "message": "said so", "status": status}, status)
    assert (error.kind, error.code, error.message) == (kind, str(code), "said so")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "rejected"),
        (401, "auth"),
        (403, "permission"),
        (404, "rejected"),
        (429, "rate_limited"),
        (503, "unavailable"),
    ],
)
@pytest.mark.parametrize("body", [{"code": 99999, "message": "said so"}, {}, [], b"", b"<TwilioResponse/>"])
def test_any_other_refusal_means_what_the_status_says(body: object, status: int, kind: str) -> None:
    assert failure(body, status).kind == kind


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode), st.sampled_from([200, 400, 401, 429, 500]))
def test_garbage_is_never_a_balance(body: bytes, status: int) -> None:
    with pytest.raises(CoffersError):
        parse(body, status)


@pytest.mark.parametrize("balances", [{"USD": "12.29"}, {"EUR": "-0.010"}, {"JPY": "123456789012345678901234567890"}])
@pytest.mark.parametrize(
    ("credentials", "fields"), [(KEY, {}), (TOKEN, {"account_sid": SID, "auth_token": "made-up-auth-token"})]
)
def test_what_the_sandbox_holds_is_what_is_read(
    credentials: ByApiKey | ByAuthToken, fields: dict[str, str], balances: dict[str, str]
) -> None:
    (row,) = parse(answer(signed(credentials), account(balances, **fields)).body).balances
    assert {row.currency: str(row.total)} == balances


def test_a_sub_account_has_no_balance_which_is_not_0() -> None:
    for body in (answer(signed(), account({})).body, {**DOCUMENTED, "balance": None}):
        with pytest.raises(UnsupportedError, match="sub-account"):
            parse(body)


@pytest.mark.parametrize(
    ("request_", "changes", "status", "code"),
    [
        (signed(ByApiKey(KEY.api_key, Secret("another"))), {}, 401, "20003"),
        (signed(ByApiKey("SKcc", KEY.api_key_secret)), {}, 401, "20003"),
        (signed(TOKEN), {}, 401, "20003"),
        (signed(), {"headers": ()}, 401, "20003"),
        (signed(), {"headers": (("Authorization", "Bearer x"),)}, 401, "20003"),
        (signed(), {"path": f"/2010-04-01/Accounts/AC{'b' * 32}/Balance.json"}, 404, "20404"),
        (signed(), {"path": f"/2010-04-01/Accounts/{SID}/Balance"}, 404, "20404"),
        (signed(), {"method": "POST"}, 405, "20004"),
    ],
)
def test_the_sandbox_refuses_as_published(request_: SignedRequest, changes: Any, status: int, code: str) -> None:
    reply = answer(request_, account(), **changes)
    assert (reply.status, failure(reply.body, reply.status).code) == (status, code)
    assert json.loads(reply.body)["status"] == status


def test_the_sandbox_refuses_a_revoked_key() -> None:
    state = account()
    state.revoked = True
    with pytest.raises(AuthError, match="Authenticate"):
        parse(answer(signed(), state).body, 401)
