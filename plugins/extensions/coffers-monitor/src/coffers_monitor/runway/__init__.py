"""When an account runs dry: points of a balance in, a date with an honest interval out.

    runway = estimate(points, now)
    line = band(points, runway)

Three steps, one module each: `changes` tells spending from what came in, `course` says how an amount is spent, and
`forecast` how long it lasts. Pure functions: no clock, no file, no chance. `python -m coffers_monitor.runway.backtest`
measures how good they are.
"""

from .changes import HISTORY, TopUp, thinned, top_ups
from .forecast import COVERAGE, BandPoint, Runway, Verdict, band, estimate

__all__ = ["COVERAGE", "HISTORY", "BandPoint", "Runway", "TopUp", "Verdict", "band", "estimate", "thinned", "top_ups"]
