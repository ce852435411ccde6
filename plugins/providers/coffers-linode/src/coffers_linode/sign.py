"""The credentials, and where they go: a bearer token.

As of 2026-11: https://techdocs.akamai.com/linode-api/reference/get-started
"""

from __future__ import annotations

import attrs

from coffers.plugin import Attempt, Request, Secret, SignedRequest, bearer, hookimpl


@attrs.frozen
class ByToken:
    """A personal access token, or an OAuth token."""

    token: Secret = attrs.field(metadata={"help": "a personal access token; the scope account:read_only is enough"})


@hookimpl
def coffers_sign(request: Request, credentials: ByToken, attempt: Attempt) -> SignedRequest:
    """Add the token."""
    return request.seal(headers=[bearer(credentials.token)])
