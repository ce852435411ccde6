"""The credentials, and where they go: a bearer header.

As of 2026-11: https://docs.wise.com/guides/developer/auth-and-security
"""

from __future__ import annotations

import attrs

from coffers.plugin import Attempt, Request, Secret, SignedRequest, bearer, hookimpl


@attrs.frozen
class ByToken:
    """A token of the user."""

    token: Secret = attrs.field(metadata={"help": "personal API token, from Integrations and Tools, API tokens"})


@hookimpl
def coffers_sign(request: Request, credentials: ByToken, attempt: Attempt) -> SignedRequest:
    """Add the token."""
    return request.seal(headers=[bearer(credentials.token)])
