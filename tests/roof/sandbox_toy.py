"""A made-up provider with a sandbox part, and a plain HTTP client, for the tests of the sandbox."""

from __future__ import annotations

import http.client
from typing import Any, Literal

import attrs

from coffers import Registry
from coffers.plugin import (
    Amount,
    Attempt,
    Balance,
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
    bearer,
    hookimpl,
    read_json,
    refusal,
    reply_json,
)
from coffers.sandbox import Sandbox

KEY = "made-up-key"


@attrs.frozen
class Settings:
    environment: Literal["production", "sandbox"] = "production"
    pages: int = 1
    verbose: bool = False


@attrs.frozen
class ByKey:
    key: Secret


@attrs.frozen
class ByLogin:
    login: str
    password: Secret


@attrs.frozen
class Answer:
    balances: dict[str, Amount]


class Toy:
    """The plugin; two ways to give credentials."""

    @staticmethod
    @hookimpl
    def coffers_provider() -> Provider[Settings, Any]:
        return Provider(
            id="toy",
            title="Toy",
            docs="https://toy.example/docs",
            base_urls={"api": "https://api.toy.example"},
            settings=Settings,
            credentials=(ByKey, ByLogin),
        )

    @staticmethod
    @hookimpl
    def coffers_request(query: Query[Settings]) -> Request:
        return Request("GET", "/balances")

    @staticmethod
    @hookimpl
    def coffers_sign(request: Request, credentials: ByKey, attempt: Attempt) -> SignedRequest:
        return request.seal(headers=[bearer(credentials.key)])

    @staticmethod
    @hookimpl
    def coffers_parse(response: Response, query: Query[Settings]) -> Snapshot:
        if response.status == 401:
            raise refusal(response, "wrong key")
        answer = read_json(response, Answer)
        return Snapshot([Balance(code, total=amount) for code, amount in answer.balances.items()])


def answer(call: SandboxCall, account: SandboxAccount) -> SandboxReply:
    match call.path:
        case "/balances":
            if account.revoked or call.header("authorization") != f"Bearer {account.fields['key']}":
                return reply_json({"error": "wrong key"}, status=401)
            return reply_json({"balances": account.balances})
        case "/crash":
            raise LookupError(f"a text with {account.fields['key']}")
        case "/odd":
            return "not a reply"  # type: ignore[return-value]  # what a careless part may do
        case "/plain":
            return SandboxReply(b"balance:12.50\n", content_type="text/plain; charset=utf-8")
        case _:
            seen = {
                "method": call.method,
                "path": call.path,
                "query": call.query,
                "headers": call.headers,
                "body": call.body.decode("latin-1"),
                "time_s": str(call.time_s),
            }
            return reply_json(seen, headers=(("X-Toy", "one"), ("X-Toy", "two")))


def part(provider_id: str = "toy", **more: Any) -> SandboxProvider:
    facts: dict[str, Any] = {
        "fields": {"key": KEY, "environment": "sandbox"},
        "balances": {"USD": "12.50", "BTC": "0.10000000"},
        "answer": answer,
    }
    return SandboxProvider(id=provider_id, **(facts | more))


def registry() -> Registry:
    return Registry([Toy], installed=False)


def sandbox(*parts: SandboxProvider, **more: Any) -> Sandbox:
    """A sandbox of the given parts, or of the toy's; not started."""
    return Sandbox(parts or [part()], registry=registry(), **more)


@attrs.frozen
class Reply:
    """What came back."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes


def ask(
    box: Sandbox,
    target: str,
    *,
    method: str = "GET",
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
    host: str | None = "127.0.0.1",
    timeout_s: float = 10,
) -> Reply:
    """One request on a connection of its own; the target goes out as it is."""
    connection = http.client.HTTPConnection("127.0.0.1", box.port, timeout=timeout_s)
    try:
        connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        if host is not None:
            connection.putheader("Host", host)
        for name, value in (headers or {}).items():
            connection.putheader(name, value)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        with connection.getresponse() as response:
            return Reply(response.status, response.headers, response.read())
    finally:
        connection.close()


def balances_of(box: Sandbox, name: str = "toy", key: str = KEY) -> Reply:
    """The account's balances as its provider tells them."""
    return ask(box, f"/{name}/balances", headers={"Authorization": f"Bearer {key}"})
