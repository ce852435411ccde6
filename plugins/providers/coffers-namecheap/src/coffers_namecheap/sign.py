"""The credentials, and where they go: into the query, the key too. So no address of this provider is ever shown.

As of 2026-11: https://www.namecheap.com/support/api/global-parameters/
"""

from __future__ import annotations

import attrs

from coffers.plugin import Attempt, Request, Secret, SignedRequest, hookimpl


@attrs.frozen
class ByApiKey:
    """A user with API access."""

    api_user: str = attrs.field(metadata={"help": "the user name that has API access"})
    api_key: Secret = attrs.field(metadata={"help": "API key, from Profile, Tools, Namecheap API Access"})
    user_name: str | None = attrs.field(
        default=None, metadata={"help": "the account to read, where it is another than that of api_user"}
    )


@hookimpl
def coffers_sign(request: Request, credentials: ByApiKey, attempt: Attempt) -> SignedRequest:
    """Add user and key."""
    return request.seal(
        query={
            "ApiUser": credentials.api_user,
            "ApiKey": credentials.api_key.reveal(),
            "UserName": credentials.user_name or credentials.api_user,
        }
    )
