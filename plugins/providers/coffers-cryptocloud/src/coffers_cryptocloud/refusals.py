"""CryptoCloud's ways to say no: three bodies are published, for HTTP 400, 401 and 403 and without any status.

    {"detail": "Signature verification failed"}                                balance page, earlier revision
    {"status": "error", "result": {"authorization": "Unauthorized request."}}  authorization page, v2
    {"message": "Unauthenticated."}                                            authorization page, v1

The words decide, then the HTTP status.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from coffers.plugin import (
    AuthError,
    BadResponseError,
    CoffersError,
    RateLimitedError,
    Response,
    members,
    refusal,
    status_error,
)

#: Words that mean a refused key: the published ones, and the other texts of the JWT library whose words they are.
_REFUSED_KEY: Final = re.compile(
    r"unauthori[sz]ed|unauthenticated"
    r"|invalid (?:header|payload|crypto) padding|invalid (?:header|payload) string|invalid token"
    r"|not enough segments|signature verification failed|signature has expired",
    re.IGNORECASE,
)

#: Names of errors inside ``result``. `rate_limit` is published for withdrawals.
_NAMES: Final[Mapping[str | int, type[CoffersError]]] = {"authorization": AuthError, "rate_limit": RateLimitedError}


def refused(response: Response, answer: Mapping[str, Any]) -> CoffersError:
    """The error that an answer without success means.

    Args:
        response: what came back.
        answer: the members of its JSON object; none where it is no object.
    """
    name, words = _told(answer)
    if words and _REFUSED_KEY.search(words):
        known = status_error(response, words)
        return AuthError(words, code=name, request_id=known.request_id)
    if words or answer.get("status") == "error":
        return refusal(response, words, name, _NAMES)
    if response.status >= 400:
        return status_error(response)
    return BadResponseError("$.status: is neither 'success' nor 'error', and no reason is given", field="$.status")


def _told(answer: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """The error's name and the provider's words, where there are any."""
    for carrier in (answer.get("detail"), answer.get("message"), answer.get("result")):
        if isinstance(carrier, str) and carrier:
            return None, carrier
        if texts := {name: text for name, text in members(carrier).items() if isinstance(text, str) and text}:
            return next(iter(texts)), "; ".join(texts.values())
    return None, None
