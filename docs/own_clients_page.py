"""The page on providers' own clients, written before Sphinx reads the pages; no file names one of them by hand.

What `nox -s bench -- --publish` measured lies in the plugins' folders, beside the script that calls the client. Git
ignores the page.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from docs.page_files import write

ROOT = Path(__file__).parents[1]
FILE = Path(__file__).parent / "explanation/own-clients.md"

_HEAD = """\
# Beside providers' own clients

Measured with [everything else](performance.md), in the same way: one read after the other over a kept connection, plain
HTTP on loopback, the same answer for the provider's own client and for coffers with the provider's plugin. CPU is that
of bare urllib3 times so much, reading a page of 18 balances; quartiles in brackets.

"""


def results() -> list[dict[str, Any]]:
    """What was measured, by provider."""
    files = ROOT.glob("plugins/*/*/bench/*.json")
    return sorted((json.loads(file.read_text("utf-8")) for file in files), key=lambda one: one["provider"])


def page(results: list[dict[str, Any]]) -> str:
    """The page."""
    head = ("provider", "client", "its CPU, urllib3 = 1", "coffers' CPU, urllib3 = 1", "how it was called")
    lines = [head, ("---",) * len(head)]
    for one in results:
        ours, theirs = _cpu(one, "ours"), _cpu(one, "theirs")
        how = one["title"].partition(": ")[2]
        lines.append((one["provider"], f"{one['client']} {one['version']}", theirs, ours, how))
    made = sorted({_made(one) for one in results})
    return _HEAD + "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n\n" + "\n\n".join(made) + "\n"


def _cpu(one: dict[str, Any], who: str) -> str:
    if one[who] is None:
        return f"not measured: {one['not_measured'][who]}"
    ratio = one[who]["cpu_ratio"]
    return f"{ratio['median']:g} ({ratio['low']:g}–{ratio['high']:g})"


def _made(one: dict[str, Any]) -> str:
    machine, rough = one["machine"], ", a rough look" if one["quick"] else ""
    on = f"{machine['processor']}, {machine['cores']} cores, {machine['system']}, {machine['python']}"
    return f"{machine['date']}, {one['rounds']} rounds of {one['reads']} reads each{rough}, on {on}."


def write_page() -> None:
    """Write the page, unless it is there already."""
    write(FILE, page(results()))


def setup(app: Any) -> None:
    """Called by Sphinx."""
    app.connect("builder-inited", lambda _: write_page())
