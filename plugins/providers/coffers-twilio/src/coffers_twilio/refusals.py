"""The codes Twilio says no with. The one place to add a further code.

    {"code": 20003, "message": "Authenticate", "more_info": "https://www.twilio.com/docs/errors/20003", "status": 401}

Newer services answer ``title`` and ``detail`` (RFC 9457) in place of ``message``; its own client takes both.
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
    members,
    parse_json,
    refusal,
)

#: https://www.twilio.com/docs/api/errors as of 2026-11. What is not here is what its HTTP status means.
_CLASSES: Final[Mapping[str | int, type[CoffersError]]] = {
    20003: AuthError,  # wrong, deleted or foreign credentials; also a suspended account
    10001: PermissionDeniedError,  # account is not active
    20005: PermissionDeniedError,  # account not active
    20008: PermissionDeniedError,  # test credentials
    70051: PermissionDeniedError,  # a restricted key without this permission
    20429: RateLimitedError,
}


def refused(response: Response) -> CoffersError:
    """The error that an answer with an error status means; a page that is no JSON is left to the core."""
    told = members(parse_json(response.body))
    return refusal(response, _words(told), told.get("code"), _CLASSES)


def _words(told: Mapping[str, Any]) -> str | None:
    said = (told.get("message"),) if told.get("message") else (told.get("title"), told.get("detail"))
    return ": ".join(text for text in said if isinstance(text, str) and text) or None
