"""Mollie: amounts, pages and refusals, one by one; the vectors hold the rest."""

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

import coffers_mollie
from coffers import Client, parse_guarded
from coffers.plugin import (
    Attempt,
    BadResponseError,
    CoffersError,
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
from coffers.sandbox import Sandbox
from coffers.testing.mutations import mutants
from coffers.testing.vectors import load_cases, read_response
from coffers_mollie import ByToken, Settings
from coffers_mollie.sandbox import SANDBOX

TOKEN = SANDBOX.fields["token"]
QUERY = Query(Settings(), addresses=("https://api.mollie.com",))
VECTORS = {case.name: case for case in load_cases(Path(__file__).parents[1] / "vectors")}
FIRST: dict[str, Any] = json.loads(read_response(VECTORS["balances"].files["response.http"]).body)
LAST: dict[str, Any] = json.loads(read_response(VECTORS["balances-last-page"].files["response.http"]).body)

AMOUNTS = st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**24), max_value=10**24)


def parse(body: object, status: int = 200) -> Snapshot:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    response = Response(status, (("Content-Type", "application/hal+json"),), content)
    answer = parse_guarded(coffers_mollie.coffers_parse, QUERY, response)
    assert isinstance(answer, Snapshot)
    return answer


def documented(row: Mapping[str, object] | None = None, **links: object) -> dict[str, Any]:
    """The documented first page with members of its row and of its links replaced."""
    body = copy.deepcopy(FIRST)
    body["_embedded"]["balances"][0] |= row or {}
    body["_links"] |= links
    return body


def signed(query: Query[Settings] = QUERY, token: str = TOKEN) -> SignedRequest:
    return coffers_mollie.coffers_sign(coffers_mollie.coffers_request(query), ByToken(Secret(token)), Attempt(0, 0))


def account(balances: Mapping[str, str] = SANDBOX.balances) -> SandboxAccount:
    return SandboxAccount(dict(SANDBOX.fields), {code: Decimal(amount) for code, amount in balances.items()})


def answer(state: SandboxAccount, **changes: Any) -> SandboxReply:
    request = signed()
    call = SandboxCall("GET", "/v2/balances", (), request.headers, b"", time_s=0.0)
    return SANDBOX.answer(attrs.evolve(call, **changes), state)


@pytest.mark.parametrize(
    ("query", "target"),
    [
        (QUERY, "/v2/balances?limit=250"),
        (QUERY.then("balances", {"from": "bal_x"}), "/v2/balances?limit=250&from=bal_x"),
        (Query(Settings(testmode=True)), "/v2/balances?limit=250&testmode=true"),
        (
            Query(Settings(testmode=True)).then("balances", {"from": "b&c"}),
            "/v2/balances?limit=250&from=b%26c&testmode=true",
        ),
    ],
)
def test_the_request(query: Query[Settings], target: str) -> None:
    request = signed(query)
    assert (request.method, request.target, request.host, request.body) == ("GET", target, "api", b"")
    assert request.headers == (("Authorization", f"Bearer {TOKEN}"),)


def test_two_balances_of_one_currency_stay_apart() -> None:
    body = copy.deepcopy(LAST)
    body["_embedded"]["balances"].append(FIRST["_embedded"]["balances"][0])
    rows = {row.wallet: (row.currency, str(row.total)) for row in parse(body).balances}
    assert rows == {
        "bal_xRc8rYKTwJeENdvKouVJH": ("CHF", "0.00"),
        "bal_CKjKwQdjCwCSArXFAJNFH": ("EUR", "9.23"),
        "bal_gVMhHKqSSRYJyPsuoPNFH": ("EUR", "905.25"),
    }


def test_nothing_personal_is_kept() -> None:
    (row,) = parse(FIRST).balances
    assert dict(row.details) == {"description": "Primary balance", "mode": "live", "status": "active"}
    assert "John Doe" not in repr(row)


@given(AMOUNTS, AMOUNTS, st.booleans())
def test_every_digit_of_both_amounts_and_their_sum(available: Decimal, pending: Decimal, as_text: bool) -> None:
    texts = [amount_to_text(available), amount_to_text(pending)]
    written = [f'"{text}"' if as_text else text for text in texts]
    body = json.dumps(documented({"availableAmount": "@0", "pendingAmount": "@1"}))
    for index, value in enumerate(written):
        body = body.replace(f'"@{index}"', f'{{"currency": "EUR", "value": {value}}}')
    (row,) = parse(body.encode()).balances
    assert row.available is not None
    assert row.pending is not None
    assert row.total is not None
    assert [amount_to_text(row.available), amount_to_text(row.pending)] == texts
    with exact():
        assert row.total == available + pending
    assert row.derived == ("total",)


@pytest.mark.parametrize("name", ["availableAmount", "pendingAmount"])
@pytest.mark.parametrize(
    "value", [None, "905.25", {"currency": "EUR"}, {"currency": "EUR", "value": ""}, {"currency": "EUR", "value": None}]
)
def test_an_amount_is_never_guessed(name: str, value: object) -> None:
    with pytest.raises(BadResponseError, match=name):
        parse(documented({name: value}))


@pytest.mark.parametrize("row", [{"currency": "CHF"}, {"pendingAmount": {"currency": "USD", "value": "0.00"}}])
def test_currencies_that_differ_are_no_balance(row: dict[str, object]) -> None:
    with pytest.raises(BadResponseError, match="another currency"):
        parse(documented(row))


