"""`[[monitor.rules]]`: what is understood, and every fault at once."""

from __future__ import annotations

import tomllib
from datetime import timedelta
from decimal import Decimal

import pytest

from coffers_monitor.facts import Place
from coffers_monitor.rules import Rule, never_seen, parse_span, read_rules, too_short

from .readings import rules

WHOLE = """
[[rules]]
account = "shop"
currency = "usd"
below = { warn = "80", critical = 50 }
runway_below = { warn = "7d", critical = "36h" }
drops_by = { percent = "30", within = "1d" }
margin = "5%"
confirmations = 2
cooldown = "0s"
remind_every = "never"
recovery = false

[[rules]]
unread_for = "2h"
expires_within = { warn = "7d" }

[[rules]]
wallet = "main"
network = "TRC20"
below = "-0.5"
margin = "0.1"
"""


def test_whole() -> None:
    made, faults = read_rules(tomllib.loads(WHOLE)["rules"], accounts=["shop"])
    assert not faults
    shared = {
        "account": "shop",
        "currency": "USD",
        "margin": Decimal("0.05"),
        "confirmations": 2,
        "cooldown": timedelta(0),
        "remind_every": None,
        "recovery": False,
    }
    assert made == (
        Rule(kind="below", warn=Decimal(80), critical=Decimal(50), **shared),
        Rule(kind="runway_below", warn=timedelta(days=7), critical=timedelta(hours=36), **shared),
        Rule(kind="drops_by", critical=Decimal(30), percent=True, within=timedelta(days=1), **shared),
        Rule(kind="unread_for", critical=timedelta(hours=2)),
        Rule(kind="expires_within", warn=timedelta(days=7)),
        Rule(kind="below", wallet="main", network="TRC20", critical=Decimal("-0.5"), margin_amount=Decimal("0.1")),
    )


WRONG = """
[[rules]]
acount = "shop"
below = { warn = "50", critical = "80" }

[[rules]]
account = "shpo"
currency = "U S D"

[[rules]]
currency = "USD"
unread_for = "2 hours"
below = 50.5
confirmations = 0
cooldown = 5
remind_every = "0s"
recovery = "yes"

[[rules]]
drops_by = { amount = "5", percent = "0", within = "100d", wihin = 1 }

[[rules]]
drops_by = { percent = { warn = "101", crit = "5" } }
margin = "2"

[[rules]]
below = {}

[[rules]]
below = "5"

[[rules]]
below = "6"
"""


def test_every_fault_at_once_with_its_place() -> None:
    value = [*tomllib.loads(WRONG)["rules"], "text"]
    made, faults = read_rules(value, accounts=["shop", "payouts"])
    assert not made
    found = [(".".join(map(str, fault.path)), fault.text.split(";")[0]) for fault in faults]
    assert found == [
        ("0.acount", "is not a key of a rule"),
        ("0.below", "critical must be less than warn, or warn could never be told"),
        ("1.account", "there is no such account"),
        ("1.currency", "is not a currency as a provider names it, like USD"),
        ("1", "has no condition"),
        ("2.unread_for", "is about a whole account"),
        ("2.confirmations", "must be a whole number from 1 to 20"),
        ("2.cooldown", 'must be a span like "90s", "15m", "6h" or "7d"'),
        ("2.remind_every", 'must be a span like "90s", "15m", "6h" or "7d" above 0'),
        ("2.recovery", "must be true or false"),
        ("2.below", 'must be an amount in quotes, like "50" or "0.25"'),
        ("2.unread_for", 'must be a span like "90s", "15m", "6h" or "7d"'),
        ("3.drops_by.wihin", "is not a key of drops_by"),
        ("3.drops_by.within", "must be at most 90d"),
        ("3.drops_by", "needs either amount or percent"),
        ("4.margin", "can be an amount beside `below` alone"),
        ("4.drops_by.within", "is missing"),
        ("4.drops_by.percent.crit", "is not a key of percent"),
        ("4.drops_by.percent", "warn must be more than 0 and at most 100"),
        ("5.below", "is empty"),
        ("7.below", "is asked of the same place in rule 6 already"),
        ("8", "must be a table"),
    ]
    texts = {".".join(map(str, fault.path)): fault.text for fault in faults}
    assert "did you mean `account`?" in texts["0.acount"]
    assert "did you mean `shop`?" in texts["1.account"]
    assert "did you mean `within`?" in texts["3.drops_by.wihin"]


@pytest.mark.parametrize("value", [None, {}, "below", 5])
def test_no_list_of_tables(value: object) -> None:
    made, [fault] = read_rules(value)
    assert (made, fault.path) == ((), ())


@pytest.mark.parametrize("text", ["", "5", "5 m", "-5m", "5M", "1.5h", "1h30m", "5w", "٣m", "1234567s", " 5m", "5m\n"])
def test_no_span(text: str) -> None:
    with pytest.raises(ValueError, match="must be a span"):
        parse_span(text)


@pytest.mark.parametrize("text", ["", "NaN", "Infinity", "1e400", "1_000", "５", "50 USD", "+5"])
def test_no_amount(text: str) -> None:
    made, [fault] = read_rules([{"below": text}])
    assert (made, fault.path) == ((), (0, "below"))


def test_no_fault_quotes_a_value() -> None:
    canary = "c4n4ry"
    value = [dict.fromkeys(("account", "below", "runway_below", "drops_by", "margin", "cooldown", "recovery"), canary)]
    _, faults = read_rules(value, accounts=["shop"])
    assert len(faults) == 7
    assert canary not in repr(faults)


def test_what_no_account_ever_held_is_a_warning() -> None:
    made = rules(
        {"account": "shop", "currency": "EUR", "below": "5", "runway_below": "2d"},
        {"currency": "UDS", "below": "5"},
        {"below": "5", "unread_for": "1h"},
        {"account": "other", "currency": "XXX", "below": "7"},
    )
    seen = {"shop": [Place("shop", "USD")]}
    warnings = never_seen(made, seen)
    assert warnings == (
        "below for EUR: no read of account shop ever showed such a row; found so far: USD",
        "runway_below for EUR: no read of account shop ever showed such a row; found so far: USD",
        "below for UDS: no read of any account ever showed such a row; found so far: USD; did you mean USD?",
    )
    assert never_seen(made, {}) == ()
    assert never_seen(made[:2], {"shop": [Place("shop", "EUR")]}) == ()


def test_spans_shorter_than_the_time_between_two_reads_are_told() -> None:
    made = rules(
        {"unread_for": {"warn": "10m", "critical": "6h"}},
        {"account": "other", "unread_for": "16m"},
        {"currency": "EUR", "drops_by": {"percent": "5", "within": "15m"}},
        {"account": "other", "drops_by": {"amount": "5", "within": "1h"}},
        {"below": "5", "runway_below": "1m", "expires_within": "1m"},
    )
    quarter = timedelta(minutes=15)
    assert too_short(made, {"shop": quarter, "other": quarter}) == (
        "unread_for of 600 s: shop is read every 900 s, so it would be told between any two of them",
        "drops_by of 900 s: shop is read every 900 s, so no fall would be seen in it",
        "drops_by of 900 s: other is read every 900 s, so no fall would be seen in it",
    )
    assert too_short(made, {"shop": timedelta(minutes=9)}) == ()
