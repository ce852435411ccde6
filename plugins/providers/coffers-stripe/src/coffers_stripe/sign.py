"""The credentials, and where they go.

As of 2026-11: https://docs.stripe.com/api/authentication
"""

from __future__ import annotations

import attrs

from coffers.plugin import Attempt, Request, Secret, SignedRequest, bearer, hookimpl


@attrs.frozen
class ByKey:
    """A restricted or secret key; its prefix tells live from test mode."""

    key: Secret = attrs.field(metadata={"help": "a restricted key (rk_...) with Read for Balance, or a secret key"})


@hookimpl
def coffers_sign(request: Request, credentials: ByKey, attempt: Attempt) -> SignedRequest:
    """Add the key as a bearer token."""
    return request.seal(headers=[bearer(credentials.key)])
