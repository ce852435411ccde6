"""What is said, word for word: what, how much, since when, how long it lasts, how old the number is, what to do."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from importlib import resources

import jsonschema
import pytest

from coffers_monitor.facts import Place
from coffers_monitor.notify import document, message
from coffers_monitor.notify.messages import span_text
from coffers_monitor.rules import Failure, Forecast, Level

from .made import at, low, unread

DAY = 86400
SCHEMA = json.loads(resources.files("coffers_monitor.notify").joinpath("alerts-1.schema.json").read_text("utf-8"))


def test_a_low_balance() -> None:
    forecast = Forecast(
        out_at=at(8 * DAY), earliest=at(7 * DAY), latest=at(9 * DAY), per_day=Decimal("5.3333333333333333333")
    )
    said = message([low(as_of=at(-3600), forecast=forecast)], now=at(90), page="https://example.com/")
    assert said.title == "CRITICAL shop USD: 42.50 USD left, below 50 USD"
    assert said.text.split("\n") == [
        "This began 2026-11-21 03:00 UTC, 1 min ago.",
        "Last read 2026-11-21 03:00 UTC, 1 min ago; the provider's figures are of 2026-11-21 02:00 UTC, 1 h old.",
        "It runs out about 2026-11-29 03:00 UTC at about 5.33 a day, "
        "between 2026-11-28 03:00 UTC and 2026-11-30 03:00 UTC.",
        "Top it up.",
        "",
        "All accounts: https://example.com/",
    ]


def test_an_alert_that_changes_says_when_it_began() -> None:
    worse = message([low(event="worse", before=Level.WARN, at=at(DAY), read_at=at(DAY))], now=at(DAY))
    assert worse.text.startswith("This began 2026-11-21 03:00 UTC, 24 h ago, and got worse now.\nLast read ")
    better = message([low(event="better", level=Level.WARN, before=Level.CRITICAL)], now=at(60))
    assert better.text.startswith("This began 2026-11-21 03:00 UTC, 1 min ago, and is better now, but not well.")
    both = message([low(), low("other")], now=at(60))
    assert both.text.startswith("CRITICAL other USD: 42.50 USD left, below 50 USD.\nThis began ")


def test_a_reminder_about_a_number_that_is_old() -> None:
    failing = Failure(at(3600), "auth", "unknown key\nX")
    said = message([low(event="reminder", at=at(DAY), failure=failing)], now=at(DAY))
    assert said.title == "CRITICAL shop USD: still 42.50 USD left, below 50 USD"
    assert "Last read 2026-11-21 03:00 UTC, 24 h ago." in said.text
    assert "Reads fail since 2026-11-21 04:00 UTC; what it is now is not known." in said.text
    assert "The last read failed: auth, unknown key X" in said.text


def test_every_digit_is_said() -> None:
    amount = Decimal("98765432109876543210987654321.000000000000000010")
    assert "98765432109876543210987654321.000000000000000010 USD" in message([low(amount=amount)], now=at(0)).title
    assert "left" in message([low(amount=Decimal("1E-18"))], now=at(0)).title
    assert "0.000000000000000001 USD" in message([low(amount=Decimal("1E-18"))], now=at(0)).title


@pytest.mark.parametrize(
    ("facts", "title", "advice"),
    [
        (
            {"subject": "runway_below", "limit": None, "limit_s": 172800},
            "CRITICAL shop USD: 42.50 USD left, lasts less than 2 days",
            "Top it up before then.",
        ),
        (
            {"subject": "drops_by", "peak": Decimal("92.51"), "within_s": 3600},
            "CRITICAL shop USD: 42.50 USD left, fell by 50.01 USD within 1 h",
            "Look at what was spent, and whether somebody else uses the key.",
        ),
        (
            {"subject": "drops_by", "percent": True, "limit": Decimal(30), "peak": Decimal("92.50"), "within_s": 3600},
            "CRITICAL shop USD: 42.50 USD left, fell by 50.00 USD (30 % or more) within 1 h",
            "Look at what was spent, and whether somebody else uses the key.",
        ),
        (
            {"subject": "expires_within", "limit": None, "limit_s": 604800, "expires_at": at(DAY)},
            "CRITICAL shop USD: 42.50 USD expires 2026-11-22 03:00 UTC",
            "Use it, or have it extended, before then.",
        ),
        (
            {"subject": "vanished", "limit": None, "gone_at": at(5), "level": Level.WARN},
            "WARN shop USD: is no longer in the provider's answer, 42.50 USD when last seen",
            "This is not 0: nothing is known of it.",
        ),
    ],
)
def test_other_conditions(facts: dict[str, object], title: str, advice: str) -> None:
    forecast = Forecast(out_at=at(DAY), per_day=Decimal("0.5"))
    notices = [low(**facts), low(**facts | {"forecast": forecast, "as_of": at(0), "failure": Failure(at(9), "auth")})]
    said = message(notices[:1], now=at(60))
    whole = json.loads(document(notices, said, message_id="m", now=at(60)))
    jsonschema.Draft202012Validator(SCHEMA).validate(whole)
    assert whole["notices"][1]["runs_out_at"] == "2026-11-22T03:00:00Z"
    assert set(whole["notices"][0]) == set(SCHEMA["properties"]["notices"]["items"]["required"])
    assert said.title == title
    assert advice in said.text
    well = message([low(**facts | {"level": Level.OK, "before": Level.WARN, "event": "recovery"})], now=at(60))
    assert well.title.startswith("OK shop USD: ")
    assert "no longer" in well.title or "longer than" in well.title or "is in the" in well.title
    assert advice not in well.text


@pytest.mark.parametrize(
    ("kind", "advice"),
    [
        ("auth", "Renew the key"),
        ("permission", "allowed by the provider"),
        ("config", "coffers doctor"),
        ("unavailable", "tried again"),
        ("timeout", "tried again"),
        (None, "coffers watch"),
    ],
)
def test_an_account_that_is_not_read(kind: str | None, advice: str) -> None:
    failing = None if kind is None else Failure(at(60), kind, "")
    said = message([unread("shop", failure=failing, read_at=None)], now=at(7200))
    assert said.title == "WARN shop: not read since 2026-11-21 03:00 UTC"
    assert "It was never read." in said.text
    assert advice in said.text


def test_rows_of_one_currency_are_told_apart() -> None:
    rows = [low(place=Place("shop", "USDT", network, "main")) for network in ("TRC20", "ERC20")]
    text = message(rows, now=at(0)).text
    assert "shop USDT TRC20 main" in text
    assert "shop USDT ERC20 main" in text


def test_many_are_bounded_and_none_is_left_out_of_the_count() -> None:
    notices = [low(f"account-{number}", number) for number in range(300)]
    notices += [unread(f"idle-{number}") for number in range(50)]
    notices += [unread(f"idle-{number}", event="recovery", level=Level.OK, failure=None) for number in range(50, 60)]
    said = message(notices, now=at(7200))
    assert said.title == "coffers: 300 critical, 50 warn, 10 well again (360 accounts)"
    assert len(said.text) < 4000
    assert "And 300 more:" in said.text
    assert "WARN: 50 accounts of acme cannot be read: idle-0, " in said.text
    assert "and 35 more" in said.text
    assert "OK: 10 accounts of acme are read again" in said.text


def test_other_peoples_words_act_on_nothing() -> None:
    failing = Failure(at(60), "rejected", "\x1b[31mred\x1b[0m\r\nSubject: x" + "y" * 5000)
    said = message([unread("shop", failure=failing)], now=at(7200))
    assert "\x1b" not in said.text
    assert "\r" not in said.text
    assert len(said.text) < 800


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-5, "0 s"), (59.9, "59 s"), (60, "1 min"), (3599, "59 min"), (3600, "1 h"), (172799, "47 h"), (172800, "2 days")],
)
def test_spans(seconds: float, text: str) -> None:
    assert span_text(timedelta(seconds=seconds)) == text
