"""Fjord, a made-up payment gateway: GET ``/v2/wallets``, signed, in pages."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime
from typing import Any

import attrs

from coffers.plugin import (
    Amount,
    Attempt,
    AuthError,
    BadResponseError,
    Balance,
    ClockError,
    CoffersError,
    PermissionDeniedError,
    Provider,
    Query,
    RateLimitedError,
    Request,
    Response,
    Secret,
    SignedRequest,
    Snapshot,
    UnavailableError,
    hookimpl,
    parse_json,
    refusal,
    structure,
)

#: The codes of the page "Errors". Any other is what its HTTP status means.
CODES: dict[str | int, type[CoffersError]] = {
    "unknown_key": AuthError,
    "invalid_signature": AuthError,
    "address_not_allowed": PermissionDeniedError,
    "stale_timestamp": ClockError,
    "too_fast": RateLimitedError,
    "maintenance": UnavailableError,
}


@attrs.frozen
class Settings:
    page_size: int = attrs.field(default=50, metadata={"help": "wallets asked for at once"})


@attrs.frozen
class Key:
    key_id: str = attrs.field(metadata={"help": "the public half of the key"})
    secret: Secret = attrs.field(metadata={"help": "the secret half; it signs and is never sent"})


@attrs.frozen
class Wallet:
    wallet: str
    currency: str
    balance: Amount
    available: Amount | None = None


@attrs.frozen
class Page:
    as_of: str
    wallets: list[Wallet]
    next: str | None = None


@attrs.frozen
class Refusal:
    code: str
    message: str


@attrs.frozen
class Envelope:
    ok: bool
    error: Any = None


@hookimpl
def coffers_provider() -> Provider[Settings, Key]:
    """The manifest."""
    return Provider(
        id="fjord",
        title="Fjord",
        docs="https://docs.fjord.example/v2/wallets",
        base_urls={"api": "https://api.fjord.example"},
        settings=Settings,
        credentials=(Key,),
        permission="a key with the scope wallets:read",
        not_covered="payouts under way",
    )


@hookimpl
def coffers_request(query: Query[Settings]) -> Request:
    """One page of wallets."""
    cursor = query.get("cursor")
    page = {"page_size": str(query.settings.page_size)} | ({"cursor": cursor} if cursor else {})
    return Request("GET", "/v2/wallets", query=page)


def canonical(request: Request, credentials: Key, attempt: Attempt) -> str:
    """The text that is signed: method, path, the sorted parameters, the time; a line each."""
    parameters = "&".join(f"{name}={value}" for name, value in sorted(request.query))
    return f"{request.method}\n{request.path}\n{parameters}\n{attempt.time_ms}"


@hookimpl
def coffers_sign(request: Request, credentials: Key, attempt: Attempt) -> SignedRequest:
    """HMAC-SHA256 over the canonical text, in a header."""
    text = canonical(request, credentials, attempt)
    signature = hmac.new(credentials.secret.reveal().encode(), text.encode(), hashlib.sha256).hexdigest()
    return request.seal(
        headers={
            "X-Fjord-Key": credentials.key_id,
            "X-Fjord-Time": str(attempt.time_ms),
            "X-Fjord-Signature": signature,
        }
    )


@hookimpl
def coffers_parse(response: Response, query: Query[Settings]) -> Snapshot:
    """A row a wallet; the same currency may be in several."""
    body = parse_json(response.body)
    envelope = structure(body, Envelope)
    if not envelope.ok:
        reason = structure(envelope.error, Refusal)
        raise refusal(response, reason.message, reason.code, CODES)
    page = structure(body, Page)
    try:
        as_of = datetime.fromisoformat(page.as_of)
    except ValueError:
        raise BadResponseError("$.as_of: not a time", field="$.as_of") from None
    rows = [
        Balance(row.currency, total=row.balance, available=row.available, wallet=row.wallet) for row in page.wallets
    ]
    more = (query.then("balances", {"cursor": page.next}),) if page.next else ()
    return Snapshot(rows, as_of, next=more)
