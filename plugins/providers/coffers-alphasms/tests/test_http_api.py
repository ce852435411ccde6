"""AlphaSMS, HTTP API: the rows of its page and of its contradictions, one by one; the vectors hold the rest."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, Literal
from urllib.parse import parse_qsl

import attrs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from coffers import parse_guarded
from coffers.plugin import (
    Attempt,
    AuthError,
    BadResponseError,
    CoffersError,
    ConfigError,
    Query,
    RejectedError,
    Response,
    SandboxAccount,
    SandboxCall,
    SandboxReply,
    Secret,
    SignedRequest,
    Snapshot,
    UnavailableError,
)
from coffers_alphasms import http_api
from coffers_alphasms.http_api import ByKey, ByLogin, Settings
from coffers_alphasms.http_api.sandbox import SANDBOX

BY_KEY = ByKey(Secret("made-up-alphasms-key"))
BY_LOGIN = ByLogin("someone", Secret("p&ss wörd"))


def parse(body: str | bytes, status: int = 200, currency: str = "UAH", content_type: str = "text/plain") -> Snapshot:
    content = body if isinstance(body, bytes) else body.encode("utf-8", "surrogatepass")
    response = Response(status, (("Content-Type", content_type),), content)
    snapshot = parse_guarded(http_api.coffers_parse, Query(Settings(currency)), response)
    assert isinstance(snapshot, Snapshot)
    return snapshot


def total(body: str | bytes, **options: Any) -> Decimal | None:
    (balance,) = parse(body, **options).balances
    return balance.total


def signed(credentials: ByKey | ByLogin = BY_KEY, method: Literal["POST", "GET"] = "POST") -> SignedRequest:
    request = http_api.coffers_request(Query(Settings("UAH", method)))
    return http_api.coffers_sign(request, credentials, Attempt(0, 0))


def parameters(request: SignedRequest) -> dict[str, str]:
    sent = request.target.partition("?")[2] if request.method == "GET" else request.body.decode()
    return dict(parse_qsl(sent, strict_parsing=True))


def account(amount: str, fields: dict[str, str] | None = None) -> SandboxAccount:
    return SandboxAccount(fields or dict(SANDBOX.fields), {"UAH": Decimal(amount)})


def answer(request: SignedRequest, state: SandboxAccount, **changes: Any) -> SandboxReply:
    path, _, query = request.target.partition("?")
    call = SandboxCall(request.method, path, tuple(parse_qsl(query)), request.headers, request.body, time_s=0.0)
    return SANDBOX.answer(attrs.evolve(call, **changes), state)


# --- what is sent --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["POST", "GET"])
@pytest.mark.parametrize("credentials", [BY_KEY, BY_LOGIN])
def test_version_and_command_are_always_sent(credentials: ByKey | ByLogin, method: Literal["POST", "GET"]) -> None:
    request = signed(credentials, method)
    assert request.target.split("?")[0] == "/api/http.php"
    assert parameters(request).items() >= {"version": "http", "command": "balance"}.items()


def test_post_is_the_default_and_keeps_secrets_out_of_the_address() -> None:
    for credentials in (BY_KEY, BY_LOGIN):
        request = signed(credentials)
        assert (request.method, request.target) == ("POST", "/api/http.php")
        assert request.headers == (("Content-Type", "application/x-www-form-urlencoded"),)


def test_the_password_is_called_password_and_is_sent_as_utf_8() -> None:
    for method in ("POST", "GET"):
        sent = parameters(signed(BY_LOGIN, method))
        assert sent == {"version": "http", "command": "balance", "login": "someone", "password": "p&ss wörd"}


def test_the_currency_is_required_and_upper_cased() -> None:
    assert Settings("uah").currency == "UAH"
    for wrong in ("", "U", "12", "грн", "UAH EUR"):
        with pytest.raises(ConfigError) as caught:
            Settings(wrong)
        assert caught.value.field == "currency"
    with pytest.raises(TypeError):
        Settings()  # type: ignore[call-arg]  # that is the point


# --- what comes back -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", ["balance:1.23", "balance:1.23\n", "BALANCE: 1.23\r\n", "\n Balance :1.23 \n\n"])
def test_case_and_blanks_do_not_matter(body: str) -> None:
    assert total(body) == Decimal("1.23")


def test_the_binary_noise_is_kept() -> None:
    assert str(total("balance:31.168300000000002")) == "31.168300000000002"


@pytest.mark.parametrize(
    "body",
    ["balance:5 currency:UAH", "price:1.2 currency:uah balance:5", "balance:5\ncurrency:UAH\ntime:2024-10-21T10:11:12"],
)
def test_further_pairs_are_let_be(body: str) -> None:
    assert total(body) == 5


@pytest.mark.parametrize("body", ["balance:5 currency:EUR", "currency:EUR\nbalance:5", "balance:5\ncurrency:"])
def test_another_currency_is_an_error(body: str) -> None:
    with pytest.raises(BadResponseError) as caught:
        parse(body)
    assert caught.value.field == "currency"


@pytest.mark.parametrize("body", ["balance:5\nerrors:Unknown command", "errors:Unknown command\nbalance:5"])
def test_an_error_wins_over_a_balance(body: str) -> None:
    with pytest.raises(RejectedError, match="Unknown command"):
        parse(body)


def test_errors_keep_their_colons_and_are_joined() -> None:
    with pytest.raises(RejectedError) as caught:
        parse("errors:one: two balance:5\nErrors: three \n")
    assert caught.value.message == "one: two balance:5; three"


@pytest.mark.parametrize("status", [200, 401, 403, 500])
@pytest.mark.parametrize("text", ["Wrong login/password", "wrong LOGIN/password ", "Access denied"])
def test_a_refused_key_is_auth_whatever_the_status(text: str, status: int) -> None:
    with pytest.raises(AuthError):
        parse(f"errors:{text}", status)


def test_other_errors_follow_the_status() -> None:
    with pytest.raises(UnavailableError, match="maintenance"):
        parse("errors:maintenance", 503)


AMOUNTS_NOT_UNDERSTOOD = [
    *(
        "",
        " ",
        "null",
        "NaN",
        "INF",
        "0x10",
        "٣",
        "1e999",
        "--5",
        "5 UAH",
        "+5",
        ".5",
        "5.",
        "5\nbalance:5",
        "5 balance:6",
    ),
    *("1.2.3", "1 234.56", "1.234,56", "1,234.56", "1,2,3", "1'234", "5\nbalance:5", "5 balance:6"),
]
NOT_UNDERSTOOD: list[str | bytes] = [
    *("", "\n", "0", "31.17", "OK", "balance", "balance=5", "total balance:5", "Note!\nbalance:5", '{"balance":5}'),
    *("<b>Notice</b>: balance:5", "YToxOntzOjc6ImJhbGFuY2UiO2Q6MzEuMTc7fQ,,", 'a:1:{s:7:"balance";d:31.17;}'),
    *(b"balance:5\xff", b"\xff\xfeb\0a\0"),
    *(f"balance:{amount}" for amount in AMOUNTS_NOT_UNDERSTOOD),
]


@pytest.mark.parametrize("body", NOT_UNDERSTOOD)
def test_anything_else_is_not_understood(body: str | bytes) -> None:
    with pytest.raises(BadResponseError):
        parse(body)


def test_the_content_type_says_nothing() -> None:
    assert total("balance:5", content_type="text/html; charset=windows-1251") == 5


PLAIN = re.compile(r"-?[0-9]+(?:[.,][0-9]+)?(?:[eE][+-]?[0-9]{1,2})?")


@given(st.text("0123456789.,-+eE '_\t", max_size=20))
@example("1,234")
@example("-0,5")
@example("1,234.5")
def test_an_amount_is_exact_or_an_error(text: str) -> None:
    try:
        found = total(f"balance:{text}")
    except CoffersError:
        found = None
    if found is not None:
        assert PLAIN.fullmatch(text.strip())
        assert found == Decimal(text.strip().replace(",", "."))
    elif PLAIN.fullmatch(text):
        assert "e" in text.lower(), "only an exponent can make a plain number too large"


@given(st.binary(max_size=80) | st.text(max_size=80).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_garbage_is_never_an_amount(body: bytes) -> None:
    if b"balance" not in body.lower():
        with pytest.raises(CoffersError):
            parse(body)


# --- the sandbox ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["POST", "GET"])
@pytest.mark.parametrize("amount", ["31.168300000000002", "0", "-7.50"])
def test_parse_reads_exactly_what_the_sandbox_holds(amount: str, method: Literal["POST", "GET"]) -> None:
    by_login = {"login": "someone", "password": "p&ss wörd", "currency": "UAH"}
    for credentials, fields in ((BY_KEY, None), (BY_LOGIN, by_login)):
        reply = answer(signed(credentials, method), account(amount, fields))
        assert (reply.status, total(reply.body)) == (200, Decimal(amount))


def test_the_sandbox_refuses_as_documented() -> None:
    revoked = account("1")
    revoked.revoked = True
    for reply in (answer(signed(ByKey(Secret("wrong"))), account("1")), answer(signed(), revoked)):
        assert (reply.status, reply.body.strip()) == (200, b"errors:Wrong login/password")
    other = answer(signed(), account("1"), body=b"version=http&command=sms&key=made-up-alphasms-key")
    assert other.body.strip() == b"errors:Unknown command"


@pytest.mark.parametrize(
    "change",
    [
        {"headers": (("Content-Type", "application/json"),)},
        {"method": "PUT"},
        {"body": b"command=balance&key=made-up-alphasms-key"},  # no version: the other dialect
        {"body": b"version=http&command=balance&pass=made-up-alphasms-key"},
        {"path": "/http.php"},
    ],
)
def test_the_sandbox_gives_no_amount_to_another_request(change: dict[str, Any]) -> None:
    reply = answer(signed(), account("5"), **change)
    with pytest.raises(CoffersError):
        parse(reply.body, reply.status)
