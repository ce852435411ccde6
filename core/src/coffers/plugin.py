"""The provider author's only door: everything a plugin needs, and nothing else of coffers.

Floor 4. A plugin imports from here alone:

    from coffers.plugin import Amount, Balance, Provider, Query, Request, Secret, Snapshot, hookimpl
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .amounts import amount_from_text, amount_to_text, exact
from .errors import (
    AuthError,
    BadResponseError,
    ClockError,
    CoffersError,
    ConfigError,
    NetworkError,
    PermissionDeniedError,
    PluginError,
    RateLimitedError,
    RejectedError,
    TimedOutError,
    UnavailableError,
    UnsupportedError,
)
from .hookspecs import ENTRY_POINT_GROUP, hookimpl
from .messages import AccessToken, Attempt, Pairs, Query, Request, Response, SignedRequest
from .models import Balance, Snapshot, Valuation
from .provider import CONTRACT_VERSION, RESERVED_KEYS, NoSettings, Provider
from .reading import Amount, members, parse_json, read_json, structure
from .secret import Secret
from .statuses import http_date, is_html, status_error, time_from_text

if TYPE_CHECKING:
    from .sandboxing import (
        SandboxAccount,
        SandboxCall,
        SandboxProvider,
        SandboxReply,
        amount_as_json_number,
        reply_json,
    )

__all__ = [
    "CONTRACT_VERSION",
    "ENTRY_POINT_GROUP",
    "RESERVED_KEYS",
    "AccessToken",
    "Amount",
    "Attempt",
    "AuthError",
    "BadResponseError",
    "Balance",
    "ClockError",
    "CoffersError",
    "ConfigError",
    "NetworkError",
    "NoSettings",
    "Pairs",
    "PermissionDeniedError",
    "PluginError",
    "Provider",
    "Query",
    "RateLimitedError",
    "RejectedError",
    "Request",
    "Response",
    "SandboxAccount",
    "SandboxCall",
    "SandboxProvider",
    "SandboxReply",
    "Secret",
    "SignedRequest",
    "Snapshot",
    "TimedOutError",
    "UnavailableError",
    "UnsupportedError",
    "Valuation",
    "amount_as_json_number",
    "amount_from_text",
    "amount_to_text",
    "basic",
    "bearer",
    "exact",
    "hookimpl",
    "http_date",
    "is_html",
    "members",
    "parse_json",
    "read_json",
    "refusal",
    "reply_json",
    "status_error",
    "structure",
    "time_from_text",
]


def __getattr__(name: str) -> Any:
    """What a sandbox is made of, imported when a plugin asks for it: no read does."""
    if name not in __all__:
        raise AttributeError(f"module 'coffers.plugin' has no attribute {name!r}")
    from . import sandboxing

    return getattr(sandboxing, name)


def bearer(token: Secret) -> tuple[str, str]:
    """The header pair ``Authorization: Bearer ...``.

    Args:
        token: a field of the credentials, or ``attempt.token.value``.
    """
    return ("Authorization", f"Bearer {token.reveal()}")


def basic(user: str, password: Secret) -> tuple[str, str]:
    """The header pair ``Authorization: Basic ...``; both parts as UTF-8.

    Args:
        user: a text; a `Secret` gives its own to `.reveal()`.
        password: a field of the credentials.

    Raises:
        ConfigError: `user` holds a colon, which this scheme cannot carry, or one of them is not valid Unicode.
    """
    if ":" in user:
        raise ConfigError("a user name with a colon cannot be used with Basic authentication")
    try:
        pair = f"{user}:{password.reveal()}".encode()
    except UnicodeEncodeError:
        pass  # raised below: this exception carries the text
    else:
        return ("Authorization", "Basic " + base64.b64encode(pair).decode())
    raise ConfigError("a user name or password that is not valid Unicode cannot be used")


def refusal(
    response: Response,
    message: str | None,
    code: str | int | None = None,
    table: Mapping[str | int, type[CoffersError]] | None = None,
) -> CoffersError:
    """The error that a provider's refusal means; `parse` raises it.

    The provider's own table speaks first, then the HTTP status if that is an error, else it is `RejectedError`.

    Args:
        response: the answer that holds the refusal.
        message: the provider's words.
        code: the provider's code.
        table: the provider's codes (or texts) and the error class of each.
    """
    message = message if isinstance(message, str) else None  # parsers may pass on anything
    code = code if isinstance(code, str | int) else None
    known = status_error(response, message, code=code)
    cls = None if table is None or code is None else table.get(code)
    if cls is None and response.status < 400:
        cls = RejectedError
    if cls is None:
        return known
    words = message or (f"refused with code {code}" if code is not None else "refused without a reason")
    return cls(words, code=code, retry_after_s=known.retry_after_s, request_id=known.request_id)
