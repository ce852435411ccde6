"""`database` and `keep` of the config: all that is wrong, each with its place, and no value."""

from __future__ import annotations

from datetime import timedelta

import pytest

from coffers_monitor.store import Keep
from coffers_monitor.store.settings import read_database, read_keep


def days(raw: int, hourly: int) -> Keep:
    return Keep(raw=timedelta(days=raw), hourly=timedelta(days=hourly))


@pytest.mark.parametrize("text", ["sqlite:///a", "postgresql://u@h/d", "env:DATABASE", "file:url"])
def test_a_database_is_an_address_or_a_reference(text: str) -> None:
    assert read_database(text, accounts=["shop"]) == (text, ())


@pytest.mark.parametrize("wrong", [1, None, "", "mysql://h/d", "postgresql://u:canary@h/d"])
def test_what_is_no_database_is_a_fault(wrong: object) -> None:
    value, [fault] = read_database(wrong)
    assert (value, fault.path) == (None, ())
    assert "canary" not in fault.text


@pytest.mark.parametrize(
    ("table", "keep"),
    [
        ({}, Keep()),
        ({"raw": "7d"}, days(7, 366)),
        ({"raw": "500d"}, days(500, 500)),
        ({"hourly": "30d"}, days(30, 30)),
        ({"raw": "1d", "hourly": "2d"}, days(1, 2)),
    ],
)
def test_what_is_kept_may_be_said(table: dict[str, str], keep: Keep) -> None:
    assert read_keep(table, accounts=["shop"]) == (keep, ())


@pytest.mark.parametrize(
    ("wrong", "paths"),
    [
        ("90d", [()]),
        ({"raw": 90, "hourly": "1y", "daily": "9d"}, [("raw",), ("hourly",), ("daily",)]),
        ({"raw": "0d"}, [()]),
        ({"raw": "9d", "hourly": "8d"}, [()]),
        ({"raw": "999999d"}, [("raw",)]),
    ],
)
def test_every_fault_comes_out_with_its_place(wrong: object, paths: list[tuple[str, ...]]) -> None:
    keep, faults = read_keep(wrong)
    assert keep == Keep()
    assert [fault.path for fault in faults] == paths
