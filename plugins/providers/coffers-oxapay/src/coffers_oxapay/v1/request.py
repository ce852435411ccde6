"""What to ask: every balance, or one symbol's. The key goes in when it is signed."""

from __future__ import annotations

from coffers.plugin import Query, Request, hookimpl
from coffers_oxapay.currencies import Settings, wanted


@hookimpl
def coffers_request(query: Query[Settings]) -> Request:
    """GET; the page lists the content type as required although there is no body, so it is sent."""
    symbol = wanted(query.settings)
    return Request(
        "GET",
        "/v1/general/account/balance",
        query={"currency": symbol} if symbol else {},
        headers={"Content-Type": "application/json"},
    )
