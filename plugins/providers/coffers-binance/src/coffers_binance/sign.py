"""The credentials and the signature: HMAC-SHA256 in hex over the encoded query, and over the body right behind it.

As of 2026-07: https://github.com/binance/binance-spot-api-docs/blob/master/rest-api.md#signed-endpoint-security
"""

from __future__ import annotations

import hashlib
import hmac

import attrs

from coffers.plugin import Attempt, Request, Secret, SignedRequest, hookimpl


@attrs.frozen
class HmacKey:
    """A key of the kind HMAC ("system generated"). Binance calls both parts of it sensitive."""

    api_key: Secret = attrs.field(metadata={"help": "the API key"})
    secret_key: Secret = attrs.field(metadata={"help": "the secret key, shown once; it signs and is never sent"})


@hookimpl
def coffers_sign(request: Request, credentials: HmacKey, attempt: Attempt) -> SignedRequest:
    """Add the timestamp, then the signature over exactly what is sent."""
    signature = signature_of(canonical(request, credentials, attempt), credentials.secret_key)
    headers = {"X-MBX-APIKEY": credentials.api_key.reveal()}
    return _stamped(request, attempt).seal(query={"signature": signature}, headers=headers)


def canonical(request: Request, credentials: HmacKey, attempt: Attempt) -> str:
    """The text that is signed: percent-encoded first, as it goes on the wire."""
    stamped = _stamped(request, attempt)
    return stamped.target.partition("?")[2] + stamped.body.decode()


def signature_of(text: str, secret_key: Secret) -> str:
    """The signature in lower-case hex."""
    return hmac.new(secret_key.reveal().encode(), text.encode(), hashlib.sha256).hexdigest()


def _stamped(request: Request, attempt: Attempt) -> Request:
    return request.add(query={"timestamp": str(attempt.time_ms)})
