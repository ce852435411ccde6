"""The settings, and what to ask: a token, or the balances. The secret and the token go in when it is signed.

As of 2026-11: https://developer.paypal.com/api/rest/authentication/
"""

from __future__ import annotations

from typing import Final, Literal

import attrs

from coffers.plugin import Query, Request, hookimpl

#: The step that exchanges the app's secret for a token.
TOKEN_STEP: Final = "token"  # noqa: S105  the name of a step


@attrs.frozen
class Settings:
    """The public config keys."""

    environment: Literal["production", "sandbox"] = attrs.field(
        default="production", metadata={"help": "which of the provider's two platforms the app belongs to"}
    )
    currency: str | None = attrs.field(
        default=None, metadata={"help": "ask for this currency alone; all of them otherwise", "example": "EUR"}
    )


@hookimpl
def coffers_request(query: Query[Settings]) -> Request:
    """POST for the token, GET for the balances as they were last refreshed."""
    settings = query.settings
    host = "sandbox" if settings.environment == "sandbox" else "api"
    if query.step == TOKEN_STEP:
        return Request("POST", "/v1/oauth2/token", form={"grant_type": "client_credentials"}, host=host)
    wanted = {"currency_code": settings.currency.upper()} if settings.currency else {}
    return Request("GET", "/v1/reporting/balances", query=wanted, host=host)
