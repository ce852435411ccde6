"""The settings, and what to ask. The timestamp goes in when it is signed."""

from __future__ import annotations

from typing import Final, Literal

import attrs

from coffers.plugin import Query, Request, hookimpl

#: The step that asks for the funding wallet.
FUNDING: Final = "funding"
#: The longest time, in milliseconds, that Binance lets a request stay valid.
LONGEST_WINDOW_MS: Final = 60_000


@attrs.frozen
class Settings:
    """The public config keys."""

    environment: Literal["production", "testnet", "demo"] = attrs.field(
        default="production", metadata={"help": "which of the provider's platforms the key belongs to"}
    )
    funding: bool = attrs.field(
        default=False, metadata={"help": "also read the funding wallet; testnet and demo have none"}
    )
    omit_zero_balances: bool = attrs.field(
        default=True, metadata={"help": "leave out the hundreds of assets of which the spot account holds nothing"}
    )
    recv_window_ms: int = attrs.field(
        default=5000,
        validator=[attrs.validators.ge(1), attrs.validators.le(LONGEST_WINDOW_MS)],
        metadata={"help": "how old a request may be on arrival, milliseconds, 60000 at most"},
    )


@hookimpl
def coffers_request(query: Query[Settings]) -> Request:
    """GET the spot account; the funding wallet is a POST with its parameters in the query all the same."""
    settings = query.settings
    window = {"recvWindow": str(settings.recv_window_ms)}
    if query.step == FUNDING:
        return Request("POST", "/sapi/v1/asset/get-funding-asset", query=window, host=settings.environment)
    omit = {"omitZeroBalances": "true" if settings.omit_zero_balances else "false"}
    return Request("GET", "/api/v3/account", query=omit | window, host=settings.environment)
