"""Curves: well-formed, within their frame, with nothing in them that the page's policy forbids."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from xml.etree import ElementTree as ET

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_up_month import NOW, Lasting, Month

from coffers_monitor.facts import Place, Point
from coffers_monitor.web.drawing import Chart, chart, sparkline, thinned
from coffers_monitor.web.view import Threshold

DAY = timedelta(days=1)
AMOUNTS = st.lists(st.decimals(-(10**30), 10**30, allow_nan=False, places=8), min_size=2, max_size=50)


def curve(amounts: list[Decimal]) -> list[Point]:
    return [Point(NOW - DAY * (len(amounts) - number) / len(amounts), one) for number, one in enumerate(amounts)]


def numbers(path: str) -> list[float]:
    return [float(text) for text in re.findall(r"-?[0-9.]+", path)]


@given(AMOUNTS)
def test_a_sparkline_stays_in_its_frame(amounts: list[Decimal]) -> None:
    root = ET.fromstring(sparkline(curve(amounts), NOW - DAY, NOW))
    for part in root.findall("path"):
        assert all(0 <= number <= 120 for number in numbers(part.attrib["d"]))
    assert root.attrib["aria-hidden"] == "true"


@given(AMOUNTS, st.sampled_from(["estimate", "not_falling"]), st.booleans())
def test_a_chart_is_well_formed_and_its_history_in_its_frame(amounts: list[Decimal], verdict: str, ends: bool) -> None:
    points = curve(amounts)
    forecast = Lasting(verdict, Decimal(1), NOW + DAY, NOW + DAY / 2, NOW + 2 * DAY if ends else None)
    lines = (Threshold("warn", Decimal(5)), Threshold("critical", None, 3600.0))
    markup = chart(Chart(points, NOW - DAY, NOW, forecast, (), points[:1], lines, "<USD>"))
    root = ET.fromstring(markup)
    line = next(part for part in root.iter("path") if part.attrib["class"] == "line")
    assert all(0 <= number <= 1000 for number in numbers(line.attrib["d"]))
    assert all(
        "style" not in part.attrib and not any(name.startswith("on") for name in part.attrib) for part in root.iter()
    )
    assert "<USD>" in root.attrib["aria-label"]
    assert len([part for part in root.iter("path") if part.attrib["class"] == "band"]) == (verdict == "estimate")


def test_a_chart_says_what_it_shows(month: Month) -> None:
    place = Place("payouts", "USD")
    since = NOW - 30 * DAY
    top_ups, thresholds = month.top_ups(place, since, NOW), month.thresholds(place)
    points = month.points(place, since, NOW, at_most=600)
    what = Chart(points, since, NOW, month.runway(place), (), top_ups, thresholds, "USD")
    markup = chart(what)
    root = ET.fromstring(markup)
    assert "to 41.870000 USD" in root.attrib["aria-label"]
    assert "Topped up 7 times. Runs out in 7 hours." in root.attrib["aria-label"]
    kinds = [part.attrib.get("class") for part in root.iter()]
    assert (kinds.count("mark"), kinds.count("limit warn"), kinds.count("limit critical")) == (7, 1, 1)


def test_the_line_of_a_forecast_is_drawn_as_it_is_given(month: Month) -> None:
    place, since = Place("hosting", "EUR"), NOW - 30 * DAY
    what = Chart(month.points(place, since, NOW, at_most=600), since, NOW, month.runway(place))
    band = month.band(place, what.until)
    root = ET.fromstring(chart(attrs.evolve(what, band=band)))
    drawn = {part.attrib["class"]: numbers(part.attrib["d"]) for part in root.iter("path")}
    assert (len(drawn["ahead"]), len(drawn["band"])) == (2 * len(band), 4 * len(band))
    assert drawn["ahead"][-2] == 1000  # to the right edge
    highest, expected, lowest = drawn["band"][2 * len(band) - 1], drawn["ahead"][-1], drawn["band"][2 * len(band) + 1]
    assert highest < expected < lowest  # downwards


@pytest.mark.parametrize("points", [[], [Point(NOW, Decimal(1))]])
def test_too_little_history_is_no_curve(points: list[Point]) -> None:
    assert sparkline(points, NOW - DAY, NOW) == ""
    assert chart(Chart(points, NOW - DAY, NOW, Lasting("not_enough_data"))) == ""


def test_a_forecast_gets_half_as_much_room_as_history_at_most() -> None:
    far = Lasting("estimate", Decimal(1), NOW + 900 * DAY, NOW + 800 * DAY, None)
    assert Chart([], NOW - 30 * DAY, NOW, far).until == NOW + 15 * DAY
    over = Lasting("estimate", Decimal(1), NOW - DAY, NOW - DAY, NOW - DAY)
    assert Chart([], NOW - 50 * DAY, NOW, over).until == NOW + DAY


@given(st.lists(st.integers(-1000, 1000), min_size=1, max_size=500), st.integers(8, 100))
def test_thinning_keeps_both_ends_and_every_extreme(amounts: list[int], most: int) -> None:
    points = curve([Decimal(one) for one in amounts])
    kept = thinned(points, most)
    assert len(kept) <= max(most, 4) + 4
    assert kept == sorted(kept, key=lambda point: point.at)
    assert set(kept) <= set(points)
    assert (kept[0], kept[-1]) == (points[0], points[-1])
    for pick in (min, max):
        assert pick(one.amount for one in kept) == pick(one.amount for one in points)
