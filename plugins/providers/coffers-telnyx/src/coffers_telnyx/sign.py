"""The credentials, and where they go: a Bearer header.

As of 2026-11: https://developers.telnyx.com/development/api-fundamentals/authentication
"""

from __future__ import annotations

import attrs

from coffers.plugin import Attempt, Request, Secret, SignedRequest, bearer, hookimpl


@attrs.frozen
class ByKey:
    """An API key of the account."""

    key: Secret = attrs.field(metadata={"help": "API key (KEY...), from API Keys in the Mission Control Portal"})


@hookimpl
def coffers_sign(request: Request, credentials: ByKey, attempt: Attempt) -> SignedRequest:
    """Add the key."""
    return request.seal(headers=[bearer(credentials.key)])
