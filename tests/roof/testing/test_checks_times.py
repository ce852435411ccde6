"""The check of times finds what is wrong in plugins that recorded their own faults."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from coffers.plugin import Query, Response, Snapshot
from tests.roof.testing.toys import (
    JSON,
    RIGHT,
    ROWS,
    Parse,
    amount,
    fault,
    reading,
    snapshot,
)


def epoch(answer: Any) -> datetime | None:
    return datetime.fromtimestamp(answer["time"], UTC) if type(answer.get("time")) is int else None


def iso(answer: Any) -> datetime | None:
    return datetime.fromisoformat(answer["time"]) if type(answer.get("time")) is str and answer["time"] else None


def http(answer: Any) -> datetime | None:
    text = answer.get("time")
    return datetime.strptime(text, "%a, %d %b %Y %H:%M:%S %Z").replace(tzinfo=UTC) if text else None


def named(time: Any) -> dict[str, Any]:
    return {"two": ROWS | {"time": time}}


ISO = "2026-11-21T04:00:00+01:00"


def from_header(response: Response, query: Query[Any]) -> Snapshot:
    date = response.header("x-as-of")
    made = RIGHT(response, query)
    return snapshot(made.balances, as_of=datetime.fromisoformat(date) if date else None)


@pytest.mark.parametrize(
    ("parse", "answers"),
    [
        (reading(as_of=epoch), JSON),
        (reading(as_of=iso), named(ISO)),
        (reading(as_of=iso), named("2026-11-21 23:59:59.250Z")),
        (reading(as_of=iso), named("2026-11-21T12:00:00-03:30")),
        (reading(as_of=http), named("Sat, 21 Nov 2026 04:00:00 GMT")),
        (reading(as_of=lambda answer: iso(answer["about"])), {"two": ROWS | {"about": {"time": ISO}}}),
        (reading(as_of=lambda answer: iso({"time": answer["times"][0]})), {"two": ROWS | {"times": [ISO]}}),
        (
            reading(as_of=lambda answer: datetime.fromtimestamp(float(amount(answer["time"])) / 1000, UTC)),
            named(1642075813123),
        ),
        (from_header, JSON),
        (RIGHT, JSON),
    ],
)
def test_exact_times_pass(parse: Parse, answers: dict[str, Any], tmp_path: Path) -> None:
    headers = f"Content-Type: application/json\nX-As-Of: {ISO}\n"
    assert fault(tmp_path, "times-are-aware-and-exact", parse, answers, headers=headers) is None


@pytest.mark.parametrize(
    ("as_of", "time", "words"),
    [
        (
            lambda answer: datetime.fromtimestamp(answer.get("time") or 0, UTC),
            1642075813,
            r"two: \$\.time left out: as_of is 1970-01-01 .*nobody named",
        ),
        (
            lambda answer: datetime.fromtimestamp(answer["time"] // 86400 * 86400, UTC),
            1642118400 - 60,
            r"as_of is .* later",
        ),
        (
            lambda answer: datetime.fromisoformat(answer["time"]).replace(tzinfo=UTC),
            ISO,
            r"\$\.time: with the zone \+02:00 as_of stays the same; the time zone is lost",
        ),
        (
            lambda answer: datetime.fromisoformat(answer["time"].replace("04:00:00", "03:00:00")),
            ISO,
            r"with \+1 hour as_of is .* later",
        ),
        (
            lambda answer: datetime.fromisoformat(answer.get("time") or ISO),
            ISO,
            r"\$\.time left out: as_of stays as if it were there",
        ),
    ],
)
def test_wrong_times_are_named(as_of: Callable[[Any], datetime], time: Any, words: str, tmp_path: Path) -> None:
    assert re.search(words, fault(tmp_path, "times-are-aware-and-exact", reading(as_of=as_of), named(time)) or "")


def test_a_header_that_is_made_up_for_is_named(tmp_path: Path) -> None:
    def parse(response: Response, query: Query[Any]) -> Snapshot:
        date = response.header("x-as-of") or "2000-01-01T00:00:00Z"
        return snapshot(RIGHT(response, query).balances, as_of=datetime.fromisoformat(date))

    found = fault(tmp_path, "times-are-aware-and-exact", parse, JSON, headers=f"X-As-Of: {ISO}\n")
    assert found is not None
    assert "the header X-As-Of left out: as_of is 2000-01-01" in found
