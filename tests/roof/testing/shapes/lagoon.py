"""Lagoon, a made-up SMS gateway: key in the query, an answer that looks like XML, the time in a header."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import attrs

from coffers.plugin import (
    Attempt,
    AuthError,
    BadResponseError,
    Balance,
    NoSettings,
    Provider,
    Query,
    RejectedError,
    Request,
    Response,
    Secret,
    SignedRequest,
    Snapshot,
    amount_from_text,
    hookimpl,
    status_error,
)


@attrs.frozen
class Key:
    key: Secret = attrs.field(metadata={"help": "the key of the page API"})


PURSE = re.compile(r'<purse id="(\w{1,20})" currency="([A-Z]{3})">(-?[0-9.]{1,40})</purse>')
REPLY = re.compile(rf'<reply code="0" at="([^"]{{1,40}})">((?:{PURSE.pattern}){{0,50}})</reply>\s*')
FAULT = re.compile(r'<reply code="(\d{1,4})">([^<]{0,200})</reply>\s*')


@hookimpl
def coffers_provider() -> Provider[NoSettings, Key]:
    return Provider(
        id="lagoon",
        title="Lagoon",
        docs="https://docs.lagoon.example/xml",
        base_urls={"api": "https://api.lagoon.example"},
        credentials=(Key,),
        permission="a key that may read",
    )


@hookimpl
def coffers_request(query: Query[NoSettings]) -> Request:
    return Request("GET", "/xml/purses", query={"format": "xml"})


@hookimpl
def coffers_sign(request: Request, credentials: Key, attempt: Attempt) -> SignedRequest:
    return request.seal(query={"key": credentials.key.reveal()})


@hookimpl
def coffers_parse(response: Response, query: Query[Any]) -> Snapshot:
    text = response.text
    fault = FAULT.fullmatch(text)
    if fault and fault[1] != "0":
        raise (AuthError if fault[1] == "101" else RejectedError)(fault[2] or "refused", code=fault[1])
    reply = REPLY.fullmatch(text)
    if not reply:
        raise status_error(response) if response.status >= 400 else BadResponseError("not a reply")
    rows = [
        Balance(currency, total=amount_from_text(amount), wallet=wallet)
        for wallet, currency, amount in PURSE.findall(reply[2])
    ]
    return Snapshot(rows, datetime.fromisoformat(reply[1]))
