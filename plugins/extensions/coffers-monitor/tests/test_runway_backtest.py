"""The backtest's gate: on fixed worlds the forecast is as good as it was, and the page shows what was measured."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from coffers_monitor.runway.backtest.methods import METHODS
from coffers_monitor.runway.backtest.page import page
from coffers_monitor.runway.backtest.score import HORIZONS, measure
from coffers_monitor.runway.backtest.shapes import SHAPES, case

DIST = Path(__file__).parents[1]
RESULT = DIST / "backtest/result.json"
PAGE = Path(__file__).parents[4] / "docs/explanation/runway.md"

#: Median error in days, 3 and 14 days before the end: what five worlds gave, rounded up.
BOUNDS: dict[str, tuple[float, float]] = {
    "steady": (0.03, 0.24),
    "daily cycle": (0.11, 0.15),
    "weekly cycle": (0.47, 0.61),
    "top-ups": (0.12, 0.17),
    "one-off withdrawal": (0.11, 0.14),
    "holds": (0.11, 0.36),
    "mixed": (0.98, 2.36),
}


@cache
def measured() -> dict[str, Any]:
    """Five worlds of some shapes: seconds."""
    return measure(range(5), [shape for shape in SHAPES if shape.title in BOUNDS], (3.0, 14.0), (0.25,))


@pytest.mark.parametrize("title", BOUNDS)
def test_the_forecast_is_as_good_as_it_was(title: str) -> None:
    found = measured()["by_shape"][title]
    errors = tuple(found[days]["runway"]["error"] for days in ("3", "14"))
    assert errors[0] <= BOUNDS[title][0]
    assert errors[1] <= BOUNDS[title][1]


@pytest.mark.parametrize("days", ["3", "14"])
def test_the_forecast_beats_simpler_methods_in_the_median(days: str) -> None:
    found = measured()["together"][days]
    others = [found[name]["error"] for name in METHODS if name != "runway"]
    assert all(one is None or found["runway"]["error"] < one for one in others)
    assert found["runway"]["covered"] >= 0.8


def test_six_hours_are_not_enough_for_a_week_ahead() -> None:
    assert measured()["by_history"]["0.25"]["runway"]["not_enough_data"] >= 0.99


def test_a_world_ends_when_it_says() -> None:
    """A case is a look at a world whose end does not depend on when it is looked at."""
    for shape in SHAPES:
        early, late = case(shape, 3, 3.0), case(shape, 3, 1.0)
        if shape.ends:
            assert early.out_at == late.out_at
            assert early.out_at is not None
            assert early.points[-1].at < early.out_at
            assert early.points[-1].amount >= late.points[-1].amount > 0
        else:
            assert early.out_at is None


def test_the_page_shows_what_was_measured() -> None:
    result = json.loads(RESULT.read_text("utf-8"))
    assert result["seeds"] >= 60
    assert list(result["by_shape"]) == [shape.title for shape in SHAPES]
    assert PAGE.read_text("utf-8") == page(result)


def test_the_result_says_that_it_beats_simpler_methods_at_every_horizon() -> None:
    result = json.loads(RESULT.read_text("utf-8"))
    for days in HORIZONS:
        found = result["together"][f"{days:g}"]
        errors = {name: found[name]["error"] for name in METHODS}
        assert all(other is None or errors["runway"] < other for name, other in errors.items() if name != "runway")


def test_it_runs_as_a_program(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "coffers_monitor.runway.backtest", "--seeds", "1"]
    files = ["--json", str(tmp_path / "result.json"), "--page", str(tmp_path / "page.md")]
    run = subprocess.run([*command, *files], capture_output=True, text=True, check=True)
    assert "weekly cycle" in run.stdout
    result = json.loads((tmp_path / "result.json").read_text("utf-8"))
    assert (tmp_path / "page.md").read_text("utf-8") == page(result)
