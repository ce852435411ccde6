"""What to ask: the account's balance. The key goes in when it is signed."""

from __future__ import annotations

from coffers.plugin import NoSettings, Query, Request, hookimpl


@hookimpl
def coffers_request(query: Query[NoSettings]) -> Request:
    """GET. The call speaks JSON and XML; which one it prefers is not said."""
    return Request("GET", "/account/get-balance", headers={"Accept": "application/json"})
