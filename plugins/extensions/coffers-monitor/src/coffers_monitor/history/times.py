"""`--since` and `--until`: a day, a time, or how long ago. Pure: now is given."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Final

__all__ = ["time_from_text"]

_AGO: Final = re.compile(r"([0-9]{1,6})([smhdw])")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def time_from_text(text: str, now: datetime, *, end: bool) -> datetime:
    """The time that `text` stands for, in UTC.

    Args:
        text: ``90s``, ``15m``, ``6h``, ``7d`` or ``2w`` ago; a day, ``2026-11-21``; or a time,
            ``2026-11-21T03:00Z``. What names no zone is in UTC.
        now: what ago is counted from (aware).
        end: whether a day means its end rather than its beginning.

    Raises:
        ValueError: it is none of these. The message says what to write.
    """
    try:
        if ago := _AGO.fullmatch(text):
            return (now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})).astimezone(UTC)
        if _DAY.fullmatch(text):
            day = datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)
            return day + timedelta(days=1, microseconds=-1) if end else day
        when = datetime.fromisoformat(text)
        return (when if when.tzinfo is not None else when.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("write how long ago (6h, 7d), a day (2026-11-21) or a time (2026-11-21T03:00Z)") from None
