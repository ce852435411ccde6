"""What to ask. There are no settings."""

from __future__ import annotations

from coffers.plugin import NoSettings, Query, Request, hookimpl


@hookimpl
def coffers_request(query: Query[NoSettings]) -> Request:
    """POST without a body, for the call has no parameters; the content type goes along with every call."""
    return Request("POST", "/v1/balance", headers={"Content-Type": "application/json"})
