"""A page for every extension of the workspace: its README, copied before Sphinx reads the pages.

An extension is a dist below plugins/extensions. The pages lie in docs/extensions, which git
ignores.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from docs.page_files import fill

FOLDER = Path(__file__).parent / "extensions"
SOURCES = Path(__file__).parents[1] / "plugins/extensions"

_INDEX = """\
# Extensions

Tools around the core that need more than the core does. Each is a dist of its own: `pip install` its name.

"""


def write_pages(folder: Path = FOLDER, sources: Path = SOURCES) -> None:
    """Write `index.md` and a page for each extension into `folder`; see `fill`."""
    pages = {f"{readme.parent.name}.md": readme.read_text("utf-8") for readme in sorted(sources.glob("*/README.md"))}
    entries = "\n".join(name.removesuffix(".md") for name in pages)
    pages["index.md"] = f"{_INDEX}```{{toctree}}\n:maxdepth: 1\n\n{entries}\n```\n"
    fill(folder, pages)


def setup(app: Any) -> None:
    """Called by Sphinx."""
    app.connect("builder-inited", lambda _: write_pages())
