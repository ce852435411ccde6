"""The time an answer names: RFC 3339 text, or seconds or milliseconds since 1970. Never guessed, never naive."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from coffers.plugin import BadResponseError

__all__ = ["to_time"]

_RFC3339: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
#: Seconds from 2000 to 2100. A thousand times as much cannot be meant as seconds, so it is milliseconds.
_FIRST_S: Final = 946_684_800
_LAST_S: Final = 4_102_444_800


def to_time(value: Any, place: str) -> datetime | None:
    """The aware time; None where the answer names none.

    Raises:
        BadResponseError: neither of the two forms, or not of this century; `field` is the place.
    """
    if value is None:
        return None
    time = None
    if isinstance(value, str):
        time = _from_text(value)
    elif isinstance(value, int | Decimal) and not isinstance(value, bool):
        time = _from_number(Decimal(value))
    if time is None:
        reason = "must be a time with its offset (RFC 3339), or seconds or milliseconds since 1970"
        raise BadResponseError(f"{place}: {reason}", field=place)
    return time


def _from_text(text: str) -> datetime | None:
    if not _RFC3339.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):  # no such day or hour
        return None


def _from_number(number: Decimal) -> datetime | None:
    for unit_ms in (1000, 1):
        if _FIRST_S * 1000 <= number * unit_ms < _LAST_S * 1000:
            return _EPOCH + timedelta(milliseconds=int(number * unit_ms))
    return None
