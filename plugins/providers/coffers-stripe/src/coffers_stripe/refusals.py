"""The codes Stripe says no with. What is not here is what its HTTP status means.

    {"error": {"type": "invalid_request_error", "code": "api_key_expired", "message": "...", "doc_url": "..."}}

As of 2026-11: https://docs.stripe.com/error-codes
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from coffers.plugin import (
    AuthError,
    CoffersError,
    PermissionDeniedError,
    RateLimitedError,
    Response,
    refusal,
)

_CLASSES: Final[Mapping[str | int, type[CoffersError]]] = {
    "api_key_expired": AuthError,
    "platform_api_key_expired": AuthError,
    "secret_key_required": PermissionDeniedError,  # a publishable key: the wrong kind
    "account_invalid": PermissionDeniedError,  # no such connected account, or not yours
    "rate_limit": RateLimitedError,  # HTTP 429; the SDK knows it with 400 too
}


def refused(response: Response, error: Mapping[str, Any]) -> CoffersError:
    """The error that a refusal means; its code is Stripe's code, or the type where there is none.

    Args:
        response: what came back.
        error: the members of ``error``; none where it is missing.
    """
    code, message = (error.get("code") or error.get("type")), error.get("message")
    return refusal(
        response,
        message if isinstance(message, str) else None,
        code if isinstance(code, str) else None,
        _CLASSES,
    )
