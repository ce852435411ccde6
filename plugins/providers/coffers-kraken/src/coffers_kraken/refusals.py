"""The errors Kraken says no with, mostly with HTTP 200. The one place to add a further one.

An error is a text, ``<E or W><category>:<type>[:<more>]``; category and type are its code here.
"""

from __future__ import annotations

import re
from typing import Final

from coffers.plugin import (
    AuthError,
    ClockError,
    CoffersError,
    PermissionDeniedError,
    RateLimitedError,
    Response,
    UnavailableError,
    http_date,
    refusal,
)

#: As of 2026-11: https://docs.kraken.com/exchange/guides/general/errors, .../rest/ratelimits and the support article.
_CLASSES: Final[dict[str | int, type[CoffersError]]] = {
    "EAPI:Invalid key": AuthError,
    "EAPI:Invalid signature": AuthError,
    "EAPI:Invalid nonce": ClockError,
    "EGeneral:Permission denied": PermissionDeniedError,
    "EAccount:Invalid permissions": PermissionDeniedError,
    "EAuth:Account temporary disabled": PermissionDeniedError,
    "EAuth:Account unconfirmed": PermissionDeniedError,
    "EAPI:Rate limit exceeded": RateLimitedError,
    "EAuth:Rate limit exceeded": RateLimitedError,
    "EAuth:Too many requests": RateLimitedError,
    "EGeneral:Temporary lockout": RateLimitedError,
    "EGeneral:Too many requests": RateLimitedError,  # on no page; others' clients know it
    "EService:Throttled": RateLimitedError,
    "EGeneral:Internal error": UnavailableError,
    "EService:Busy": UnavailableError,  # on older pages
    "EService:Deadline elapsed": UnavailableError,
    "EService:Unavailable": UnavailableError,
}

#: "Typically approximately 15 minutes"; another try before makes it longer.
_LOCKOUT_S: Final = 900.0


def refused(response: Response, errors: list[str]) -> CoffersError:
    """The error that `errors` mean: the first known one decides, else the first, by its HTTP status."""
    split = [re.split(r"\s*:\s*", error.strip(), maxsplit=2) for error in errors]
    codes = [":".join(parts[:2]) for parts in split]
    index = next((index for index, code in enumerate(codes) if code in _CLASSES), 0)
    error = refusal(response, "; ".join(":".join(parts[1:] or parts) for parts in split), codes[index], _CLASSES)
    if error.code == "EService:Throttled":
        error.retry_after_s = _until(response, *split[index][2:])
    elif error.code == "EGeneral:Temporary lockout":
        error.retry_after_s = _LOCKOUT_S
    return error


def _until(response: Response, when: str = "") -> float | None:
    """Seconds from the answer's own date to `when`, a Unix time; None where one of them is missing or is none."""
    date = http_date(response.header("date"))
    if date is None or not re.fullmatch("[0-9]{1,12}", when):
        return None
    return max(0.0, int(when) - date.timestamp())
