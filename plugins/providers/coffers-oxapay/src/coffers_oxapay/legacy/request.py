"""What to ask: every balance, or one symbol's. The key goes in when it is signed."""

from __future__ import annotations

from coffers.plugin import Query, Request, hookimpl
from coffers_oxapay.currencies import Settings, wanted


@hookimpl
def coffers_request(query: Query[Settings]) -> Request:
    """POST with a JSON body. The page shows four encodings; this one says what it is, and most clients use it."""
    symbol = wanted(query.settings)
    return Request(
        "POST",
        "/api/balance",
        headers={"Content-Type": "application/json"},
        json={"currency": symbol} if symbol else {},
    )
