"""The credentials, and where they go: a header of the provider's own.

As of 2026-11: https://elevenlabs.io/docs/api-reference/authentication
"""

from __future__ import annotations

import attrs

from coffers.plugin import Attempt, Request, Secret, SignedRequest, hookimpl


@attrs.frozen
class ByKey:
    """An API key."""

    key: Secret = attrs.field(metadata={"help": "an API key with the permission user_read"})


@hookimpl
def coffers_sign(request: Request, credentials: ByKey, attempt: Attempt) -> SignedRequest:
    """Add the key."""
    return request.seal(headers={"xi-api-key": credentials.key.reveal()})
