"""The credentials and the signature: HMAC-SHA256 in base64 over time, method, path with query, and body.

As of 2026-07: https://www.okx.com/docs-v5/en/#overview-rest-authentication
"""

from __future__ import annotations

import base64
import hashlib
import hmac

import attrs

from coffers.plugin import Attempt, Request, Secret, SignedRequest, hookimpl


@attrs.frozen
class ApiKey:
    """An API key of the version 5; whoever makes it chooses its passphrase."""

    api_key: Secret = attrs.field(metadata={"help": "the API key"})
    secret_key: Secret = attrs.field(metadata={"help": "the secret key; it signs and is never sent"})
    passphrase: Secret = attrs.field(metadata={"help": "what was chosen when the key was made; no other password"})


@hookimpl
def coffers_sign(request: Request, credentials: ApiKey, attempt: Attempt) -> SignedRequest:
    """Add key, passphrase, time and signature as headers."""
    text = canonical(request, credentials, attempt)
    digest = hmac.new(credentials.secret_key.reveal().encode(), text.encode(), hashlib.sha256).digest()
    return request.seal(
        headers={
            "OK-ACCESS-KEY": credentials.api_key.reveal(),
            "OK-ACCESS-SIGN": base64.b64encode(digest).decode(),
            "OK-ACCESS-TIMESTAMP": _timestamp(attempt),
            "OK-ACCESS-PASSPHRASE": credentials.passphrase.reveal(),
        }
    )


def canonical(request: Request, credentials: ApiKey, attempt: Attempt) -> str:
    """The text that is signed: exactly what goes on the wire, nothing between the parts."""
    return f"{_timestamp(attempt)}{request.method}{request.target}{request.body.decode()}"


def _timestamp(attempt: Attempt) -> str:
    """``2020-12-08T09:08:57.715Z``."""
    return attempt.utc.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
