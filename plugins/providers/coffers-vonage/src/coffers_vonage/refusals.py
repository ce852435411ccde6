"""Vonage's ways to say no: two bodies are published.

    {"error-code": "401", "error-code-label": "authentication failed"}                   this call's specification
    {"type": "https://developer.vonage.com/api-errors#unauthorized", "title": ..., "detail": ...}   all newer calls

The code of the second is what stands behind the ``#``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from coffers.plugin import AuthError, CoffersError, PermissionDeniedError, Response, members, refusal

#: https://developer.vonage.com/en/api/account and https://developer.vonage.com/api-errors as of 2026-11. What is not
#: here is what its HTTP status means.
_CLASSES: Final[Mapping[str | int, type[CoffersError]]] = {
    "401": AuthError,  # authentication failed
    "unauthorized": AuthError,
    "forbidden": PermissionDeniedError,
}

#: No code, or what the sister call top-up answers to a success.
_SUCCESS: Final = (None, "200", 200)


def is_refusal(response: Response, body: Any) -> bool:
    """Whether the answer says no: by its status, or by a code that is not the one of a success."""
    return response.status >= 400 or members(body).get("error-code") not in _SUCCESS


def refused(response: Response, body: Any) -> CoffersError:
    """The error that an answer which says no means."""
    told = members(body)
    code = told.get("error-code") or _fragment(told.get("type"))
    said = (told.get("error-code-label"), told.get("title"), told.get("detail"))
    words = ": ".join(text for text in said if isinstance(text, str) and text)
    return refusal(response, words or None, code, _CLASSES)


def _fragment(address: Any) -> str | None:
    return address.partition("#")[2] or None if isinstance(address, str) else None
