"""How good the forecast is: simulated spending of known shapes, with a known end, against three simpler methods.

`python -m coffers_monitor.runway.backtest` prints the table. Everything is drawn from fixed seeds, so the same code
gives the same figures.
"""
