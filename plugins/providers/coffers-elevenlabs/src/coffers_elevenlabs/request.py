"""The settings, and what to ask. The key goes in when it is signed."""

from __future__ import annotations

from typing import Literal

import attrs

from coffers.plugin import Query, Request, hookimpl


@attrs.frozen
class Settings:
    """The public config keys."""

    region: Literal["global", "us", "eu", "in", "sg"] = attrs.field(
        default="global", metadata={"help": "which of the provider's hosts the key belongs to"}
    )


@hookimpl
def coffers_request(query: Query[Settings]) -> Request:
    """GET without parameters."""
    region = query.settings.region
    return Request("GET", "/v1/user/subscription", host="api" if region == "global" else region)
