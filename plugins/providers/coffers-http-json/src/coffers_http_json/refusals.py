"""When an answer is a refusal, and which error it means. The HTTP status decides before anything in the body."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from coffers.plugin import AuthError, CoffersError, RejectedError, Response, amount_from_text, refusal

from .pointers import due, find
from .settings import Settings

__all__ = ["refused"]


def refused(response: Response, answer: Any, settings: Settings) -> CoffersError | None:
    """The error that the answer means; None where it is no refusal.

    Raises:
        BadResponseError: nothing of use is at `ok_at`, so success and refusal cannot be told apart.
    """
    told = find(answer, settings.error_at) if settings.error_at else None
    # null, false, 0, "", [] and {} say that there is no error.
    if response.status < 400 and not told and _is_ok(answer, settings):
        return None
    words = find(answer, settings.message_at) if settings.message_at else told
    message = words if isinstance(words, str) else None
    code = told if type(told) in (str, int) and told != message else None
    error = refusal(response, message, code)
    if isinstance(error, RejectedError) and _is_about_the_key(settings.auth_if, message, code):
        return AuthError(error.message, **error.facts())
    return error


def _is_ok(answer: Any, settings: Settings) -> bool:
    if settings.ok_at is None or settings.ok_is is None:
        return True
    value = find(answer, settings.ok_at)
    if isinstance(value, bool):
        return settings.ok_is == ("true" if value else "false")
    if isinstance(value, int | Decimal):
        try:
            return amount_from_text(settings.ok_is) == value
        except ValueError:
            return False
    return due(value, str, settings.ok_at) == settings.ok_is


def _is_about_the_key(auth_if: str | None, message: str | None, code: Any) -> bool:
    return auth_if is not None and (auth_if.casefold() in (message or "").casefold() or auth_if == str(code))
