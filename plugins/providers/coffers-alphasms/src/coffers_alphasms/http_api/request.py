"""The settings, and what to ask. ``version=http`` always: without it the provider speaks another protocol."""

from __future__ import annotations

import re
from typing import Any, Literal

import attrs

from coffers.plugin import ConfigError, Query, Request, hookimpl


def _is_currency(_: Any, attribute: attrs.Attribute[str], value: str) -> None:
    if not re.fullmatch("[A-Z]{3,10}", value):
        raise ConfigError("must be a code such as UAH", field=attribute.name)


def _upper(value: str) -> str:
    return value.upper()


@attrs.frozen
class Settings:
    """The public config keys."""

    currency: str = attrs.field(
        converter=_upper, validator=_is_currency, metadata={"help": "the account's currency; this protocol names none"}
    )
    method: Literal["POST", "GET"] = attrs.field(
        default="POST", metadata={"help": "GET puts the key or password in the address, so into logs on the way"}
    )


@hookimpl
def coffers_request(query: Query[Settings]) -> Request:
    """The command as form body or as query. The examples' path ``/http.php`` is a slip; ``/api/http.php`` it is."""
    method, parameters = query.settings.method, {"version": "http", "command": "balance"}
    if method == "GET":
        return Request(method, "/api/http.php", query=parameters)
    return Request(method, "/api/http.php", form=parameters)
