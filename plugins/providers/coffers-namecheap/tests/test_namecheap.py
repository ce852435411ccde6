"""Namecheap: the XML, what it may not hold, the numbers, and a key that nobody sees; the vectors hold the rest."""

from __future__ import annotations

import logging
import traceback
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import coffers_namecheap
from coffers import Client, Outcome, parse_guarded
from coffers.plugin import (
    Attempt,
    BadResponseError,
    CoffersError,
    ConfigError,
    Query,
    RateLimitedError,
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
from coffers.testing.vectors import load_cases, read_response
from coffers_namecheap import ByApiKey, Settings
from coffers_namecheap.sandbox import SANDBOX

FIELDS = SANDBOX.fields
QUERY = Query(Settings(client_ip=FIELDS["client_ip"]))
VECTORS = {case.name: case for case in load_cases(Path(__file__).parents[1] / "vectors")}
DOCUMENTED = read_response(VECTORS["balances"].files["response.http"]).body.decode()
FIGURES = ("AvailableBalance", "AccountBalance", "EarnedAmount", "WithdrawableAmount", "FundsRequiredForAutoRenew")

AMOUNTS = st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**24), max_value=10**24)


def parse(body: str | bytes, status: int = 200) -> Snapshot:
    content = body if isinstance(body, bytes) else body.encode()
    response = Response(status, (("Content-Type", "text/xml"),), content)
    answer = parse_guarded(coffers_namecheap.coffers_parse, QUERY, response)
    assert isinstance(answer, Snapshot)
    return answer


def result(attributes: dict[str, str]) -> str:
    """The documented answer with other attributes in its result."""
    before, _, rest = DOCUMENTED.partition("<UserGetBalancesResult")
    written = " ".join(f"{name}={quoteattr(value)}" for name, value in attributes.items())
    return f"{before}<UserGetBalancesResult {written} /{rest[rest.index('>') :]}"


def refusal(number: str, words: str = "said so") -> str:
    error = f"<Errors><Error Number={quoteattr(number)}>{words}</Error></Errors>"
    return f'<ApiResponse Status="ERROR">{error}</ApiResponse>'


def signed(**changes: str) -> SignedRequest:
    fields = {**FIELDS, **changes}
    credentials = ByApiKey(fields["api_user"], Secret(fields["api_key"]), fields.get("user_name"))
    request = coffers_namecheap.coffers_request(Query(Settings(client_ip=fields["client_ip"])))
    return coffers_namecheap.coffers_sign(request, credentials, Attempt(0, 0))


def account() -> SandboxAccount:
    return SandboxAccount(dict(FIELDS), {code: Decimal(amount) for code, amount in SANDBOX.balances.items()})


PARAMETERS = {
    "ApiUser": FIELDS["api_user"],
    "ApiKey": FIELDS["api_key"],
    "UserName": FIELDS["api_user"],
    "ClientIp": FIELDS["client_ip"],
    "Command": "namecheap.users.getBalances",
}


def answer(changes: dict[str, str | None] | None = None, **parts: Any) -> SandboxReply:
    sent = {name: value for name, value in {**PARAMETERS, **(changes or {})}.items() if value is not None}
    call = SandboxCall("GET", "/xml.response", tuple(sent.items()), (), b"", time_s=0.0)
    return SANDBOX.answer(attrs.evolve(call, **parts), account())


def test_the_request_has_everything_in_its_query_and_shows_none_of_it() -> None:
    request = signed(user_name="another")
    path, _, query = request.target.partition("?")
    assert (request.method, path, request.headers, request.body) == ("GET", "/xml.response", (), b"")
    assert dict(pair.split("=") for pair in query.split("&")) == {**PARAMETERS, "UserName": "another"}
    assert FIELDS["api_key"] not in repr(request)
    assert signed().target.endswith(f"UserName={FIELDS['api_user']}")


def test_the_environment_picks_the_host() -> None:
    hosts = coffers_namecheap.coffers_provider().base_urls
    sandbox = coffers_namecheap.coffers_request(Query(Settings(client_ip="192.0.2.1", environment="sandbox")))
    assert hosts[sandbox.host] == "https://api.sandbox.namecheap.com"
    assert hosts[signed().host] == "https://api.namecheap.com"


@pytest.mark.parametrize("address", ["", "localhost", "::1", "192.0.2", "192.0.2.1/24", "192.0.2.256", "192.0.2.1&x=1"])
def test_only_an_ipv4_address_is_a_client_ip(address: str) -> None:
    with pytest.raises(ConfigError, match="IPv4"):
        Settings(client_ip=address)


