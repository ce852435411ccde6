"""When an account is read next, decided without a clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coffers_monitor.facts import Attempt
from coffers_monitor.watching.pace import Course, Pace, spread_s
from coffers_monitor.watching.timetable import next_time

NOW = datetime(2026, 11, 21, 3, tzinfo=UTC)


def ended(error: str | None = None, retry_after_s: float | None = None) -> Attempt:
    rows = () if error is None else None
    return Attempt("shop", "toy", NOW, 0.1, rows, error=error, retry_after_s=retry_after_s)


def course(*ends: Attempt, pace: Pace = Pace(60)) -> Course:  # noqa: B008  it is frozen
    found = Course()
    for end in ends:
        found = found.after(end, pace)
    return found


AUTH, OK, SLOW = ended("auth"), ended(), ended("timeout")


@pytest.mark.parametrize(
    ("ends", "paused"),
    [
        ([], False),
        ([AUTH], False),
        ([AUTH, AUTH], True),
        ([AUTH, OK, AUTH], False),
        ([AUTH, SLOW, AUTH], True),  # a failure of another kind says nothing about the key
        ([SLOW, SLOW, SLOW], False),
        ([ended("permission"), ended("permission")], False),
        ([AUTH, OK, AUTH, AUTH], True),
    ],
)
def test_two_refusals_in_a_row_pause_an_account(ends: list[Attempt], paused: bool) -> None:
    assert course(*ends).paused is paused


def test_a_wait_asked_for_is_the_next_read() -> None:
    assert course(ended("rate_limited", 3600)).wait_s == 3600
    assert course(ended("rate_limited", 7)).wait_s == 7
    assert course(ended("rate_limited", 7), OK).wait_s is None
    assert course(ended("rate_limited")).wait_s is None


def test_a_wait_shorter_than_the_interval_is_obeyed_once_in_a_row() -> None:
    soon = ended("rate_limited", 1)
    assert [course(*[soon] * count).wait_s for count in (1, 2, 3, 4)] == [1, None, 1, None]
    assert course(soon, ended("rate_limited", 90)).wait_s == 90
    assert course(soon, OK, soon).wait_s == 1


def test_a_wait_is_a_day_at_most_and_never_below_what_the_provider_allows() -> None:
    assert course(ended("unavailable", 10**9)).wait_s == 86_400
    assert course(ended("rate_limited", 0), pace=Pace(5, least_s=30)).wait_s == 30


def test_a_refusal_with_a_wait_still_counts() -> None:
    assert course(ended("auth", 5), ended("auth", 5)).paused


@pytest.mark.parametrize(
    ("pace", "bounds", "held_back"),
    [
        (Pace(100), (95, 105), False),
        (Pace(100, least_s=98), (98, 105), False),
        (Pace(100, least_s=100), (100, 105), False),
        (Pace(5, least_s=60), (60, 63), True),
    ],
)
def test_the_interval_varies_a_little_and_keeps_to_what_the_provider_allows(
    pace: Pace, bounds: tuple[float, float], held_back: bool
) -> None:
    assert (pace.shortest_s, pace.longest_s) == pytest.approx(bounds)
    assert pace.held_back is held_back
    waits = [(next_time(pace, NOW) - NOW).total_seconds() for _ in range(50)]
    assert min(waits) >= bounds[0] - 1e-6
    assert max(waits) <= bounds[1] + 1e-6
    assert len(set(waits)) > 1


@given(st.floats(1, 604_800), st.floats(0, 86_400))
def test_an_interval_is_never_shorter_than_allowed_nor_upside_down(every_s: float, least_s: float) -> None:
    pace = Pace(every_s, least_s)
    assert least_s <= pace.shortest_s <= pace.longest_s
    assert (next_time(pace, NOW) - NOW).total_seconds() >= least_s - 1e-3


def test_first_reads_do_not_begin_together_and_none_waits_longer_than_its_interval() -> None:
    pace = Pace(30)
    for count in (1, 10, 2000):
        starts = [spread_s(place, count, pace) for place in range(count)]
        assert starts[0] == 0
        assert starts == sorted(set(starts))
        assert starts[-1] <= min(0.06 * count, pace.shortest_s)


def test_missed_turns_are_not_made_up_for_one_by_one() -> None:
    assert next_time(Pace(60), NOW) - NOW < timedelta(seconds=64)
