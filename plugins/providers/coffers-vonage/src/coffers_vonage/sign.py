"""The credentials, and where they go: HTTP Basic. The older way, in the query, would put them into logs.

As of 2026-11: https://developer.vonage.com/en/api/account
"""

from __future__ import annotations

import attrs

from coffers.plugin import Attempt, Request, Secret, SignedRequest, basic, hookimpl


@attrs.frozen
class ByKeyAndSecret:
    """The account's API key and one of its secrets."""

    api_key: str = attrs.field(metadata={"help": "API key, from the API dashboard"})
    api_secret: Secret = attrs.field(metadata={"help": "API secret, from the API dashboard's account settings"})


@hookimpl
def coffers_sign(request: Request, credentials: ByKeyAndSecret, attempt: Attempt) -> SignedRequest:
    """Add key and secret."""
    return request.seal(headers=[basic(credentials.api_key, credentials.api_secret)])