@given(st.lists(AMOUNTS, min_size=5, max_size=5))
def test_every_digit_of_every_figure(amounts: list[Decimal]) -> None:
    texts = [amount_to_text(amount) for amount in amounts]
    (row,) = parse(result({"Currency": "EUR", **dict(zip(FIGURES, texts, strict=True))})).balances
    assert row.available is not None
    assert row.total is not None
    told = [amount_to_text(row.available), amount_to_text(row.total), *row.details.values()]
    assert (row.currency, told, row.derived) == ("EUR", texts, ())


@pytest.mark.parametrize("name", ["Currency", "AvailableBalance", "AccountBalance"])
def test_without_these_there_is_no_balance(name: str) -> None:
    whole = {"Currency": "USD", "AvailableBalance": "1", "AccountBalance": "1"}
    for more in ({}, dict.fromkeys(FIGURES[2:], "")):
        (row,) = parse(result({**whole, **more})).balances
        assert dict(row.details) == {}
    for without in ({other: value for other, value in whole.items() if other != name}, {**whole, name: ""}):
        with pytest.raises(BadResponseError, match=name):
            parse(result(without))


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("value", [" ", "1,000.00", "$1", "1.0 ", "NaN", "Infinity", "one", "0x1", "٣"])
def test_a_figure_that_is_no_number_is_not_understood(name: str, value: str) -> None:
    figures = {"Currency": "USD", "AvailableBalance": "1", "AccountBalance": "1", name: value}
    with pytest.raises(BadResponseError, match=name):
        parse(result(figures))


def test_the_namespace_is_the_providers_own_or_none() -> None:
    named = DOCUMENTED.replace("<ApiResponse ", '<ApiResponse xmlns="http://api.namecheap.com/xml.response" ')
    prefixed = DOCUMENTED.replace("<", "<n:").replace("<n:/", "</n:").replace("<n:?", "<?")
    prefixed = prefixed.replace("<n:ApiResponse", '<n:ApiResponse xmlns:n="http://api.namecheap.com/xml.response"')
    assert parse(named) == parse(prefixed) == parse(DOCUMENTED) == parse("\ufeff" + DOCUMENTED)
    with pytest.raises(BadResponseError, match="another document"):
        parse(named.replace("api.namecheap.com", "namecheap.example"))


@pytest.mark.parametrize(
    "prolog",
    [
        '<!DOCTYPE ApiResponse [<!ENTITY code "USD">]>',
        '<!DOCTYPE ApiResponse [<!ENTITY a "aa"><!ENTITY b "&a;&a;"><!ENTITY code "&b;&b;">]>',
        '<!DOCTYPE ApiResponse [<!ENTITY code SYSTEM "file:///etc/hostname">]>',
        '<!DOCTYPE ApiResponse [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x.dtd"> %p;]>',
        '<!DOCTYPE ApiResponse SYSTEM "http://127.0.0.1:9/x.dtd">',
        "<!DOCTYPE ApiResponse>",
    ],
)
def test_document_types_and_entities_are_refused(prolog: str) -> None:
    body = DOCUMENTED.replace("<ApiResponse", f"{prolog}<ApiResponse", 1)
    for attacked in (body, body.replace('"USD"', '"&code;"')):
        with pytest.raises(BadResponseError, match="DTD or entities") as caught:
            parse(attacked)
        assert "hostname" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    "body",
    [
        "",
        "   ",
        DOCUMENTED[:-2],
        DOCUMENTED + "<x/>",
        DOCUMENTED.replace("</Server>", ""),
        "<html><body>4932.96</body></html>",
        '<ApiResponse Status="OK"/>',
        '<ApiResponse Status="ERROR"/>',
        "<ApiResponse/>",
        DOCUMENTED.replace('"OK"', '"ok"'),
        DOCUMENTED.replace("CommandResponse", "Other"),
        DOCUMENTED.replace('Currency="USD"', 'Currency="USD" Currency="EUR"'),
        DOCUMENTED.encode("utf-16"),
        DOCUMENTED.encode().replace(b"USD", b"\xff"),
        '{"Status": "OK"}',
    ],
)
def test_anything_else_is_not_understood(body: str | bytes) -> None:
    with pytest.raises(BadResponseError):
        parse(body)


def test_two_results_are_none() -> None:
    one = DOCUMENTED[DOCUMENTED.index("<UserGet") : DOCUMENTED.index("</CommandResponse>")]
    with pytest.raises(BadResponseError, match="2 results"):
        parse(DOCUMENTED.replace(one, one + one))


def test_a_deep_document_is_answered_like_any_other() -> None:
    deep = "<a>" * 50_000 + "</a>" * 50_000
    assert parse(DOCUMENTED.replace("</Server>", f"{deep}</Server>")) == parse(DOCUMENTED)