@pytest.mark.parametrize(
    ("href", "cursor"),
    [
        ("https://api.mollie.com/v2/balances?from=bal_2&limit=5", "bal_2"),
        ("https://api.mollie.com:443/v2/balances?limit=5&from=bal_%202", "bal_ 2"),
        ("/v2/balances?from=bal_3", "bal_3"),
    ],
)
def test_a_link_is_a_cursor(href: str, cursor: str) -> None:
    (following,) = parse(documented(next={"href": href})).next
    assert following == QUERY.then("balances", {"from": cursor})


@pytest.mark.parametrize(
    "link",
    [
        {"href": "https://api.mollie.com.example/v2/balances?from=bal_2"},
        {"href": "http://api.mollie.com/v2/balances?from=bal_2"},
        {"href": "https://user@api.mollie.com/v2/balances?from=bal_2"},
        {"href": "https://api.mollie.com/v2/balances?from=bal_2&from=bal_3"},
        {"href": "https://api.mollie.com/v2/balances?limit=5"},
        {"href": "https://api.mollie.com/v2/balances?from="},
        {"href": ""},
        {"href": None},
        {},
        "https://api.mollie.com/v2/balances?from=bal_2",
        False,
        [],
    ],
)
def test_a_link_that_leads_nowhere_is_not_the_last_page(link: object) -> None:
    with pytest.raises(BadResponseError):
        parse(documented(next=link))


@pytest.mark.parametrize(
    "body", [{}, [], {"_embedded": {}, "_links": {"next": None}}, {"_embedded": {"balances": {}}, "_links": {}}]
)
def test_only_an_empty_array_is_no_balances(body: object) -> None:
    with pytest.raises(BadResponseError):
        parse(body)
    assert parse({"_embedded": {"balances": []}, "_links": {"next": None}}) == Snapshot()


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "rejected"),
        (401, "auth"),
        (403, "permission"),
        (404, "rejected"),
        (429, "rate_limited"),
        (500, "unavailable"),
        (503, "unavailable"),
    ],
)
def test_refusals(status: int, kind: str) -> None:
    for body, words in (({"title": "T", "detail": "D", "field": "f"}, "D"), ({"title": "T"}, "T")):
        with pytest.raises(CoffersError) as caught:
            parse({"status": status} | body, status)
        assert (caught.value.kind, caught.value.message, caught.value.code) == (kind, words, body.get("field"))


def test_no_change_of_the_documented_answer_gives_another_amount() -> None:
    survivors = 0
    for mutant in mutants(FIRST):
        try:
            rows = parse(mutant).balances
        except CoffersError:
            continue
        survivors += 1
        assert [(str(row.available), str(row.pending)) for row in rows] in ([("905.25", "0.00")], [])
        assert bool(rows) == bool(mutant["_embedded"]["balances"])
    assert survivors > 20  # what is not read


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode), st.sampled_from([200, 401, 403, 429, 500]))
def test_garbage_is_never_a_balance(body: bytes, status: int) -> None:
    with pytest.raises(CoffersError):
        parse(body, status)


@pytest.mark.parametrize(
    ("changes", "status", "detail"),
    [
        ({"headers": ()}, 401, "failed to authenticate"),
        ({"headers": (("Authorization", "Bearer access_another"),)}, 401, "failed to authenticate"),
        ({"headers": (("Authorization", f"Basic {TOKEN}"),)}, 401, "failed to authenticate"),
        ({"path": "/v1/balances"}, 404, "path"),
        ({"method": "POST"}, 405, "method"),
        ({"query": (("from", "bal_nobody"),)}, 400, "Invalid cursor value"),
        ({"query": (("limit", "251"),)}, 400, "limit"),
        ({"query": (("limit", "0"),)}, 400, "limit"),
        ({"query": (("limit", "many"),)}, 400, "limit"),
    ],
)
def test_the_sandbox_refuses(changes: Any, status: int, detail: str) -> None:
    reply = answer(account(), **changes)
    assert (reply.status, reply.content_type) == (status, "application/hal+json")
    with pytest.raises(CoffersError, match=detail):
        parse(reply.body, status)


def test_the_sandbox_pages_as_documented() -> None:
    """The balance of the cursor is the first of its page; the last page has no next one."""
    seen: list[str] = []
    asked: dict[str, str] = {"limit": "2"}
    for _ in range(2):
        body = json.loads(answer(account(), query=tuple(asked.items())).body)
        seen += [row["id"] for row in body["_embedded"]["balances"]]
        if body["_links"]["next"] is not None:
            asked = QUERY.linked(body["_links"]["next"]["href"])
    assert seen == ["bal_madeUpEUR", "bal_madeUpEURSHOP", "bal_madeUpCHF"]
    assert body["_links"]["next"] is None


def test_more_balances_than_a_page_holds_are_all_read() -> None:
    with Sandbox([SANDBOX]) as sandbox, Client() as client:
        served = sandbox["mollie"]
        for number in range(300):
            served.set_balance(f"GBP-{number}", f"{number}.07")
        rows = client.read(served.account()).balances
        assert served.requests == 2
    pounds = [str(row.total) for row in rows if row.currency == "GBP"]
    assert pounds == [f"{number}.07" for number in range(300)]
    assert len({row.wallet for row in rows}) == len(rows) == 303


def test_test_mode_has_balances_of_its_own() -> None:
    with Sandbox([SANDBOX]) as sandbox, Client() as client:
        account = sandbox["mollie"].account()
        for testmode, mode in ((False, "live"), (True, "test")):
            rows = client.read(attrs.evolve(account, fields={**dict(account.fields), "testmode": testmode})).balances
            assert {row.details["mode"] for row in rows} == {mode}
