"""The credentials, and where they go: HTTP Basic, with an API key and its secret or with Account SID and auth token.

As of 2026-11: https://www.twilio.com/docs/usage/requests-to-twilio
"""

from __future__ import annotations

import attrs

from coffers.plugin import Attempt, Request, Secret, SignedRequest, basic, hookimpl

from .request import is_account_sid


@attrs.frozen
class ByApiKey:
    """An API key of the account; it can be withdrawn without touching anything else."""

    api_key: str = attrs.field(metadata={"help": "SID of an API key (SK...) of the same account"})
    api_key_secret: Secret = attrs.field(metadata={"help": "the API key's secret, shown once when it is made"})


@attrs.frozen
class ByAuthToken:
    """The account's own token; it opens everything."""

    account_sid: str = attrs.field(
        validator=is_account_sid, metadata={"help": "Account SID (AC...) of the main account, from the Console"}
    )
    auth_token: Secret = attrs.field(metadata={"help": "the account's auth token; an API key opens less"})


@hookimpl
def coffers_sign(request: Request, credentials: ByApiKey | ByAuthToken, attempt: Attempt) -> SignedRequest:
    """Add user and password."""
    if isinstance(credentials, ByApiKey):
        return request.seal(headers=[basic(credentials.api_key, credentials.api_key_secret)])
    return request.seal(headers=[basic(credentials.account_sid, credentials.auth_token)])
