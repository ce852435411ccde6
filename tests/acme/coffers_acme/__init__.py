"""The made-up provider that README and docs speak of, with its sandbox part; lies here as an installer would leave it.

GET https://api.acme.example/v1/balance      Authorization: Bearer KEY
200 {"currency": "EUR", "balance": "12.50", "on_hold": "2.00"}
401 {"error": "unknown key"}
"""

from __future__ import annotations

from decimal import Decimal

import attrs

from coffers.plugin import (
    Amount,
    Attempt,
    AuthError,
    Balance,
    NoSettings,
    Provider,
    Query,
    Request,
    Response,
    SandboxAccount,
    SandboxCall,
    SandboxProvider,
    SandboxReply,
    Secret,
    SignedRequest,
    Snapshot,
    amount_to_text,
    bearer,
    hookimpl,
    read_json,
    refusal,
    reply_json,
)


@attrs.frozen
class ByKey:
    key: Secret = attrs.field(metadata={"help": "a key of the dashboard"})


@attrs.frozen
class Answer:
    currency: str
    balance: Amount
    on_hold: Amount


@attrs.frozen
class Refusal:
    error: str


@hookimpl
def coffers_provider() -> Provider[NoSettings, ByKey]:
    return Provider(
        id="acme",
        title="Acme",
        docs="https://acme.example/docs/balance",
        base_urls={"api": "https://api.acme.example"},
        credentials=(ByKey,),
        permission="a key with the scope balance:read",
        not_covered="what the key's owner has spent",
    )


@hookimpl
def coffers_request(query: Query[NoSettings]) -> Request:
    return Request("GET", "/v1/balance")


@hookimpl
def coffers_sign(request: Request, credentials: ByKey, attempt: Attempt) -> SignedRequest:
    return request.seal(headers=[bearer(credentials.key)])


@hookimpl
def coffers_parse(response: Response, query: Query[NoSettings]) -> Snapshot:
    if response.status != 200:
        words = read_json(response, Refusal).error
        raise refusal(response, words, words, {"unknown key": AuthError})
    answer = read_json(response, Answer)
    return Snapshot([Balance(answer.currency, total=answer.balance, reserved=answer.on_hold)])


def _answer(call: SandboxCall, account: SandboxAccount) -> SandboxReply:
    if (call.method, call.path) != ("GET", "/v1/balance"):
        return reply_json({"error": "no such page"}, status=404)
    if account.revoked or call.header("Authorization") != f"Bearer {account.fields['key']}":
        return reply_json({"error": "unknown key"}, status=401)
    balance = account.balances.get("EUR", Decimal(0))
    return reply_json({"currency": "EUR", "balance": amount_to_text(balance), "on_hold": "2.00"})


SANDBOX = SandboxProvider(id="acme", fields={"key": "acme-made-up-key"}, balances={"EUR": "12.50"}, answer=_answer)
