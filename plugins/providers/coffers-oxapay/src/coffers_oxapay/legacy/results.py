"""The result codes and what each means. Failures come with HTTP 200, so this table is the verdict.

As of 2026-11: https://docs.oxapay.com/legacy/api-reference/result-code-table (132 to 134 are not in it)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from coffers.plugin import AuthError, CoffersError, PermissionDeniedError, RejectedError, UnavailableError

__all__ = ["RESULTS", "SUCCESS"]

#: Successful operation.
SUCCESS: Final = 100

#: Every other published code. One that is not here is `rejected` too, or what the HTTP status says if that is an error.
RESULTS: Final[Mapping[str | int, type[CoffersError]]] = {
    101: RejectedError,  # Validation problem
    102: AuthError,  # Invalid merchant API key
    103: AuthError,  # Invalid Payout API key
    104: PermissionDeniedError,  # Invalid IP address
    105: RejectedError,  # Invalid currency
    106: RejectedError,  # Invalid network
    107: RejectedError,  # Invalid callbackUrl
    108: RejectedError,  # Invalid returnUrl
    109: RejectedError,  # Amount is too low
    110: RejectedError,  # Amount is too high
    111: RejectedError,  # lifeTime too short
    112: RejectedError,  # Lifetime too long
    113: RejectedError,  # underPaidCover must be >= 0
    114: RejectedError,  # underPaidCover must be <= 60
    115: RejectedError,  # Invalid feePaidByPayer value
    116: RejectedError,  # Invalid trackId
    117: RejectedError,  # Invalid address
    118: RejectedError,  # toAmount cannot be smaller than fromAmount
    119: RejectedError,  # toDate cannot be earlier than fromDate
    120: RejectedError,  # Invalid payCurrency or incorrect symbol
    121: RejectedError,  # Invalid fromCurrency
    122: RejectedError,  # Invalid toCurrency
    123: RejectedError,  # fromCurrency cannot be the same as toCurrency
    124: RejectedError,  # Limit exceeded: of what is not said. Its neighbours are about amounts, so not `rate_limited`
    125: RejectedError,  # Receiver address is yours
    126: RejectedError,  # Amount not provided
    127: RejectedError,  # Amount is below the minimum limit
    128: RejectedError,  # Transfer limit exceeded (per transaction)
    129: RejectedError,  # Total daily transfer limit exceeded
    130: RejectedError,  # Insufficient balance
    131: UnavailableError,  # An error occurred
    135: RejectedError,  # Transfer of this currency on the network is disabled
    500: UnavailableError,  # Internal error
}
