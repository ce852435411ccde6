"""What a person reads."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_up_month import NOW, Lasting

from coffers_monitor.facts import Figures, Place
from coffers_monitor.web import words
from coffers_monitor.web.board import Row
from coffers_monitor.web.view import Alert, Told


@pytest.mark.parametrize(
    ("value", "markup"),
    [
        (None, "–"),
        (Decimal("0.00"), "0.00"),
        (Decimal("-0.00"), "0.00"),
        (Decimal("1234.5"), "1234.5"),
        (Decimal("-12345.50"), "-12<span class=g>345</span>.50"),
        (Decimal("123456"), "123<span class=g>456</span>"),
        (Decimal("1E+6"), "1<span class=g>000</span><span class=g>000</span>"),
        (Decimal("1E-18"), "0.000000000000000001"),
    ],
)
def test_an_amount_keeps_every_digit(value: Decimal | None, markup: str) -> None:
    assert words.amount(value) == markup


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6))
def test_what_is_copied_is_the_amount(value: Decimal) -> None:
    copied = words.amount(value).striptags().replace(" ", "")
    assert copied == words.plain_amount(value)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"), (-5, "0 s"), (0.1, "1 s"), (119, "119 s"), (120, "2 min"), (120.5, "3 min"), (7199, "120 min"),
        (7200, "2 h"), (86400, "24 h"), (172800, "2 d"), (172801, "3 d"),
    ],
)  # fmt: skip
def test_an_age_never_sounds_younger_than_it_is(seconds: float, text: str) -> None:
    assert words.age(NOW - timedelta(seconds=seconds), NOW) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 seconds"), (1, "1 second"), (119.9, "119 seconds"), (7199, "119 minutes"), (172799, "47 hours"),
        (172800, "2 days"),
    ],
)  # fmt: skip
def test_a_span_never_sounds_longer_than_it_is(seconds: float, text: str) -> None:
    assert words.span(seconds) == text


@pytest.mark.parametrize(
    ("told", "text"),
    [
        (Told(NOW, "chat", "", sent_at=NOW - timedelta(minutes=3), error="an old one"), "delivered 3 min ago"),
        (Told(NOW, "chat", "", next_try=NOW), "on its way"),
        (
            Told(NOW, "chat", "", next_try=NOW + timedelta(minutes=5), error="no"),
            "not delivered: no; tried again in 5 minutes",
        ),
        (
            Told(NOW, "chat", "", next_try=NOW - timedelta(minutes=5), error="no"),
            "not delivered: no; tried again in 0 seconds",
        ),
        (Told(NOW, "chat", "", error="no"), "not delivered: no; given up"),
    ],
)
def test_what_became_of_a_message(told: Told, text: str) -> None:
    assert words.became(told, NOW) == text


def test_a_runway() -> None:
    day = timedelta(days=1)
    near = Lasting("estimate", Decimal(1), NOW + day / 4, NOW + day / 8, NOW + day / 3)
    far = Lasting("estimate", Decimal(1), NOW + 9 * day, NOW + 7 * day, NOW + 12 * day)
    over = Lasting("estimate", Decimal(1), NOW, NOW, NOW + day)
    assert (words.runway(near, NOW), words.margin(near, NOW)) == ("in 6 hours", "21 Nov 15:00 to 20:00")
    assert (words.runway(far, NOW), words.margin(far, NOW)) == ("in 9 days", "28 Nov to 3 Dec")
    assert words.runway(over, NOW) == "at any moment"
    assert words.margin(Lasting("estimate", None, NOW, NOW + 5 * day, None), NOW) == "not before 26 Nov"
    assert words.runway(Lasting("estimate", Decimal(1)), NOW) == "in many years"
    assert words.runway(Lasting("not_falling"), NOW) == "not falling"
    assert words.runway(Lasting("not_enough_data"), NOW) == "not enough data yet"
    assert words.margin(Lasting("not_falling"), NOW) == ""


def row(amount: str | None, forecast: Lasting, *, expires_at: datetime | None = None, unconfirmed: bool = False) -> Row:
    place = Place("shop", "USD")
    held = (Alert("shop", place, "unconfirmed", "unconfirmed", NOW, "all is 0"),) if unconfirmed else ()
    figures = Figures(place, total=None if amount is None else Decimal(amount), expires_at=expires_at)
    return Row(figures, "ok", forecast, held)


HOUR = timedelta(hours=1)
OVER = Lasting("estimate", Decimal(1), NOW - 3 * HOUR, NOW - 3 * HOUR, NOW - 3 * HOUR)
LONG_OVER = Lasting("estimate", Decimal(1), NOW - 400 * 24 * HOUR)
AHEAD = Lasting("estimate", Decimal(1), NOW + 6 * HOUR)


@pytest.mark.parametrize(
    ("balance", "lasts", "between"),
    [
        (row("0", OVER), "has run out", "since 21 Nov 09:00"),
        (row("-0.5", OVER), "has run out", "since 21 Nov 09:00"),
        (row("0.00", LONG_OVER), "has run out", "since 17 Oct 2025"),
        (row("0.01", OVER), "at any moment", ""),
        (row("0", OVER, unconfirmed=True), "not confirmed yet", ""),
        (row("0", Lasting("not_falling")), "nothing to spend", ""),
        (row("-1", Lasting("not_enough_data")), "nothing to spend", ""),
        (row(None, Lasting("not_enough_data")), "not enough data yet", ""),
        (row("5", AHEAD, expires_at=NOW), "has expired", "since 21 Nov 12:00"),
        (row("5", AHEAD, expires_at=NOW + HOUR), "in 6 hours", ""),
        (row("0", OVER, expires_at=NOW - HOUR), "has run out", "since 21 Nov 09:00"),
    ],
)
def test_what_is_gone_is_said_to_be_gone_and_since_when(balance: Row, lasts: str, between: str) -> None:
    assert (words.lasts(balance, NOW), words.between(balance, NOW)) == (lasts, between)


def test_what_is_estimated_claims_three_digits() -> None:
    assert [words.rough(Decimal(text)) for text in ("0", "130", "12345.678", "0.0012345", "9.999")] == [
        "0",
        "130",
        "12346",
        "0.00123",
        "10",
    ]


def test_a_place_is_named_in_full() -> None:
    assert words.place_name(Place("a", "USDT", "TRC20", "main")) == "USDT · TRC20 · main"
    assert words.place_name(Place("a", "USD")) == "USD"
