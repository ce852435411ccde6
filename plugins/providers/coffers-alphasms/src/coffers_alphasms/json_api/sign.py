"""The credentials, and where they go: the key is the body's member ``auth``."""

from __future__ import annotations

import attrs

from coffers.plugin import Attempt, Request, Secret, SignedRequest, hookimpl


@attrs.frozen
class ByKey:
    """The account's API key."""

    key: Secret = attrs.field(metadata={"help": "API key, from the API settings of your personal cabinet"})


@hookimpl
def coffers_sign(request: Request, credentials: ByKey, attempt: Attempt) -> SignedRequest:
    """Add the key to the body."""
    return request.seal(json={"auth": credentials.key.reveal()})
