"""The command: a run, its result as JSON, the page with its charts, a line for each goal."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench import own_clients
from bench.chart import write_charts
from bench.environment import ROOT, NotMeasuredError
from bench.goals import lines
from bench.page import page
from bench.run import FULL, QUICK, Run

#: Where what a run published lies.
RESULT = ROOT / "bench/result.json"
PAGE = ROOT / "docs/explanation/performance.md"


def write(result: Mapping[str, Any], result_file: Path, page_file: Path) -> None:
    """The result, the page, and its charts in a folder beside it."""
    result_file.parent.mkdir(parents=True, exist_ok=True)
    page_file.parent.mkdir(parents=True, exist_ok=True)
    result_file.write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    page_file.write_text(page(result), "utf-8")
    write_charts(result, page_file.with_suffix(""))


def main() -> None:
    parser = argparse.ArgumentParser(prog="nox -s bench --", description=__doc__)
    parser.add_argument("--wheels", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--environments", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--quick", action="store_true", help="a rough look, in less than two minutes")
    parser.add_argument("--publish", action="store_true", help="replace the result and the page in the repository")
    parser.add_argument("--into", type=Path, default=ROOT / "build/bench", help="a folder for result, page and charts")
    arguments = parser.parse_args()
    plan = QUICK if arguments.quick else FULL
    try:
        with tempfile.TemporaryDirectory() as folder:
            run = Run(plan, arguments.wheels, arguments.environments, Path(folder))
            result, clients = run.result(quick=arguments.quick), run.own_clients()
    except NotMeasuredError as error:  # of what nothing goes without
        sys.exit(f"nothing written: {error}")
    write(result, arguments.into / "result.json", arguments.into / PAGE.name)
    (arguments.into / "own-clients.json").write_text(json.dumps([*clients.values()], indent=1) + "\n", "utf-8")
    if arguments.publish:
        write(result, RESULT, PAGE)
        own_clients.publish(clients, {"quick": result["quick"], "machine": result["machine"]})
    print(f"{'with' if arguments.quick else 'without'} --quick; page, charts and result.json: {arguments.into}")
    for where, missing in result["not_measured"].items():
        for name, reason in missing.items():
            print(f"not measured  {name} ({where}): {reason}")
    for found in clients.values():
        for who, reason in found["not_measured"].items():
            print(f"not measured  {found['client']}, {who}: {reason}")
    print("\n".join(lines(result)))


if __name__ == "__main__":
    main()
