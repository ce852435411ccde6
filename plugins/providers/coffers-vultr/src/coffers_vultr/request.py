"""What to ask: the one call. The key goes in when it is signed."""

from __future__ import annotations

from coffers.plugin import NoSettings, Query, Request, hookimpl


@hookimpl
def coffers_request(query: Query[NoSettings]) -> Request:
    """GET without parameters."""
    return Request("GET", "/v2/account")
