"""The codes OKX says no with, also with HTTP 200. The one place to add a further code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from coffers.plugin import (
    AuthError,
    ClockError,
    CoffersError,
    PermissionDeniedError,
    RateLimitedError,
    Response,
    UnavailableError,
    UnsupportedError,
    refusal,
    status_error,
)

#: https://www.okx.com/docs-v5/en/#error-code-rest-api-public as of 2026-07. What is not here is what its HTTP status
#: means, else `rejected`.
_CLASSES: Final[Mapping[str | int, type[CoffersError]]] = {
    "50001": UnavailableError,  # service temporarily unavailable
    "50004": UnavailableError,  # endpoint request timeout
    "50005": UnavailableError,  # endpoint inactive or unavailable
    "50007": PermissionDeniedError,  # user blocked
    "50008": AuthError,  # user does not exist
    "50011": RateLimitedError,  # rate limit reached; with HTTP 200 or 429
    "50012": PermissionDeniedError,  # account status invalid
    "50013": UnavailableError,  # systems are busy
    "50026": UnavailableError,  # system error
    "50030": PermissionDeniedError,  # no permission to use this endpoint
    "50035": PermissionDeniedError,  # the key must be bound to an address
    "50038": UnsupportedError,  # unavailable in demo trading
    "50040": RateLimitedError,  # too frequent operations
    "50046": UnavailableError,  # temporarily unavailable while it is improved
    "50051": PermissionDeniedError,  # restrictions in your country or region
    "50059": PermissionDeniedError,  # further steps that a regulator wants
    "50060": PermissionDeniedError,  # identity to be verified
    "50100": PermissionDeniedError,  # API frozen
    "50101": PermissionDeniedError,  # a demo key on the real platform, or the other way round
    "50102": ClockError,  # timestamp more than 30 seconds off
    "50103": AuthError,  # no key
    "50104": AuthError,  # no passphrase
    "50105": AuthError,  # passphrase incorrect
    "50106": AuthError,  # no signature
    "50107": AuthError,  # no timestamp
    "50110": PermissionDeniedError,  # address not in the key's list
    "50111": AuthError,  # invalid key
    "50112": ClockError,  # invalid timestamp
    "50113": AuthError,  # invalid signature
    "50114": AuthError,  # invalid authorization
    "50119": AuthError,  # key does not exist: also a key of another region
    "50120": PermissionDeniedError,  # the key may not use this function
    "50121": PermissionDeniedError,  # no service to this address
}


def refused(response: Response, code: Any, message: Any) -> CoffersError:
    """The error that an answer whose code is not ``"0"`` means.

    Args:
        response: what came back.
        code: the answer's ``code``, if it has one.
        message: the answer's ``msg``, if it has one.
    """
    words = message if isinstance(message, str) else None
    if not isinstance(code, str) or code in ("", "0"):
        return status_error(response, words)
    return refusal(response, words, code, _CLASSES)
