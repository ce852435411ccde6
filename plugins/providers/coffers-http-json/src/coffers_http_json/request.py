"""What to ask: the account's own address. The key goes in when it is signed."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

from coffers.plugin import Query, Request, hookimpl

from .settings import Settings


@hookimpl
def coffers_request(query: Query[Settings]) -> Request:
    """Path and parameters of the address; the core knows its host. A POST has no body but for a key that goes there."""
    settings = query.settings
    address = urlsplit(settings.url)
    return Request(
        settings.method,
        address.path or "/",
        query=parse_qsl(address.query, keep_blank_values=True),
        headers={"Accept": settings.accept} if settings.accept else {},
    )
