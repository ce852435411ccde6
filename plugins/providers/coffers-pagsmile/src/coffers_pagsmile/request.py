"""The settings, and what to ask. The timestamp goes in when it is signed."""

from __future__ import annotations

from typing import Literal

import attrs

from coffers.plugin import Query, Request, hookimpl


@attrs.frozen
class Settings:
    """The public config keys."""

    environment: Literal["production", "sandbox"] = attrs.field(
        default="production", metadata={"help": "which of the provider's two platforms the app belongs to"}
    )


@hookimpl
def coffers_request(query: Query[Settings]) -> Request:
    """POST with a JSON body. The balance page's ``chartset`` is a slip; its sister pages have ``charset``."""
    return Request(
        "POST",
        "/api/balance",
        headers={"Content-Type": "application/json; charset=UTF-8"},
        json={},
        host="sandbox" if query.settings.environment == "sandbox" else "api",
    )
