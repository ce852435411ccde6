"""The numbers Namecheap says no with, nearly always with HTTP 200. The one place to add a further number.

As of 2026-11: https://www.namecheap.com/support/api/global-parameters/, and the page of the call for 4022312. What is
not here is what the HTTP status means, else `rejected`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from coffers.plugin import (
    AuthError,
    BadResponseError,
    CoffersError,
    PermissionDeniedError,
    RateLimitedError,
    Response,
    UnavailableError,
    refusal,
)

#: The HTTP status that means it, says Namecheap's own Go client; there is no call that knows only other methods.
TOO_MANY_REQUESTS: Final = 405

_CLASSES: Final[dict[str | int, type[CoffersError]]] = {
    TOO_MANY_REQUESTS: RateLimitedError,
    "1010101": AuthError,  # ApiUser is missing
    "1011101": AuthError,  # ApiUser is not known; on no page, seen by others
    "1010102": AuthError,  # ApiKey is missing
    "1011102": AuthError,  # the key is wrong or API access is off; the page says it is missing
    "1030408": AuthError,  # unsupported authentication type
    "1019103": AuthError,  # UserName is not available
    "1016103": PermissionDeniedError,  # UserName is not for this ApiUser
    "1011150": PermissionDeniedError,  # the address is not in the account's list
    "1017150": PermissionDeniedError,  # that address is disabled or locked
    "1017105": PermissionDeniedError,  # ClientIp is disabled or locked
    "1017101": PermissionDeniedError,  # ApiUser is disabled or locked
    "1017103": PermissionDeniedError,  # UserName is disabled or locked
    "1017410": PermissionDeniedError,  # too many declined payments
    "1017411": PermissionDeniedError,  # too many login attempts: asking again makes it worse
    "500000": RateLimitedError,  # too many requests; on no page, seen by others
    "1050900": UnavailableError,  # unknown error when validating ApiUser
    "4022312": UnavailableError,  # balance information is not available
    "5050900": UnavailableError,  # unknown exceptions; on the pages of other calls
}


def refused(response: Response, errors: Sequence[tuple[str | None, str | None]]) -> CoffersError:
    """The error that an answer without success means.

    Args:
        response: what came back.
        errors: number and words of each error in it; the first number speaks.
    """
    if response.status == TOO_MANY_REQUESTS:
        return refusal(response, "too many requests (HTTP 405)", TOO_MANY_REQUESTS, _CLASSES)
    if not errors and response.status < 400:
        return BadResponseError("the answer's Status is not OK, and no error is given", field="Status")
    number = errors[0][0] if errors else None
    words = "; ".join(text.strip() for _, text in errors if text and text.strip())
    return refusal(response, words, number, _CLASSES)
