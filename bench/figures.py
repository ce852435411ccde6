"""Medians, ratios, spread, exponents. A ratio is made round by round: what disturbs a round disturbs both sides."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import linear_regression, median, quantiles

Spread = dict[str, float]


def spread(samples: Sequence[float], digits: int) -> Spread:
    """The median, and the quartiles as `low` and `high`; rounded.

    Args:
        samples: at least one.
        digits: behind the point.
    """
    low, _, high = quantiles(samples, n=4, method="inclusive") if len(samples) > 1 else [samples[0]] * 3
    return {"median": round(median(samples), digits), "low": round(low, digits), "high": round(high, digits)}


def ratio(samples: Sequence[float], anchor: Sequence[float], digits: int = 2) -> Spread:
    """How many times the `anchor` of the same round, over all rounds."""
    return spread([one / other for one, other in zip(samples, anchor, strict=True)], digits)


def exponent(sizes: Sequence[float], costs: Sequence[float]) -> float:
    """The p of cost = c times size to the power of p: least squares over the logarithms. 0 is flat, 1 is linear."""
    slope, _ = linear_regression([math.log(size) for size in sizes], [math.log(cost) for cost in costs])
    return round(slope, 3)
