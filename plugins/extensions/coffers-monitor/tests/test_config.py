"""The table of the monitor: settings, or every fault at once, each with its place."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from coffers import InvalidConfigError, load_config
from coffers_monitor.config import Fault, Part, parse_span, read_settings, table_check

CANARY = "canary-7f3a9c"


def numbers(value: Any, *, accounts: Collection[str]) -> tuple[Any, tuple[Fault, ...]]:
    """A room's part: a list of numbers."""
    faults = tuple(Fault((place,), "must be a number") for place, one in enumerate(value) if not isinstance(one, int))
    return tuple(value), faults


PARTS: dict[str, Part] = {"numbers": numbers}


def faults(value: object, *accounts: str) -> list[tuple[tuple[str | int, ...], str]]:
    found = read_settings(value, accounts=accounts, parts=PARTS)[1]
    assert CANARY not in repr(found)
    return [(fault.path, fault.text) for fault in found]


def test_nothing_said_is_a_quarter_of_an_hour() -> None:
    settings, wrong = read_settings({}, accounts=["shop"], parts=PARTS)
    assert (wrong, settings.parts) == ((), {})
    assert settings.interval("shop") == timedelta(minutes=15)


def test_an_account_may_have_an_interval_of_its_own() -> None:
    table = {"every": "1h", "accounts": {"shop": {"every": "90s"}}, "numbers": [1, 2]}
    settings, wrong = read_settings(table, accounts=["shop", "other"], parts=PARTS)
    assert wrong == ()
    assert (settings.interval("shop"), settings.interval("other")) == (timedelta(seconds=90), timedelta(hours=1))
    assert settings.parts == {"numbers": (1, 2)}


def test_all_faults_come_at_once_each_with_its_path() -> None:
    table = {
        "every": CANARY,
        "evry": "1m",
        "accounts": {"shop": {"every": 5, "often": True}, "shopp": {}, "other": CANARY},
        "numbers": [1, CANARY],
    }
    assert faults(table, "shop", "other") == [
        (("evry",), "is not a key of [monitor]; did you mean `every`? known keys: every, accounts, numbers"),
        (("every",), 'must be a span like "90s", "15m", "6h" or "7d"'),
        (("accounts", "shop", "often"), "is not a key of an account of [monitor]; known keys: every"),
        (("accounts", "shop", "every"), 'must be a span like "90s", "15m", "6h" or "7d"'),
        (("accounts", "shopp"), "there is no such account; did you mean `shop`? accounts: shop, other"),
        (("accounts", "other"), "must be a table, an account of [monitor]"),
        (("numbers", 1), "must be a number"),
    ]


@pytest.mark.parametrize("value", [CANARY, 1, [CANARY], None])
def test_what_is_no_table_says_so(value: object) -> None:
    assert faults(value) == [((), "must be a table, [monitor]")]
    assert faults({"accounts": value}) == [(("accounts",), "must be a table, [monitor.accounts]")]


@pytest.mark.parametrize(("text", "seconds"), [("1s", 1), ("90s", 90), ("15m", 900), ("6h", 21_600), ("7d", 604_800)])
def test_a_span_is_a_number_and_a_unit(text: str, seconds: int) -> None:
    assert parse_span(text) == timedelta(seconds=seconds)
    assert faults({"every": text}) == []


@pytest.mark.parametrize("text", ["", "15", "m", "1.5h", "-1s", "1 m", "1w", "0x1s", "1m ", "٣m", "1234567s"])
def test_what_is_no_span_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be a span like"):
        parse_span(text)
    assert faults({"every": text})


@pytest.mark.parametrize("text", ["0s", "8d", "169h"])
def test_an_interval_is_from_a_second_to_a_week(text: str) -> None:
    assert faults({"every": text}) == [(("every",), "must be from 1s to 7d")]


def test_the_core_tells_the_faults_with_the_others_and_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[monitor]\nevery = "soon"\n[monitor.accounts.shop]\nevery = 1\n[accounts.shop]\n')
    path.chmod(0o600)
    with pytest.raises(InvalidConfigError) as caught:
        load_config(path, lambda provider: pytest.fail(provider), tables={"monitor": table_check(PARTS)})
    assert [problem.removeprefix(f"{path}:").split(": ")[0] for problem in caught.value.problems] == [
        "2 monitor.every",
        "4 monitor.accounts.shop.every",
        "5 accounts.shop.provider",
    ]
