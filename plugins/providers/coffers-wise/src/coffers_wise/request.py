"""The settings, and what to ask: the profiles, then the balances of each; of one alone where it is given."""

from __future__ import annotations

import re
from typing import Literal

import attrs

from coffers.plugin import ConfigError, Query, Request, hookimpl

#: What the API was before its versions were named after quarters: each call has a number of its own.
LEGACY = "legacy"


def _is_version(_: object, attribute: attrs.Attribute[str], value: str) -> None:
    if value != LEGACY and not re.fullmatch(r"20[0-9]{2}Q[1-4]", value):
        raise ConfigError("must be a quarter like 2026Q4, or legacy", field=attribute.name)


def is_number(profile: str) -> bool:
    """Whether it can be the number of a profile, and so a part of a path."""
    return re.fullmatch(r"[0-9]{1,19}", profile) is not None


def _is_profile(_: object, attribute: attrs.Attribute[str | None], value: str | None) -> None:
    if value is not None and not is_number(value):
        raise ConfigError("must be the number of a profile", field=attribute.name)


@attrs.frozen
class Settings:
    """The public config keys."""

    profile: str | None = attrs.field(
        default=None, validator=_is_profile, metadata={"help": "number of the one profile to read; all of them without"}
    )
    environment: Literal["production", "sandbox"] = attrs.field(
        default="production", metadata={"help": "which of the provider's two platforms the token belongs to"}
    )
    version: str = attrs.field(
        default="2026Q4",
        validator=_is_version,
        metadata={"help": "version of the API, a quarter like 2026Q4, or legacy for the numbered calls before"},
    )


def asked_profile(query: Query[Settings]) -> str:
    """The profile whose balances this query asks for; empty where it asks for the profiles."""
    return query.get("profile") or query.settings.profile or ""


@hookimpl
def coffers_request(query: Query[Settings]) -> Request:
    """GET; `types` must be given, and without SAVINGS there are no jars."""
    settings, profile = query.settings, asked_profile(query)
    quarter = None if settings.version == LEGACY else settings.version
    host = "sandbox" if settings.environment == "sandbox" else "api"
    if not profile:
        return Request("GET", f"/{quarter or 'v2'}/profiles", host=host)
    path = f"/{quarter or 'v4'}/profiles/{profile}/balances"
    return Request("GET", path, query={"types": "STANDARD,SAVINGS"}, host=host)
