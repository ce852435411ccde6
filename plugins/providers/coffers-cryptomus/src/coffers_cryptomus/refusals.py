"""The words Cryptomus and Heleket say no with; there is no code but a `state` that is not 0. The one place to add more.

A refusal has a `message`, or with HTTP 422 `errors`, a map of fields to lists of texts.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from coffers.plugin import AuthError, CoffersError, PermissionDeniedError, Response, members, refusal, status_error

#: Lower-cased, without the point at the end. As of 2026-11.
_CLASSES: Final[dict[str, type[CoffersError]]] = {
    "invalid sign": AuthError,  # on no page; others' clients have met it
    "wrong key": PermissionDeniedError,  # the merchant is restricted or in moderation
    "you are forbidden": PermissionDeniedError,
}


def refused(response: Response, state: Any, message: Any, errors: Any) -> CoffersError:
    """The error that a refusal means: its words decide, else the HTTP status, else it is `rejected`."""
    code = state if type(state) is int and state != 0 else None
    words = "; ".join(text for text in (message, *_of_fields(errors)) if isinstance(text, str) and text)
    if isinstance(message, str) and (cls := _CLASSES.get(message.strip().rstrip(".").lower())):
        return cls(words, code=code)
    if code is None and not words:
        return status_error(response)
    return refusal(response, words, code)


def _of_fields(errors: Any) -> Iterator[str]:
    """``amount: validation.required`` for each text of each field."""
    for name, texts in members(errors).items():
        listed: list[Any] = texts if isinstance(texts, list) else [texts]  # pyright: ignore[reportUnknownVariableType]  as sent
        yield from (f"{name}: {text}" for text in listed if isinstance(text, str))
