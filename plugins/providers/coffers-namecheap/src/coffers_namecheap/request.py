"""The settings, and what to ask. User and key go in when it is signed."""

from __future__ import annotations

import ipaddress
from typing import Literal

import attrs

from coffers.plugin import ConfigError, Query, Request, hookimpl

COMMAND = "namecheap.users.getBalances"


def _is_ipv4(_: object, attribute: attrs.Attribute[str], value: str) -> None:
    try:
        ipaddress.IPv4Address(value)
    except ValueError:
        raise ConfigError("must be an IPv4 address; Namecheap takes no other", field=attribute.name) from None


@attrs.frozen
class Settings:
    """The public config keys."""

    client_ip: str = attrs.field(
        validator=_is_ipv4,
        metadata={
            "help": "public IPv4 address of this machine; it must be in the account's list",
            "example": "192.0.2.1",
        },
    )
    environment: Literal["production", "sandbox"] = attrs.field(
        default="production", metadata={"help": "which of the provider's two platforms the account belongs to"}
    )


@hookimpl
def coffers_request(query: Query[Settings]) -> Request:
    """GET with everything in the query, as the pages show it."""
    return Request(
        "GET",
        "/xml.response",
        query={"Command": COMMAND, "ClientIp": query.settings.client_ip},
        host="sandbox" if query.settings.environment == "sandbox" else "api",
    )
