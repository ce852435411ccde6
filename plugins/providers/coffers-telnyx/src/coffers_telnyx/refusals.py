"""The codes Telnyx says no with. The one place to add a further code.

    {"errors": [{"code": "10011", "title": "Too many requests", "detail": "You have exceeded ..."}]}

The first error counts.
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

#: https://developers.telnyx.com/development/api-fundamentals/api-errors as of 2026-11. What is not here is what its
#: HTTP status means.
_CLASSES: Final[Mapping[str | int, type[CoffersError]]] = {
    "10009": AuthError,  # authentication failed
    "10010": PermissionDeniedError,  # authorization failed
    "10011": RateLimitedError,  # too many requests
}


def refused(response: Response) -> CoffersError:
    """The error that an answer with an error status means; a page that is no JSON is left to the core."""
    errors: Any = members(parse_json(response.body)).get("errors")
    error = members(errors[0]) if isinstance(errors, list) and errors else {}
    said = (error.get("title"), error.get("detail"))
    words = ": ".join(text for text in said if isinstance(text, str) and text)
    return refusal(response, words or None, error.get("code"), _CLASSES)
