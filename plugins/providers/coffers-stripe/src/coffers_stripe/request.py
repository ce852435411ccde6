"""The settings, and what to ask. The key goes in when it is signed."""

from __future__ import annotations

import attrs

from coffers.plugin import Query, Request, hookimpl


@attrs.frozen
class Settings:
    """The public config keys."""

    connected_account: str | None = attrs.field(
        default=None,
        metadata={
            "help": "for platforms: the connected account to read instead of your own",
            "example": "acct_1032D82eZvKYlo2C",
        },
    )


@hookimpl
def coffers_request(query: Query[Settings]) -> Request:
    """GET, for a connected account with its id in a header. No version is pinned: the account's own applies.

    As of 2026-11: https://docs.stripe.com/api/connected-accounts
    """
    account = query.settings.connected_account
    return Request("GET", "/v1/balance", headers={"Stripe-Account": account} if account else {})
