"""What to ask. There are no settings; the nonce goes in when it is signed."""

from __future__ import annotations

from coffers.plugin import NoSettings, Query, Request, hookimpl


@hookimpl
def coffers_request(query: Query[NoSettings]) -> Request:
    """The extended balance: the plain one tells neither holds nor credit lines."""
    return Request("POST", "/0/private/BalanceEx")
