"""The codes and words Pagsmile says no with. The one place to add a further code.

Numbers alone are unreliable: its pages give one code two meanings and one meaning three codes. So the words "request
has expired" are looked for first, under any code; then comes the table, then the HTTP status.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import attrs

from coffers.plugin import (
    AuthError,
    BadResponseError,
    ClockError,
    CoffersError,
    PermissionDeniedError,
    RateLimitedError,
    Response,
    UnavailableError,
    refusal,
    structure,
)

#: https://docs.pagsmile.com/payout/api-code as of 2026-11. What is not here is what its HTTP status means.
_CLASSES: dict[int, type[CoffersError]] = {
    4004001: AuthError,  # invalid token
    4004002: AuthError,  # token expired
    4004003: AuthError,  # permission denied: the documented answer to a wrong signature or app
    4004100: AuthError,  # MerchantId or AppId is required
    4004101: AuthError,  # Authorization is required
    4001200: AuthError,  # merchant not existed
    4001203: AuthError,  # app not existed
    4004103: PermissionDeniedError,  # IP address has no permission
    4001201: PermissionDeniedError,  # merchant is inactive
    4001202: PermissionDeniedError,  # app is inactive
    4004029: RateLimitedError,  # too many requests
    429: RateLimitedError,
    500: UnavailableError,  # system error, on the payout-status page
}
_SYSTEM_ERRORS = range(5001000, 5002000)


@attrs.frozen
class Reason:
    """What `data` holds in a refusal: nothing, ``err``, or on one page ``error``."""

    err: Any = None
    error: Any = None


def refused(response: Response, code: int, msg: Any, data: Any, time: datetime | None) -> CoffersError:
    """The error that a refusal means; `time` is the provider's own, and mends our clock if that was the fault."""
    try:
        reason = structure(data, Reason)
    except BadResponseError:
        reason = Reason()
    said = (msg, reason.err, reason.error)
    words = ": ".join(text for text in said if isinstance(text, str) and text)
    if "request has expired" in words.lower():
        return ClockError(words, code=code, server_time=time)
    cls = UnavailableError if code in _SYSTEM_ERRORS else _CLASSES.get(code)
    return refusal(response, words, code, {code: cls} if cls else None)
