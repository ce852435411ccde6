"""The settings, and what to ask. Time and signature go in when it is signed."""

from __future__ import annotations

from typing import Final, Literal

import attrs

from coffers.plugin import Query, Request, hookimpl

#: The step that asks for the funding account.
FUNDING: Final = "funding"
#: What a request to the demo platform has beside its key.
_DEMO: Final = {"x-simulated-trading": "1"}


@attrs.frozen
class Settings:
    """The public config keys."""

    region: Literal["global", "us", "eea", "tr"] = attrs.field(
        default="global",
        metadata={"help": "where the account was opened: us is for Australia too; other hosts, other keys"},
    )
    environment: Literal["production", "demo"] = attrs.field(
        default="production", metadata={"help": "demo: the key is one of demo trading"}
    )
    funding: bool = attrs.field(default=True, metadata={"help": "also read the funding account"})


@hookimpl
def coffers_request(query: Query[Settings]) -> Request:
    """GET without parameters: every currency."""
    path = "/api/v5/asset/balances" if query.step == FUNDING else "/api/v5/account/balance"
    headers = _DEMO if query.settings.environment == "demo" else {}
    return Request("GET", path, headers=headers, host=query.settings.region)
