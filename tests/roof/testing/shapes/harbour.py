"""Harbour, a made-up exchange: a token first, then accounts with coins in them, page by page, a link to the next."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import attrs

from coffers.plugin import (
    AccessToken,
    Amount,
    Attempt,
    AuthError,
    Balance,
    CoffersError,
    NoSettings,
    Provider,
    Query,
    RateLimitedError,
    Request,
    Response,
    Secret,
    SignedRequest,
    Snapshot,
    Valuation,
    bearer,
    hookimpl,
    parse_json,
    refusal,
    structure,
)

CODES: dict[str | int, type[CoffersError]] = {"BAD_KEY": AuthError, "SLOW_DOWN": RateLimitedError}


@attrs.frozen
class Login:
    user: str = attrs.field(metadata={"help": "the name"})
    password: Secret = attrs.field(metadata={"help": "the password"})


@attrs.frozen
class Coin:
    coin: str
    chain: str
    free: Amount
    locked: Amount
    usd: Amount | None = None


@attrs.frozen
class Place:
    name: str
    coins: list[Coin]


@attrs.frozen
class Book:
    places: list[Place]
    next: str | None = None


@attrs.frozen
class Ticket:
    access_token: str
    expires_in: int


@attrs.frozen
class Envelope:
    error: str | None
    result: Any = None


@hookimpl
def coffers_provider() -> Provider[NoSettings, Login]:
    return Provider(
        id="harbour",
        title="Harbour",
        docs="https://docs.harbour.example/book",
        base_urls={"api": "https://api.harbour.example"},
        credentials=(Login,),
        permission="a user who may read",
        token_step="login",
    )


@hookimpl
def coffers_request(query: Query[NoSettings]) -> Request:
    if query.step == "login":
        return Request("POST", "/login")
    after = query.get("after")
    return Request("GET", "/book", query={"after": after} if after else {})


@hookimpl
def coffers_sign(request: Request, credentials: Login, attempt: Attempt) -> SignedRequest:
    if attempt.token is None:
        return request.seal(form={"user": credentials.user, "password": credentials.password.reveal()})
    return request.seal(headers=[bearer(attempt.token.value)])


@hookimpl
def coffers_parse(response: Response, query: Query[NoSettings]) -> Snapshot | AccessToken:
    envelope = structure(parse_json(response.body), Envelope)
    if envelope.error is not None or response.status != 200:
        raise refusal(response, envelope.error, envelope.error, CODES)
    if query.step == "login":
        ticket = structure(envelope.result, Ticket)
        return AccessToken(Secret(ticket.access_token), ticket.expires_in)
    book = structure(envelope.result, Book)
    rows = [
        Balance(
            coin.coin,
            total=coin.free + coin.locked,
            available=coin.free,
            reserved=coin.locked,
            derived=("total",),
            unit="asset",
            network=coin.chain,
            wallet=place.name,
            valuation=Valuation("USD", total=coin.usd) if coin.usd is not None else None,
        )
        for place in book.places
        for coin in place.coins
    ]
    after = parse_qs(urlsplit(book.next or "").query).get("after", [])
    return Snapshot(rows, next=[query.then("balances", {"after": mark}) for mark in after])
