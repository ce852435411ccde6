"""Quarry, a made-up acquirer: a signed body, minor units in an object keyed by currency, a hold to take off."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs

from coffers.plugin import (
    Amount,
    Attempt,
    AuthError,
    Balance,
    ClockError,
    CoffersError,
    NoSettings,
    Provider,
    Query,
    Request,
    Response,
    Secret,
    SignedRequest,
    Snapshot,
    hookimpl,
    parse_json,
    refusal,
    structure,
)

CODES: dict[str | int, type[CoffersError]] = {17: AuthError, 21: ClockError}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@attrs.frozen
class Shop:
    shop_id: str = attrs.field(metadata={"help": "the number of the shop"})
    secret: Secret = attrs.field(metadata={"help": "signs; never sent"})


@attrs.frozen
class Fund:
    amount: Amount
    hold: Amount
    scale: int


@attrs.frozen
class Reply:
    ts: int
    funds: dict[str, Fund]


@attrs.frozen
class Envelope:
    status: int
    text: str | None = None
    data: Any = None


@hookimpl
def coffers_provider() -> Provider[NoSettings, Shop]:
    return Provider(
        id="quarry",
        title="Quarry",
        docs="https://docs.quarry.example/funds",
        base_urls={"api": "https://api.quarry.example"},
        credentials=(Shop,),
        permission="a secret for reports",
    )


@hookimpl
def coffers_request(query: Query[NoSettings]) -> Request:
    return Request("POST", "/funds", json={"report": "funds"})


@hookimpl
def coffers_sign(request: Request, credentials: Shop, attempt: Attempt) -> SignedRequest:
    whole = request.add(json={"shop": credentials.shop_id, "ts": attempt.unix_s})
    digest = hmac.new(credentials.secret.reveal().encode(), whole.body, hashlib.sha1).digest()
    return whole.seal(headers={"X-Sign": base64.b64encode(digest).decode()})


@hookimpl
def coffers_parse(response: Response, query: Query[Any]) -> Snapshot:
    envelope = structure(parse_json(response.body), Envelope)
    if envelope.status != 0:
        raise refusal(response, envelope.text, envelope.status, CODES)
    reply = structure(envelope.data, Reply)
    rows = [
        Balance(
            code,
            total=fund.amount.scaleb(-fund.scale),
            available=(fund.amount - fund.hold).scaleb(-fund.scale),
            reserved=fund.hold.scaleb(-fund.scale),
            derived=("available",),
        )
        for code, fund in reply.funds.items()
    ]
    return Snapshot(rows, EPOCH + timedelta(milliseconds=reply.ts))
