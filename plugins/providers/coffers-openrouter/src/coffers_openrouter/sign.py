"""The credentials, and where they go: a bearer header.

As of 2026-11: https://openrouter.ai/docs/guides/overview/auth/management-api-keys
"""

from __future__ import annotations

import attrs

from coffers.plugin import Attempt, Request, Secret, SignedRequest, bearer, hookimpl


@attrs.frozen
class ByKey:
    """A management key."""

    key: Secret = attrs.field(metadata={"help": "a management key, from openrouter.ai/settings/management-keys"})


@hookimpl
def coffers_sign(request: Request, credentials: ByKey, attempt: Attempt) -> SignedRequest:
    """Add the key."""
    return request.seal(headers=[bearer(credentials.key)])
