"""The credentials, and where they go: Basic for the token step, the token itself for every other.

As of 2026-11: https://developer.paypal.com/api/rest/authentication/
"""

from __future__ import annotations

import attrs

from coffers.plugin import Attempt, Request, Secret, SignedRequest, basic, bearer, hookimpl


@attrs.frozen
class App:
    """A REST app of the developer dashboard."""

    client_id: str = attrs.field(metadata={"help": "client ID of the REST app"})
    client_secret: Secret = attrs.field(metadata={"help": "the app's secret; sent for a token alone"})


@hookimpl
def coffers_sign(request: Request, credentials: App, attempt: Attempt) -> SignedRequest:
    """Add the token, or what a token is given for."""
    if attempt.token is None:
        return request.seal(headers=[basic(credentials.client_id, credentials.client_secret)])
    return request.seal(headers=[bearer(attempt.token.value)])
