"""What to ask: the account's credits, and where both figures are zero, what kind of key it is."""

from __future__ import annotations

from coffers.plugin import NoSettings, Query, Request, hookimpl


@hookimpl
def coffers_request(query: Query[NoSettings]) -> Request:
    """GET without parameters."""
    return Request("GET", "/api/v1/key" if query.step == "key" else "/api/v1/credits")
