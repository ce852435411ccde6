"""A page for every extension of the workspace: its README, copied before Sphinx reads the pages.

An extension is a dist below plugins/extensions. No file names one by hand. The pages lie in docs/extensions, which git
ignores.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "extensions"
SOURCES = Path(__file__).parents[1] / "plugins/extensions"

_INDEX = """\
# Extensions

Tools around the core that need more than the core does. Each is a dist of its own: `pip install` its name.

"""


def write_pages(folder: Path = FOLDER, sources: Path = SOURCES) -> None:
    """Write `index.md` and a page for each extension into `folder`; what is there besides goes.

    A file whose content is the same is left alone, so that Sphinx does not read it again.
    """
    pages = {f"{readme.parent.name}.md": readme.read_text("utf-8") for readme in sorted(sources.glob("*/README.md"))}
    entries = "\n".join(name.removesuffix(".md") for name in pages)
    pages["index.md"] = f"{_INDEX}```{{toctree}}\n:maxdepth: 1\n\n{entries}\n```\n"
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        if old.name not in pages:
            old.unlink()
    for name, text in pages.items():
        file = folder / name
        if not file.exists() or file.read_text("utf-8") != text:
            file.write_text(text, "utf-8")


def setup(app: Any) -> None:
    """Called by Sphinx."""
    app.connect("builder-inited", lambda _: write_pages())
