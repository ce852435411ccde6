"""What an HTTP status means when nothing better is known, and how long the server asks to wait.

Floor 2. A provider's own words go first; this table speaks where they are missing or not understood.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from typing import Final

from .errors import (
    AuthError,
    BadResponseError,
    CoffersError,
    PermissionDeniedError,
    RateLimitedError,
    RejectedError,
    TimedOutError,
    UnavailableError,
)
from .messages import Response

__all__ = ["http_date", "is_html", "reason_phrase", "retry_after_s", "status_error", "time_from_text"]

_CLASSES: Final[Mapping[int, type[CoffersError]]] = {
    401: AuthError,
    403: PermissionDeniedError,
    408: TimedOutError,
    425: UnavailableError,
    429: RateLimitedError,
    451: PermissionDeniedError,  # not from this country
}

#: Phrases of RFC 9110 (section 15.5) that Python tells only since 3.13: an error reads the same on every Python.
_PHRASES: Final[Mapping[int, str]] = {
    413: "Content Too Large",
    414: "URI Too Long",
    416: "Range Not Satisfiable",
    422: "Unprocessable Content",
}

#: Headers in which providers name a request.
_REQUEST_IDS: Final = ("x-request-id", "request-id", "cf-ray")

#: A `Retry-After` beyond a year is not an answer to "when".
_LONGEST_WAIT_S: Final = 366 * 86_400


def is_html(response: Response) -> bool:
    """Whether the body is a page for people: a proxy's or a maintenance page, never a provider's answer."""
    content_type = (response.header("content-type") or "").lower()
    start = response.body[:256].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"{", b"[")):
        return False  # PHP calls everything text/html unless told otherwise, JSON too
    return "html" in content_type or start.startswith((b"<!doctype", b"<html", b"<head", b"<body"))


def status_error(response: Response, message: str | None = None, *, code: str | int | None = None) -> CoffersError:
    """The error that the HTTP status means.

    Args:
        response: what came back.
        message: the provider's words, where there are any.
        code: the provider's own code, where there is one.
    """
    status = response.status
    page = is_html(response)
    if status == 403 and page:
        cls: type[CoffersError] = UnavailableError
    elif status >= 500:
        cls = UnavailableError
    elif status >= 400:
        cls = _CLASSES.get(status, RejectedError)
    else:
        cls = BadResponseError
    if not message:
        message = f"HTTP {status} {reason_phrase(status)}".rstrip() + (" with an HTML page" if page else "")
    return cls(message, code=code, retry_after_s=retry_after_s(response), request_id=_request_id(response))


def reason_phrase(status: int) -> str:
    """The words of an HTTP status, such as "Not Found"; empty where it has none."""
    from http import HTTPStatus

    try:
        return _PHRASES.get(status) or HTTPStatus(status).phrase
    except ValueError:
        return ""


def _request_id(response: Response) -> str | None:
    return next((value for name in _REQUEST_IDS if (value := response.header(name))), None)


def http_date(text: str | None) -> datetime | None:
    """The aware UTC time of an HTTP date, or None where there is none."""
    if not text:
        return None
    from email.utils import parsedate_to_datetime  # most of `email` comes with it

    try:
        when = parsedate_to_datetime(text)
        return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def time_from_text(text: object, *, zone: tzinfo | None = None) -> datetime | None:
    """The aware time that an ISO 8601 text names; None for what is none.

    Args:
        text: as the answer holds it: ``2019-07-09T15:01:12Z``, ``2019-07-09T15:01:12.5+0200``.
        zone: what a time without a zone of its own is in; without it such a text names no instant.
    """
    if not isinstance(text, str):
        return None
    try:
        when = datetime.fromisoformat(text.strip().upper())
    except ValueError:
        return None
    return when.replace(tzinfo=zone) if when.tzinfo is None and zone else when if when.tzinfo else None


def retry_after_s(response: Response, *, now: datetime | None = None) -> float | None:
    """Seconds of the `Retry-After` header, never negative; None where it is missing or makes no sense.

    A date counts from the answer's own `Date`, else from `now`; without either it cannot be turned into a wait.
    """
    text = (response.header("retry-after") or "").strip()
    if text.isascii() and text.isdigit() and len(text) <= 10:
        seconds = float(text)
    else:
        until, since = http_date(text), http_date(response.header("date")) or now
        if until is None or since is None:
            return None
        seconds = (until - since).total_seconds()
    return max(0.0, seconds) if seconds <= _LONGEST_WAIT_S else None
