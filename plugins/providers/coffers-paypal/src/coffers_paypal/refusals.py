"""The names PayPal says no with. What is not here is what its HTTP status means.

    {"name": "NOT_AUTHORIZED", "message": "...", "debug_id": "...", "details": [{"issue": "..."}]}    the balances
    {"error": "invalid_client", "error_description": "..."}             the token step, and a refused token anywhere

As of 2026-11: https://developer.paypal.com/api/rest/responses/
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, cast

from coffers.plugin import (
    AuthError,
    CoffersError,
    PermissionDeniedError,
    RateLimitedError,
    Response,
    members,
    refusal,
)

_CLASSES: Final[Mapping[str | int, type[CoffersError]]] = {
    "invalid_client": AuthError,
    "invalid_token": AuthError,
    "INVALID_TOKEN": AuthError,
    "AUTHENTICATION_FAILURE": AuthError,
    "NOT_AUTHORIZED": PermissionDeniedError,
    "PERMISSION_DENIED": PermissionDeniedError,  # seen with HTTP 401 and 403
    "RATE_LIMIT_REACHED": RateLimitedError,
}


def refused(response: Response, answer: Mapping[str, Any]) -> CoffersError:
    """The error that a refusal means; its request id is PayPal's debug id.

    Args:
        response: what came back.
        answer: the members of its JSON object; none where it is no object.
    """
    code = _text(answer.get("name")) or _text(answer.get("error"))
    words = _text(answer.get("message")) or _text(answer.get("error_description")) or code
    details = cast("list[Any]", answer["details"]) if isinstance(answer.get("details"), list) else []
    issues = [_text(members(part).get("issue")) for part in details]
    if known := ", ".join(filter(None, issues)):
        words = f"{words} ({known})"
    debug_id = _text(answer.get("debug_id")) or response.header("paypal-debug-id")
    return refusal(response, words, code, _CLASSES).with_facts(request_id=debug_id)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
