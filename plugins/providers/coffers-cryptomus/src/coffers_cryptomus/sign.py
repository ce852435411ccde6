"""The credentials and the signature: MD5 over the body in base64 and the key behind it. It is no HMAC.

As of 2026-11: https://doc.cryptomus.com/merchant-api/request-format, https://doc.heleket.com/general/request-format
"""

from __future__ import annotations

import base64
import hashlib

import attrs

from coffers.plugin import Attempt, Request, Secret, SignedRequest, hookimpl


@attrs.frozen
class Merchant:
    """A merchant and its payment API key."""

    merchant: str = attrs.field(metadata={"help": "the merchant's uuid, from the settings of the merchant's account"})
    key: Secret = attrs.field(metadata={"help": "payment API key, never sent; it signs. The payout key is another"})


@hookimpl
def coffers_sign(request: Request, credentials: Merchant, attempt: Attempt) -> SignedRequest:
    """Add the merchant, and the signature over exactly the bytes that are sent."""
    text = canonical(request, credentials, attempt).encode()
    digest = hashlib.md5(text, usedforsecurity=False).hexdigest()  # the provider's choice
    return request.seal(headers={"merchant": credentials.merchant, "sign": digest})


def canonical(request: Request, credentials: Merchant, attempt: Attempt) -> str:
    """The text that is signed; it ends with the key, so it is never to be shown."""
    return base64.b64encode(request.body).decode() + credentials.key.reveal()
