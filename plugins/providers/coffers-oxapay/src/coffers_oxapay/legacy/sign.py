"""The credentials, and where they go: a member of the body, which is why this call is never a GET."""

from __future__ import annotations

import attrs

from coffers.plugin import Attempt, Request, Secret, SignedRequest, hookimpl


@attrs.frozen
class ByKey:
    """A payout API key."""

    key: Secret = attrs.field(metadata={"help": "payout API key, from the dashboard"})


@hookimpl
def coffers_sign(request: Request, credentials: ByKey, attempt: Attempt) -> SignedRequest:
    """Add the key."""
    return request.seal(json={"key": credentials.key.reveal()})
