"""Pages made before Sphinx reads the others; one that has not changed is left alone and not read again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def write(file: Path, text: str) -> None:
    """Write one page, unless it is there already."""
    if not file.exists() or file.read_text("utf-8") != text:
        file.write_text(text, "utf-8")


def fill(folder: Path, pages: Mapping[str, str]) -> None:
    """Write these pages, by file name, into `folder`; what is there besides goes."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        if old.name not in pages:
            old.unlink()
    for name, text in pages.items():
        write(folder / name, text)
