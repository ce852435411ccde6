"""The credentials and the signature: HMAC-SHA512 over the path and the SHA-256 of nonce and body.

As of 2026-11: https://docs.kraken.com/exchange/guides/rest/authentication
"""

from __future__ import annotations

import base64
import hashlib
import hmac

import attrs

from coffers.plugin import Attempt, ConfigError, Request, Secret, SignedRequest, hookimpl


@attrs.frozen
class KeyPair:
    """An API key of the spot platform and its private half."""

    api_key: str = attrs.field(metadata={"help": "the API key, sent with every request; Kraken calls it public"})
    private_key: Secret = attrs.field(metadata={"help": "its private key, as shown once, in base64; it signs"})


@hookimpl
def coffers_sign(request: Request, credentials: KeyPair, attempt: Attempt) -> SignedRequest:
    """Add the attempt's nonce to the form, and the signature over exactly what is sent.

    Raises:
        ConfigError: the private key is not base64.
    """
    nonce = str(attempt.nonce)
    whole = request.add(form={"nonce": nonce})
    signature = api_sign(whole.path, nonce, whole.body, _decoded(credentials.private_key))
    return whole.seal(headers={"API-Key": credentials.api_key, "API-Sign": signature})


def api_sign(path: str, nonce: str, body: bytes, key: bytes) -> str:
    """The header ``API-Sign``.

    Args:
        path: from ``/0/private/`` on.
        nonce: as it stands in the body.
        body: the bytes that are sent.
        key: the private key, decoded.
    """
    message = path.encode() + hashlib.sha256(nonce.encode() + body).digest()
    return base64.b64encode(hmac.digest(key, message, "sha512")).decode()


def _decoded(private_key: Secret) -> bytes:
    try:
        return base64.b64decode(private_key.reveal(), validate=True)
    except ValueError:
        pass  # raised below: nothing of the exception is kept
    raise ConfigError("private_key: must be base64, exactly as Kraken showed it", field="private_key")
