"""Wise's ways to say no. Its codes are not unique, so the HTTP status decides, but for a refused token.

    {"error": "invalid_token", "error_description": "..."}                      the errors page, and with 401
    {"errors": [{"code": "...", "message": "...", "path": "..."}]}              the errors page
    {"title": "Forbidden", "status": 403, "detail": "...", "code": "..."}       the newer pages, problem+json
    {"error": "unauthorized", "message": "Unauthorized"}                        seen by others, with 403

As of 2026-11: https://docs.wise.com/guides/developer/errors
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from coffers.plugin import AuthError, CoffersError, PermissionDeniedError, Response, members, parse_json, refusal

_CODES: Final[Mapping[str | int, type[CoffersError]]] = {"invalid_token": AuthError}


def refused(response: Response) -> CoffersError:
    """The error that an answer with an error status means.

    Raises:
        BadResponseError: it is no JSON; the HTTP status then says what it means.
    """
    if response.header("x-2fa-approval-result") == "REJECTED":
        return PermissionDeniedError("Wise wants strong customer authentication for this call", code="REJECTED")
    told = members(parse_json(response.body))
    listed = told.get("errors")
    parts = [members(part) for part in listed] if isinstance(listed, list) and listed else [told]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]  any array
    code = next(_texts(parts, "code", "error"), None)
    if code == "invalid_token":  # its description is, on the errors page, the very token
        return refusal(response, "the token is refused", code, _CODES)
    words = "; ".join(_texts(parts, "message", "error_description", "detail"))
    return refusal(response, words or next(_texts(parts, "title"), None), code, _CODES)


def _texts(parts: list[dict[str, Any]], *names: str) -> Iterator[str]:
    """Of each part the first of the named members that is a text."""
    for part in parts:
        texts = (part.get(name) for name in names)
        yield from [text for text in texts if isinstance(text, str) and text][:1]
