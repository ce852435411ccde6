"""The page on the standard checks, written before Sphinx reads the pages: what each asks for, in its own words.

Made from the checks themselves, so it lists all of them and says what a failing one says. Git ignores it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

from coffers.testing.checking import Group
from coffers.testing.checks import CHECKS

FILE = Path(__file__).parent / "reference/checks.md"

_HEAD = """\
# The standard checks

What the [conformance kit](testing.md) asks of every provider. A failing check says what it found, and then what stands
here. The groups decide a provider's tier; `coffers providers --tier` shows it.
"""


def page() -> str:
    """The page."""
    parts = [_HEAD]
    for group in get_args(Group):
        found = [check for check in CHECKS if check.group == group]
        if found:
            parts.append(f"## {group.capitalize()}\n")
            parts += [f"`{check.name}`\n: " + check.advice.strip().replace("\n", "\n  ") + "\n" for check in found]
    return "\n".join(parts)


def write_page() -> None:
    """Write the page, unless it is there already, so that Sphinx need not read it again."""
    if not FILE.exists() or FILE.read_text("utf-8") != page():
        FILE.write_text(page(), "utf-8")


def setup(app: Any) -> None:
    """Called by Sphinx."""
    app.connect("builder-inited", lambda _: write_page())
