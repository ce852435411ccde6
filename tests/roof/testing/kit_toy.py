"""Made-up providers under test: a plugin object, its recorded cases in a folder, and the kit's view of the two."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import attrs

from coffers import SandboxProvider
from coffers.plugin import (
    AccessToken,
    Amount,
    Attempt,
    Balance,
    Query,
    Request,
    Response,
    Secret,
    SignedRequest,
    Snapshot,
    bearer,
    read_json,
    refusal,
)
from coffers.testing.subject import Subject
from coffers.testing.vectors import load_cases, write_case
from tests.core import toy

KEY = "made-up-key"
OK = 'HTTP/1.1 200 OK\nContent-Type: application/json\n\n{"currency": "USD", "amount": "12.50"}'
UNKNOWN_KEY = 'HTTP/1.1 401 Unauthorized\nContent-Type: application/json\n\n{"error": "unknown key"}'

#: What an author records of a case: the inputs and the answer; `write_case` makes the rest.
Files = Mapping[str, Any]

SIGNED: Files = {
    "query.json": {},
    "credentials.json": {"key": KEY},
    "attempt.json": {"time_ms": 5, "nonce": 7},
}
CASES: Mapping[str, Files] = {
    "balance": {**SIGNED, "response.http": OK},
    "wrong-key": {"query.json": {}, "response.http": UNKNOWN_KEY},
}
GOOD = toy.plugin()


def subject(
    folder: Path,
    plugin: SimpleNamespace = GOOD,
    *,
    cases: Mapping[str, Files] = CASES,
    recorded_from: SimpleNamespace | None = None,
    part: SandboxProvider | None = None,
) -> Subject:
    """The provider under test, its cases recorded from the good plugin unless told otherwise."""
    for name, files in cases.items():
        there = folder / "toy" / name
        there.mkdir(parents=True)
        for file, content in files.items():
            (there / file).write_text(content if isinstance(content, str) else json.dumps(content))
    for case in load_cases(folder):
        write_case(case, recorded_from or (plugin if cases is not CASES else GOOD))
    return Subject(plugin, load_cases(folder), part)


# --- a provider with a token and pages ------------------------------------------------------------------------------


@attrs.frozen
class Token:
    """What the token step answers."""

    token: str


@attrs.frozen
class Page:
    """One page of rows; `next` is a link."""

    rows: list[toy.Answer]
    next: str | None = None


def paged_request(query: Query[Any]) -> Request:
    """The token, or a page."""
    if query.step == "login":
        return Request("POST", "/v1/login")
    page = query.get("page")
    return Request("GET", "/v1/rows", query={"page": page} if page else {})


def paged_sign(request: Request, credentials: toy.ByKey, attempt: Attempt) -> SignedRequest:
    """The key for the token, the token for everything else."""
    if attempt.token is None:
        return request.seal(form={"key": credentials.key.reveal()})
    return request.seal(headers=[bearer(attempt.token.value)])


def paged_parse(response: Response, query: Query[Any]) -> Snapshot | AccessToken:
    """The link's parameter is the cursor; the rest of it is not looked at."""
    if response.status != 200:
        raise refusal(response, None)
    if query.step == "login":
        return AccessToken(Secret(read_json(response, Token).token), 3600)
    page = read_json(response, Page)
    more = parse_qs(urlsplit(page.next or "").query).get("page", [])
    rows = [Balance(row.currency, total=Amount(row.amount)) for row in page.rows]
    return Snapshot(rows, next=tuple(query.then("balances", {"page": number}) for number in more))


def parsed(response: Response) -> Any:
    """The JSON value of an answer."""
    return json.loads(response.body)


def answered(value: object) -> str:
    """A ``response.http`` file with this JSON value."""
    return f"HTTP/1.1 200 OK\nContent-Type: application/json\n\n{json.dumps(value)}"


TOKEN = "made-up-token"
WITH_TOKEN: Files = {
    "credentials.json": {"key": KEY},
    "attempt.json": {"time_ms": 5, "nonce": 7, "token": {"value": TOKEN, "lifetime_s": 3600}},
}
LINK = "https://api.toy.example/v1/rows?page=2"
PAGED: Mapping[str, Files] = {
    "first-page": {
        **WITH_TOKEN,
        "query.json": {},
        "response.http": answered({"rows": [{"currency": "USD", "amount": "1.5"}], "next": LINK}),
    },
    "second-page": {
        **WITH_TOKEN,
        "query.json": {"state": {"page": "2"}},
        "response.http": answered({"rows": [{"currency": "EUR", "amount": "2"}]}),
    },
    "token": {
        "query.json": {"step": "login"},
        "credentials.json": {"key": KEY},
        "attempt.json": {},
        "response.http": answered({"token": TOKEN}),
    },
}


def paged(**verbs: Any) -> SimpleNamespace:
    """Its plugin object; every verb may be replaced."""
    given: dict[str, Any] = {"request": paged_request, "sign": paged_sign, "parse": paged_parse, "token_step": "login"}
    return toy.plugin(**(given | verbs))
