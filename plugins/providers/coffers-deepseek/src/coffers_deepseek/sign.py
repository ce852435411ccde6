"""The credentials, and where they go: a bearer header.

As of 2026-11: https://api-docs.deepseek.com/api/get-user-balance
"""

from __future__ import annotations

import attrs

from coffers.plugin import Attempt, Request, Secret, SignedRequest, bearer, hookimpl


@attrs.frozen
class ByKey:
    """An API key."""

    key: Secret = attrs.field(metadata={"help": "an API key, from platform.deepseek.com/api_keys"})


@hookimpl
def coffers_sign(request: Request, credentials: ByKey, attempt: Attempt) -> SignedRequest:
    """Add the key."""
    return request.seal(headers=[bearer(credentials.key)])
