"""A provider as its author writes it; both checkers must be content with every line."""

# pyright: strict

from __future__ import annotations

import attrs

from coffers.plugin import (
    AccessToken,
    Amount,
    Attempt,
    Balance,
    NoSettings,
    Provider,
    Query,
    Request,
    Response,
    Secret,
    SignedRequest,
    Snapshot,
    basic,
    bearer,
    hookimpl,
    read_json,
    refusal,
)


@attrs.frozen
class ByKey:
    key: Secret


@attrs.frozen
class ByLogin:
    login: str
    password: Secret


@attrs.frozen
class Row:
    currency: str
    amount: Amount
    note: str | None = None


@attrs.frozen
class Answer:
    rows: list[Row]


@hookimpl
def coffers_provider() -> Provider[NoSettings, ByKey | ByLogin]:
    return Provider(
        id="acme",
        title="Acme",
        docs="https://acme.example/docs",
        base_urls={"api": "https://api.acme.example"},
        credentials=(ByKey, ByLogin),
    )


@hookimpl
def coffers_request(query: Query[NoSettings]) -> Request:
    page = query.get("page", "1")
    return Request("GET", "/v1/balance", query={"page": page}, headers=[("Accept", "application/json")])


@hookimpl
def coffers_sign(request: Request, credentials: ByKey | ByLogin, attempt: Attempt) -> SignedRequest:
    whole = request.add(query={"time": str(attempt.unix_s)})
    if attempt.token is not None:
        return whole.seal(headers=[bearer(attempt.token.value)])
    match credentials:
        case ByKey(key):
            return whole.seal(headers=[bearer(key)])
        case ByLogin(login, password):
            return whole.seal(headers=[basic(login, password)])


@hookimpl
def coffers_parse(response: Response, query: Query[NoSettings]) -> Snapshot | AccessToken:
    if response.status != 200:
        raise refusal(response, None, code=response.status)
    if query.step == "token":
        return AccessToken(Secret(response.text), 3600)
    answer = read_json(response, Answer)
    rows = [Balance(row.currency, total=row.amount, details={"note": row.note or ""}) for row in answer.rows]
    return Snapshot(rows, next=[query.then("balances", {"page": "2"})])


def the_authors_own_types_survive() -> bytes:
    sealed: SignedRequest = coffers_sign(coffers_request(Query(NoSettings())), ByKey(Secret("k")), Attempt(0, 1))
    return sealed.body
