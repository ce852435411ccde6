"""What to ask: every balance. The key goes in when it is signed."""

from __future__ import annotations

from coffers.plugin import NoSettings, Query, Request, hookimpl


@hookimpl
def coffers_request(query: Query[NoSettings]) -> Request:
    """POST without a body, which the page says is not required. One public client sends GET; no page does."""
    return Request("POST", "/v2/merchant/wallet/balance/all")
