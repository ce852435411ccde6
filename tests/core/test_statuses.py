"""What an HTTP status means, and how long a server asks to wait."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coffers.errors import one_line
from coffers.messages import Response
from coffers.statuses import http_date, is_html, reason_phrase, retry_after_s, status_error, time_from_text

HTML = b"<!DOCTYPE html><title>Access denied</title>"
WEDNESDAY = "Wed, 21 Oct 2015 07:28:00 GMT"
KINDS = {
    **dict.fromkeys([-1, 0, 100, 199, 200, 204, 301, 302, 304, 399], "bad_response"),
    **dict.fromkeys([400, 402, 404, 405, 407, 409, 418, 422, 499], "rejected"),
    **dict.fromkeys([500, 502, 503, 504, 520, 529, 599, 600, 999, 425], "unavailable"),
    401: "auth",
    403: "permission",
    408: "timeout",
    429: "rate_limited",
    451: "permission",
}


@pytest.mark.parametrize(("status", "kind"), KINDS.items())
@pytest.mark.parametrize("body", [b"", b"{}", b"no"])
def test_the_kind_of_a_status(status: int, kind: str, body: bytes) -> None:
    error = status_error(Response(status, (), body))
    assert error.kind == kind
    assert error.message.startswith(f"HTTP {status}")
    assert error.message == error.message.strip()


@pytest.mark.parametrize(
    ("status", "kind"), [(403, "unavailable"), (401, "auth"), (429, "rate_limited"), (502, "unavailable")]
)
def test_a_page_instead_of_an_answer(status: int, kind: str) -> None:
    error = status_error(Response(status, (), HTML))
    assert error.kind == kind
    assert error.message.endswith("with an HTML page")


def test_the_providers_words_and_what_headers_add() -> None:
    response = Response(429, (("Retry-After", "7"), ("X-Request-ID", "r-1"), ("CF-Ray", "c-1")))
    error = status_error(response, "slow down", code=29)
    assert (error.message, error.code, error.retry_after_s, error.request_id) == ("slow down", "29", 7.0, "r-1")
    assert status_error(Response(200, (("cf-ray", "c-1"),))).request_id == "c-1"
    assert status_error(Response(200)).message == "HTTP 200 OK"
    assert status_error(Response(529)).message == "HTTP 529"


@pytest.mark.parametrize(
    ("status", "phrase"),
    [
        (404, "Not Found"),
        (413, "Content Too Large"),
        (414, "URI Too Long"),
        (416, "Range Not Satisfiable"),
        (422, "Unprocessable Content"),
        (529, ""),
    ],
)
def test_the_phrase_is_the_same_on_every_python(status: int, phrase: str) -> None:
    assert reason_phrase(status) == phrase
    assert status_error(Response(status)).message == f"HTTP {status} {phrase}".rstrip()


@pytest.mark.parametrize(
    ("body", "content_type", "page"),
    [
        (HTML, "", True),
        (b"\xef\xbb\xbf\r\n <HTML>", "", True),
        (b"<head>", "text/plain", True),
        (b"<BODY bgcolor=white>", "", True),
        (b"", "text/html; charset=utf-8", True),
        (b"Service down", "Text/HTML", True),
        (b'{"error": 1}', "text/html", False),  # PHP's default content type
        (b"\n[]", "text/html", False),
        (b"{}", "application/json", False),
        (b"balance:10", "", False),
        (b"<?xml version='1.0'?><a/>", "application/xml", False),
        (b"", "", False),
    ],
)
def test_what_is_a_page(body: bytes, content_type: str, page: bool) -> None:
    assert is_html(Response(200, (("Content-Type", content_type),), body)) is page


@pytest.mark.parametrize(
    ("text", "date", "seconds"),
    [
        ("0", None, 0.0),
        ("5", None, 5.0),
        (" 120 ", None, 120.0),
        ("3600", WEDNESDAY, 3600.0),
        ("0005", None, 5.0),
        (str(366 * 86_400), None, 366 * 86_400.0),
        (str(366 * 86_400 + 1), None, None),
        ("9" * 10, None, None),
        ("9" * 5000, None, None),
        *((odd, WEDNESDAY, None) for odd in ("-5", "1.5", "5s", "²", "٣", "", "soon", "nan", "1e3", "\xff", "\x00")),
        (WEDNESDAY, "Wed, 21 Oct 2015 07:27:00 GMT", 60.0),
        (WEDNESDAY, "Wed, 21 Oct 2015 09:27:00 +0200", 60.0),
        (WEDNESDAY, WEDNESDAY, 0.0),
        (WEDNESDAY, "Wed, 21 Oct 2015 07:29:00 GMT", 0.0),
        (WEDNESDAY, None, None),
        (WEDNESDAY, "yesterday", None),
        (WEDNESDAY, "Wed, 21 Oct 2009 07:29:00 GMT", None),
        ("Fri, 31 Dec 9999 23:59:59 -0100", WEDNESDAY, None),
        (WEDNESDAY, "Fri, 31 Dec 9999 23:59:59 -0100", None),
        ("Mon, 01 Jan 0001 00:00:00 +0100", WEDNESDAY, 0.0),
    ],
)
def test_how_long_to_wait(text: str, date: str | None, seconds: float | None) -> None:
    headers = (("Retry-After", text), *((("Date", date),) if date is not None else ()))
    assert retry_after_s(Response(429, headers)) == seconds


def test_nobody_asks_to_wait() -> None:
    assert retry_after_s(Response(429)) is None


@pytest.mark.parametrize("text", [WEDNESDAY, "Wed, 21 Oct 2015 10:28:00 +0300", "Wed, 21 Oct 2015 07:28:00 -0000"])
def test_an_http_date_is_utc(text: str) -> None:
    found = http_date(text)
    assert found == datetime(2015, 10, 21, 7, 28, tzinfo=UTC)
    assert found is not None
    assert found.tzinfo is UTC


@pytest.mark.parametrize(
    "text", ["2019-07-09T15:01:12Z", " 2019-07-09t15:01:12z ", "2019-07-09T18:01:12+0300", "2019-07-09 15:01:12+00:00"]
)
def test_an_iso_time_names_an_instant(text: str) -> None:
    assert time_from_text(text) == datetime(2019, 7, 9, 15, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("text", [None, "", "x", 1562684472, "2019-07-09T15:01:12", "2019-07-09T15:01:12 GMT"])
def test_what_names_no_instant(text: object) -> None:
    assert time_from_text(text) is None


def test_a_time_without_a_zone_may_be_known_to_be_in_one() -> None:
    assert time_from_text("2019-07-09T15:01:12", zone=UTC) == datetime(2019, 7, 9, 15, 1, 12, tzinfo=UTC)
    assert time_from_text("2019-07-09T15:01:12+01:00", zone=UTC) == datetime(2019, 7, 9, 14, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("text", [None, "", " ", "x", "Wed", "21 Oct", "Wed, 99 Oct 2015 07:28:00 GMT", "a, b c d e f"])
def test_what_is_no_date(text: str | None) -> None:
    assert http_date(text) is None


@given(
    status=st.integers(-10, 1000),
    values=st.lists(
        st.one_of(st.binary(max_size=40).map(lambda raw: raw.decode("latin-1")), st.text(max_size=40)),
        min_size=5,
        max_size=5,
    ),
    body=st.binary(max_size=60),
)
def test_no_header_and_no_body_makes_it_raise(status: int, values: list[str], body: bytes) -> None:
    names = ("Retry-After", "Date", "Content-Type", "X-Request-Id", "CF-Ray")
    error = status_error(Response(status, tuple(zip(names, values, strict=True)), body))
    assert error.retry_after_s is None or error.retry_after_s >= 0
    assert error.with_facts().message == one_line(error.message)


@given(
    st.from_regex(
        r"[A-Z][a-z]{2}, [0-9]{1,2} (Jan|Feb|Dec) [0-9]{1,4} [0-9]{2}:[0-9]{2}:[0-9]{2} ([+-][0-9]{4}|GMT|UT)",
        fullmatch=True,
    ),
    st.sampled_from([WEDNESDAY, "Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 01 Jan 0001 00:00:00 GMT"]),
)
def test_no_near_date_makes_it_raise(text: str, date: str) -> None:
    seconds = retry_after_s(Response(503, (("Retry-After", text), ("Date", date))))
    assert seconds is None or 0 <= seconds <= 366 * 86_400
