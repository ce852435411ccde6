"""The credentials, and where they go: a header of the key's own name, with underscores. Never the query."""

from __future__ import annotations

import attrs

from coffers.plugin import Attempt, Request, Secret, SignedRequest, hookimpl


@attrs.frozen
class ByKey:
    """A General API key."""

    key: Secret = attrs.field(metadata={"help": "General API key, from the dashboard; no merchant or payout key"})


@hookimpl
def coffers_sign(request: Request, credentials: ByKey, attempt: Attempt) -> SignedRequest:
    """Add the key."""
    return request.seal(headers={"general_api_key": credentials.key.reveal()})
