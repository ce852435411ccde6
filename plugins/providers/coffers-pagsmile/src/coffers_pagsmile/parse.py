"""What the answer means. Numbers alone are unreliable: pages give one code two meanings and one meaning three codes.

So the words "request has expired" are looked for first, under any code; then `_CLASSES`, then the HTTP status.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import attrs
from coffers.plugin import (
    Amount,
    AuthError,
    BadResponseError,
    Balance,
    ClockError,
    CoffersError,
    PermissionDeniedError,
    Query,
    RateLimitedError,
    Response,
    Snapshot,
    UnavailableError,
    hookimpl,
    parse_json,
    refusal,
    structure,
)

from .request import Settings

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
class Envelope:
    """What every answer has; `data` is a list on success, else an object."""

    code: int
    msg: Any = None
    time: Any = None
    data: Any = None


@attrs.frozen
class Row:
    """``{"currency": "USD", "amount": "551.38"}``."""

    currency: str
    amount: Amount


@attrs.frozen
class Answer:
    """A success."""

    data: list[Row]


@hookimpl
def coffers_parse(response: Response, query: Query[Settings]) -> Snapshot:
    """A balance a currency, zeros included. Success is code 200; the older table's 0 only with HTTP 200 and a list."""
    body = parse_json(response.body)
    envelope = structure(body, Envelope)
    if envelope.code == 0 and (response.status != 200 or not isinstance(envelope.data, list)):
        raise BadResponseError("$.code: 0 without a list of balances", field="$.code")
    if envelope.code not in (200, 0):
        raise _refused(response, envelope)
    rows = structure(body, Answer).data
    return Snapshot([Balance(row.currency, total=row.amount) for row in rows], _time(envelope.time))


def _refused(response: Response, envelope: Envelope) -> CoffersError:
    data: Any = envelope.data if isinstance(envelope.data, dict) else {}
    said: list[Any] = [envelope.msg, data.get("err"), data.get("error")]
    words = ": ".join(text for text in said if isinstance(text, str) and text)
    if "request has expired" in words.lower():
        return ClockError(words, code=envelope.code, server_time=_time(envelope.time))
    cls = UnavailableError if envelope.code in _SYSTEM_ERRORS else _CLASSES.get(envelope.code)
    return refusal(response, words, envelope.code, {envelope.code: cls} if cls else None)


def _time(value: Any) -> datetime | None:
    """The answer's own time; None for what is no number of seconds of this century."""
    if type(value) is not int or not 946_684_800 <= value < 4_102_444_800:
        return None
    return datetime.fromtimestamp(value, UTC)
