"""The settings, and what to ask: a page of balances, as long as Mollie gives it."""

from __future__ import annotations

import attrs

from coffers.plugin import Query, Request, hookimpl

#: The most balances a page may hold; https://docs.mollie.com/reference/pagination as of 2026-11.
PAGE_SIZE = 250


@attrs.frozen
class Settings:
    """The public config keys."""

    testmode: bool = attrs.field(default=False, metadata={"help": "true for the balances of test mode"})


@hookimpl
def coffers_request(query: Query[Settings]) -> Request:
    """The first page, or the one that begins with the balance the last page named."""
    asked = {"limit": str(PAGE_SIZE)}
    if cursor := query.get("from"):
        asked["from"] = cursor
    if query.settings.testmode:
        asked["testmode"] = "true"
    return Request("GET", "/v2/balances", query=asked)
