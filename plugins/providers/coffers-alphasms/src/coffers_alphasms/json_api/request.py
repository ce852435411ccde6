"""What to ask: one balance item. The key goes in when it is signed."""

from __future__ import annotations

from coffers.plugin import NoSettings, Query, Request, hookimpl


@hookimpl
def coffers_request(query: Query[NoSettings]) -> Request:
    """POST with a JSON body. Without ``Content-Type: application/json`` the provider refuses even valid JSON."""
    return Request(
        "POST",
        "/api/json.php",
        headers={"Content-Type": "application/json"},
        json={"data": [{"type": "balance"}]},
    )
