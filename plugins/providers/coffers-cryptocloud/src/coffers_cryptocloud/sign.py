"""The credentials, and where they go: a header with the word ``Token``, one space and the key.

As of 2026-11: https://docs.cryptocloud.plus/en/api-reference-v2/authorization
"""

from __future__ import annotations

import attrs

from coffers.plugin import Attempt, Request, Secret, SignedRequest, hookimpl


@attrs.frozen
class ByKey:
    """The project's API key."""

    key: Secret = attrs.field(metadata={"help": "the project's API key; withdrawals have another one"})


@hookimpl
def coffers_sign(request: Request, credentials: ByKey, attempt: Attempt) -> SignedRequest:
    """Add the key."""
    return request.seal(headers={"Authorization": f"Token {credentials.key.reveal()}"})
