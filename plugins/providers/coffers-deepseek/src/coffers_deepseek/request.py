"""What to ask: the balances. The key goes in when it is signed."""

from __future__ import annotations

from coffers.plugin import NoSettings, Query, Request, hookimpl


@hookimpl
def coffers_request(query: Query[NoSettings]) -> Request:
    """GET without parameters. The path has no ``/v1`` before it, unlike those of the models."""
    return Request("GET", "/user/balance")
