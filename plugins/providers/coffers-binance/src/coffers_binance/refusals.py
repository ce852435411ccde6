"""The codes Binance says no with. The one place to add a further code."""

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
    refusal,
)

#: https://github.com/binance/binance-spot-api-docs/blob/master/errors.md as of 2026-07; -2008 from ccxt 4.5.64 alone.
#: What is not here is what its HTTP status means.
_CLASSES: Final[Mapping[str | int, type[CoffersError]]] = {
    "-1001": UnavailableError,  # internal error, please try again
    "-1002": PermissionDeniedError,  # not authorized to execute this request
    "-1003": RateLimitedError,  # too much request weight used, or the address is banned until a time
    "-1006": UnavailableError,  # unexpected response from the message bus
    "-1007": UnavailableError,  # no answer from the server behind it
    "-1008": UnavailableError,  # overloaded
    "-1021": ClockError,  # timestamp outside of the recvWindow, or ahead of the server's time
    "-1022": AuthError,  # signature not valid
    "-1034": RateLimitedError,  # too many connections
    "-2008": AuthError,  # invalid API key ID
    "-2014": AuthError,  # API-key format invalid
    "-2015": AuthError,  # invalid API-key, IP, or permissions for action: it does not say which
}
#: The status of an address that went on after HTTP 429.
_BANNED: Final = 418


def refused(response: Response, code: Any, message: Any) -> CoffersError:
    """The error that an answer without balances means.

    Args:
        response: what came back.
        code: the answer's ``code``, if it has one.
        message: the answer's ``msg``, if it has one.
    """
    known_code = (str(code) or None) if type(code) in (int, str) else None
    words = message if isinstance(message, str) else None
    if response.status == _BANNED and known_code not in _CLASSES:
        return RateLimitedError(words or "HTTP 418: this address is banned for a while", code=known_code)
    return refusal(response, words, known_code, _CLASSES)