def test_no_shortened_answer_gives_an_amount() -> None:
    for length in range(len(DOCUMENTED)):
        with pytest.raises(BadResponseError):
            parse(DOCUMENTED[:length])


@pytest.mark.parametrize(
    ("numbers", "kind"),
    [
        (["1010101", "1011101", "1010102", "1011102", "1030408", "1019103"], "auth"),
        (["1016103", "1011150", "1017150", "1017105", "1017101", "1017103", "1017410", "1017411"], "permission"),
        (["500000"], "rate_limited"),
        (["1050900", "4022312", "5050900"], "unavailable"),
        (["1010104", "1010105", "1011105", "2011165", "405", "x"], "rejected"),
    ],
)
def test_the_table_of_numbers(numbers: list[str], kind: str) -> None:
    for number in numbers:
        with pytest.raises(CoffersError) as caught:
            parse(refusal(number))
        assert (caught.value.kind, caught.value.code, caught.value.message) == (kind, number, "said so")


def test_http_405_is_too_many_requests_whatever_it_holds() -> None:
    for body in ("", "<html>", DOCUMENTED, refusal("1011102")):
        with pytest.raises(RateLimitedError):
            parse(body, 405)


@pytest.mark.parametrize(("status", "kind"), [(401, "auth"), (429, "rate_limited"), (500, "unavailable")])
def test_no_figure_comes_from_an_error_status(status: int, kind: str) -> None:
    for body in (DOCUMENTED, "<html>"):
        with pytest.raises(CoffersError) as caught:
            parse(body, status)
        assert caught.value.kind == kind


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode), st.sampled_from([200, 401, 405, 500]))
def test_garbage_is_never_a_balance(body: bytes, status: int) -> None:
    with pytest.raises(CoffersError):
        parse(body, status)


@pytest.mark.parametrize(
    ("changes", "number"),
    [
        ({"ApiUser": None}, "1010101"),
        ({"ApiKey": None}, "1010102"),
        ({"ClientIp": None}, "1010105"),
        ({"Command": ""}, "1010104"),
        ({"ApiUser": "another"}, "1011102"),
        ({"ApiKey": "another"}, "1011102"),
        ({"ClientIp": "192.0.2.2"}, "1011150"),
        ({"UserName": "another"}, "1019103"),
        ({"UserName": None}, "1019103"),
        ({"Command": "namecheap.domains.getList"}, "1010104"),
    ],
)
def test_the_sandbox_checks_every_parameter(changes: dict[str, str | None], number: str) -> None:
    reply = answer(changes)
    assert reply.status == 200
    with pytest.raises(CoffersError) as caught:
        parse(reply.body)
    assert caught.value.code == number


def test_the_sandbox_takes_names_in_any_letter_case_and_a_form() -> None:
    form = "&".join(f"{name.lower()}={value}" for name, value in PARAMETERS.items()).encode()
    assert parse(answer(method="POST", query=(), body=form).body) == parse(answer().body)
    assert (answer(path="/").status, answer(method="PUT").status) == (404, 501)


def test_an_account_without_funds_of_any_currency_has_no_information() -> None:
    with Sandbox([SANDBOX]) as sandbox, Client(sleep=lambda _: None) as client:
        served = sandbox["namecheap"]
        assert [(row.currency, str(row.total)) for row in client.read(served.account()).balances] == [
            ("USD", "4932.96")
        ]
        served.set_balance("USD", None)
        [outcome] = client.read_many([served.account()])
        assert outcome.error is not None
        assert (outcome.error.kind, outcome.error.code) == ("unavailable", "4022312")


def test_the_key_is_in_no_error_and_no_log(caplog: pytest.LogCaptureFixture) -> None:
    """It stands in the address, which libraries like to show."""
    caplog.set_level(logging.DEBUG)
    outcomes: list[Outcome] = []
    with Client(sleep=lambda _: None) as client:
        with Sandbox([SANDBOX]) as sandbox:
            served = sandbox["namecheap"]
            account = served.account()
            outcomes += client.read_many([account])
            for kind in ("server_error", "reset", "redirect"):
                served.misbehave(kind)
                outcomes += client.read_many([account])
            served.misbehave(None)
            served.revoke_key()
            outcomes += client.read_many([account])
        outcomes += client.read_many([account])  # nobody listens any more
    errors = [outcome.error for outcome in outcomes if outcome.error is not None]
    assert [error.kind for error in errors] == ["unavailable", "network", "bad_response", "auth", "network"]
    told = [
        *(text for error in errors for text in traceback.format_exception(error)),
        *map(repr, outcomes),
        caplog.text,
    ]
    assert len(caplog.records) > len(outcomes)
    for text in told:
        assert FIELDS["api_key"] not in text
        assert "ApiKey" not in text
