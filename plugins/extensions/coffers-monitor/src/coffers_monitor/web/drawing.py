"""Curves as SVG, drawn here so that the page needs no script. Pure: values in, markup out.

A pixel is no amount: here alone a `Decimal` becomes a float, and no number comes back out of it. No attribute `style`,
for the page's policy forbids it; colours come from classes. Sizes are in percent, so that text keeps its size on a
telephone and lines keep their width.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

import attrs
from markupsafe import Markup, escape

from coffers_monitor.facts import Point

from .view import Band, Forecast, Threshold, TopUp
from .words import clock_time, day, moment, plain_amount, runway

__all__ = ["Chart", "chart", "sparkline", "thinned"]

_SPARK_WIDTH, _SPARK_HEIGHT = 120, 28
_WIDTH, _HEIGHT = 1000.0, 240.0
#: Room above and below the curve, in the units of the height.
_ABOVE, _BELOW = 14.0, 26.0


def thinned(points: Sequence[Point], most: int) -> list[Point]:
    """At most about `most` points that draw the same curve: of every stretch its first, lowest, highest and last."""
    if len(points) <= most:
        return list(points)
    size = -(-len(points) * 4 // most)
    kept: list[Point] = []
    for begin in range(0, len(points), size):
        stretch = points[begin : begin + size]
        low, high = min(stretch, key=_amount), max(stretch, key=_amount)
        for point in sorted((stretch[0], low, high, stretch[-1]), key=_when):
            if not kept or kept[-1] != point:
                kept.append(point)
    return kept


def _amount(point: Point) -> Decimal:
    return point.amount


def _when(point: Point) -> datetime:
    return point.at


def sparkline(points: Sequence[Point], since: datetime, until: datetime) -> Markup:
    """A small curve without words; empty where there are not two points. Nothing in it is told to a screen reader.

    The line of nothing is its lower edge, as long as nothing is owed: a flat curve at half height is half of the most
    there was.
    """
    if len(points) < 2:
        return Markup()
    x = _scale(since.timestamp(), until.timestamp(), 1, _SPARK_WIDTH - 3)
    low, high = _range([float(point.amount) for point in points])
    y = _scale(low, high, _SPARK_HEIGHT - 2, 3)
    places = [(x(point.at.timestamp()), y(float(point.amount))) for point in points]
    last = places[-1]
    path = _path(places)
    floor = f"{y(low if low < 0 else 0):.1f}"
    return Markup(  # noqa: S704  numbers
        f'<svg class="spark" viewBox="0 0 {_SPARK_WIDTH} {_SPARK_HEIGHT}" width="{_SPARK_WIDTH}" '
        f'height="{_SPARK_HEIGHT}" aria-hidden="true" focusable="false">'
        f'<path class="fill" d="{path}V{floor}H{places[0][0]:.1f}Z"/><path class="line" d="{path}"/>'
        f'<circle class="dot" cx="{last[0]:.1f}" cy="{last[1]:.1f}" r="2"/></svg>'
    )


@attrs.frozen
class Chart:
    """What a chart shows.

    Attributes:
        points: what was spendable.
        since: its left edge.
        now: where history ends and the forecast begins.
        forecast: how long it lasts.
        band: the forecast's line; empty draws it straight.
        top_ups: when money was added.
        thresholds: lines to draw.
        currency: for the words.
        gone: whether it has run out or expired; then nothing lies ahead.
    """

    points: Sequence[Point]
    since: datetime
    now: datetime
    forecast: Forecast
    band: Sequence[Band] = ()
    top_ups: Sequence[TopUp] = ()
    thresholds: Sequence[Threshold] = ()
    currency: str = ""
    gone: bool = False

    @property
    def is_ahead(self) -> bool:
        """Whether there is a forecast to draw."""
        return self.forecast.verdict == "estimate" and not self.gone

    @property
    def until(self) -> datetime:
        """The right edge: a forecast gets what it needs, at most half as much again as history has."""
        most = self.now + (self.now - self.since) / 2
        if not self.is_ahead or self.forecast.out_at is None:
            return self.now + (self.now - self.since) / 50
        last = self.forecast.latest or self.forecast.out_at
        return min(most, max(last, self.now) + (self.now - self.since) / 50)


def chart(what: Chart) -> Markup:
    """A curve with its axes, the forecast with its margin, top-ups and thresholds; empty without two points."""
    if len(what.points) < 2:
        return Markup()
    points = thinned(what.points, 600)
    amounts = [float(point.amount) for point in points]
    low, high = _range(amounts)
    drawn = [line for line in what.thresholds if line.amount is not None and low <= float(line.amount) <= high * 1.5]
    high = max([high, *(float(line.amount) for line in drawn if line.amount is not None)])
    x = _scale(what.since.timestamp(), what.until.timestamp(), 0, _WIDTH)
    y = _scale(low, high, _HEIGHT - _BELOW, _ABOVE)
    history = [(x(point.at.timestamp()), y(float(point.amount))) for point in points]
    inner = [
        f'<path class="fill" d="{_path(history)}V{y(max(low, 0) if low >= 0 else low):.1f}H{history[0][0]:.1f}Z"/>',
        *_forecast(what, history[-1], x, y),
        f'<path class="line" d="{_path(history)}"/>',
    ]
    outer = [
        *_grid(low, high, y),
        f'<svg viewBox="0 0 {_WIDTH:.0f} {_HEIGHT:.0f}" width="100%" height="{_HEIGHT:.0f}" '
        f'preserveAspectRatio="none">{"".join(inner)}</svg>',
        *_lines(drawn, y),
        *_days(what, x),
        *_now(what, x),
        *_marks(what, x, y),
    ]
    return Markup(  # noqa: S704  numbers, and texts that are escaped
        f'<svg class="chart" width="100%" height="{_HEIGHT:.0f}" role="img" aria-label="{escape(_told(what))}">'
        f"{''.join(outer)}</svg>"
    )


def _told(what: Chart) -> str:
    """The chart in words."""
    amounts = [point.amount for point in what.points]
    texts = [
        f"What was spendable from {clock_time(what.since)} to {clock_time(what.now)}:"
        f" from {plain_amount(amounts[0])} to {plain_amount(amounts[-1])} {what.currency},"
        f" lowest {plain_amount(min(amounts))}, highest {plain_amount(max(amounts))}."
    ]
    if what.top_ups:
        texts.append(f"Topped up {len(what.top_ups)} time{'' if len(what.top_ups) == 1 else 's'}.")
    if what.is_ahead:
        texts.append(f"Runs out {runway(what.forecast, what.now)}.")
    return " ".join(texts)


def _grid(low: float, high: float, y: Callable[[float], float]) -> list[str]:
    parts: list[str] = []
    for value, text in _ticks(low, high):
        height = f"{y(value):.1f}"
        parts.append(f'<line class="grid" x1="0" x2="100%" y1="{height}" y2="{height}"/>')
        parts.append(f'<text class="tick" x="2" y="{float(height) - 4:.1f}">{text}</text>')
    return parts


def _ticks(low: float, high: float) -> list[tuple[float, str]]:
    """Three to five round values from the lower edge up."""
    rough = Decimal(repr((high - low) / 4))
    unit = Decimal(1).scaleb(rough.adjusted())
    step = next(unit * times for times in (1, 2, 5, 10) if unit * times >= rough)
    first = int(low / float(step)) if low < 0 else 0
    values = [(step * number).normalize() for number in range(first, first + 8)]
    return [
        (float(value), f"{value:,f}".replace(",", "\N{NARROW NO-BREAK SPACE}"))
        for value in values
        if low <= float(value) <= high
    ]


def _days(what: Chart, x: Callable[[float], float]) -> list[str]:
    """Four dates, or times of day where the chart is of few days."""
    whole = what.until - what.since
    parts: list[str] = []
    for number in range(4):
        at = what.since + whole * (number * 2 + 1) / 8
        text = day(at) if whole > timedelta(days=4) else moment(at)
        place = x(at.timestamp()) / _WIDTH * 100
        parts.append(f'<text class="tick" x="{place:.1f}%" y="{_HEIGHT - 6:.0f}" text-anchor="middle">{text}</text>')
    return parts


def _forecast(
    what: Chart, last: tuple[float, float], x: Callable[[float], float], y: Callable[[float], float]
) -> list[str]:
    forecast = what.forecast
    if not what.is_ahead or forecast.out_at is None:
        return []
    if what.band:
        ahead = [(x(one.at.timestamp()), y(float(one.expected))) for one in what.band]
        margin = [(x(one.at.timestamp()), y(float(one.high))) for one in what.band]
        margin += [(x(one.at.timestamp()), y(float(one.low))) for one in reversed(what.band)]
        return [f'<path class="band" d="{_path(margin)}Z"/>', f'<path class="ahead" d="{_path(ahead)}"/>']
    begin, height = last
    floor = y(0)
    out, edge = x(forecast.out_at.timestamp()), _WIDTH
    early = x((forecast.earliest or forecast.out_at).timestamp())
    # With no latest time it may last for ever: the margin then reaches as far up as it stands today.
    late = f"L{x(forecast.latest.timestamp()):.1f} {floor:.1f}" if forecast.latest else f"H{edge:.0f}V{height:.1f}"
    band = f"M{begin:.1f} {height:.1f}L{early:.1f} {floor:.1f}{late}Z"
    return [
        f'<path class="band" d="{band}"/>',
        f'<path class="ahead" d="M{begin:.1f} {height:.1f}L{out:.1f} {floor:.1f}"/>',
    ]


def _lines(drawn: Sequence[Threshold], y: Callable[[float], float]) -> list[str]:
    parts: list[str] = []
    for line in drawn:
        height = y(float(line.amount or 0))
        parts.append(f'<line class="limit {line.level}" x1="0" x2="100%" y1="{height:.1f}" y2="{height:.1f}"/>')
        text = f"{line.level} {plain_amount(line.amount)}"
        beside = -4 if line.level == "warn" else 12  # two may be near
        # Halfway: at the right there is the forecast, at the left the scale.
        parts.append(f'<text class="tick" x="50%" y="{height + beside:.1f}" text-anchor="middle">{escape(text)}</text>')
    return parts


def _now(what: Chart, x: Callable[[float], float]) -> list[str]:
    if not what.is_ahead:
        return []
    place = f"{x(what.now.timestamp()) / _WIDTH * 100:.2f}%"
    return [f'<line class="now" x1="{place}" x2="{place}" y1="{_ABOVE:.0f}" y2="{_HEIGHT - _BELOW:.0f}"/>']


def _marks(what: Chart, x: Callable[[float], float], y: Callable[[float], float]) -> list[str]:
    parts: list[str] = []
    times = [point.at for point in what.points]
    for top_up in what.top_ups:
        after = what.points[min(bisect_left(times, top_up.at), len(times) - 1)]
        place, height = f"{x(top_up.at.timestamp()) / _WIDTH * 100:.2f}%", y(float(after.amount))
        told = f"topped up by {plain_amount(top_up.amount)} {what.currency}, {clock_time(top_up.at)}"
        parts.append(
            f'<circle class="mark" cx="{place}" cy="{height:.1f}" r="5"><title>{escape(told)}</title></circle>'
        )
    return parts


def _range(amounts: Sequence[float]) -> tuple[float, float]:
    """What the height shows: always the line of nothing, and more than a point."""
    low, high = min(0.0, *amounts), max(0.0, *amounts)
    return (low, high) if high > low else (low, low + 1.0)


def _scale(low: float, high: float, first: float, last: float) -> Callable[[float], float]:
    size = (high - low) or 1.0
    return lambda value: first + (value - low) / size * (last - first)


def _path(places: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
