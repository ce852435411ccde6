"""The credentials, and where they go: a bearer token.

As of 2026-11: https://www.vultr.com/api/#section/Authentication
"""

from __future__ import annotations

import attrs

from coffers.plugin import Attempt, Request, Secret, SignedRequest, bearer, hookimpl


@attrs.frozen
class ByKey:
    """An API key, also called a personal access token."""

    key: Secret = attrs.field(metadata={"help": "an API key; Vultr takes it from allowed IP addresses only"})


@hookimpl
def coffers_sign(request: Request, credentials: ByKey, attempt: Attempt) -> SignedRequest:
    """Add the key."""
    return request.seal(headers=[bearer(credentials.key)])
