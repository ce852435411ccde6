"""`python -m coffers_monitor.runway.backtest`: prints the tables, writes the result, and the documentation's page."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from .page import page, tables
from .score import measure


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(prog="python -m coffers_monitor.runway.backtest", description=__doc__)
    parser.add_argument("--seeds", type=int, default=60, metavar="N", help="how many worlds of each shape (60)")
    parser.add_argument("--json", type=Path, default=Path("runway-backtest.json"), metavar="FILE", help="the result")
    parser.add_argument("--page", type=Path, metavar="FILE", help="write the documentation's page, too")
    asked = parser.parse_args()
    result = measure(range(asked.seeds))
    asked.json.write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    if asked.page:
        asked.page.write_text(page(result), "utf-8")
    sys.stdout.write(tables(result))


if __name__ == "__main__":
    main()
