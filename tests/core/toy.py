"""Made-up providers for the tests of the core; each is a plain object with the four hooks."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

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
    bearer,
    hookimpl,
    read_json,
    refusal,
)


@attrs.frozen
class ByKey:
    key: Secret


@attrs.frozen
class Answer:
    currency: str
    amount: Amount


def manifest(provider_id: str = "toy", **more: Any) -> Provider[NoSettings, ByKey]:
    facts: dict[str, Any] = {
        "id": provider_id,
        "title": "Toy",
        "docs": "https://toy.example/docs",
        "base_urls": {"api": "https://api.toy.example"},
        "credentials": (ByKey,),
    }
    return Provider(**(facts | more))


def request(query: Query[NoSettings]) -> Request:
    return Request("GET", f"/{query.step}", query=query.state)


def sign(request: Request, credentials: ByKey, attempt: Attempt) -> SignedRequest:
    stamped = [("X-Time", str(attempt.time_ms)), ("X-Nonce", str(attempt.nonce))]
    token = attempt.token.value if attempt.token else credentials.key
    return request.seal(headers=[bearer(token), *stamped])


def parse(response: Response, query: Query[NoSettings]) -> Snapshot:
    if response.status != 200:
        raise refusal(response, None)
    answer = read_json(response, Answer)
    return Snapshot([Balance(answer.currency, total=answer.amount)])


def plugin(
    provider_id: str = "toy",
    *,
    request: Callable[[Query[Any]], Request] = request,
    sign: Callable[[Request, Any, Attempt], SignedRequest] = sign,
    parse: Callable[[Response, Query[Any]], Snapshot | AccessToken] = parse,
    **facts: Any,
) -> SimpleNamespace:
    """A plugin object; every verb may be replaced, every fact of the manifest too."""

    def coffers_provider() -> Provider[NoSettings, ByKey]:
        return manifest(provider_id, **facts)

    def coffers_request(query: Query[Any]) -> Request:
        return request(query)

    def coffers_sign(request: Request, credentials: Any, attempt: Attempt) -> SignedRequest:
        return sign(request, credentials, attempt)

    def coffers_parse(response: Response, query: Query[Any]) -> Snapshot | AccessToken:
        return parse(response, query)

    return SimpleNamespace(
        coffers_provider=hookimpl(coffers_provider),
        coffers_request=hookimpl(coffers_request),
        coffers_sign=hookimpl(coffers_sign),
        coffers_parse=hookimpl(coffers_parse),
    )
