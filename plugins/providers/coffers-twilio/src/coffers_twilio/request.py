"""The settings, and what to ask: the account is named in the path. The credentials go in when it is signed."""

from __future__ import annotations

import re
from typing import Any

import attrs

from coffers.plugin import ConfigError, Query, Request, hookimpl


def is_account_sid(_: Any, attribute: attrs.Attribute[str], value: str) -> None:
    """The published pattern of an Account SID.

    Raises:
        ConfigError: it is something else, an API key's SID, say; the message does not hold it.
    """
    if not re.fullmatch("AC[0-9a-fA-F]{32}", value):
        raise ConfigError(
            "must be AC and 32 hexadecimal digits; the SID of an API key goes in `api_key`", field="account_sid"
        )


@attrs.frozen
class Settings:
    """The public config keys."""

    account_sid: str = attrs.field(
        validator=is_account_sid, metadata={"help": "Account SID (AC...) of the main account, from the Console"}
    )


@hookimpl
def coffers_request(query: Query[Settings]) -> Request:
    """GET; without ``.json`` the 2010 API answers XML."""
    return Request("GET", f"/2010-04-01/Accounts/{query.settings.account_sid}/Balance.json")
