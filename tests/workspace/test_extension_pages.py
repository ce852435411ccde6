"""Every extension has a page, which is its README; pages of those that are gone go."""

from __future__ import annotations

import os
from pathlib import Path

from docs.extension_pages import SOURCES, write_pages


def test_every_extension_of_the_workspace_has_its_page(tmp_path: Path) -> None:
    (tmp_path / "gone.md").write_text("# Gone\n")
    write_pages(tmp_path)
    dists = {pyproject.parent.name for pyproject in SOURCES.glob("*/pyproject.toml")}
    assert dists
    assert {page.stem for page in tmp_path.iterdir()} == dists | {"index"}
    assert dists <= set((tmp_path / "index.md").read_text("utf-8").splitlines())
    for dist in dists:
        assert (tmp_path / f"{dist}.md").read_text("utf-8") == (SOURCES / dist / "README.md").read_text("utf-8")


def test_a_page_that_is_the_same_is_left_alone(tmp_path: Path) -> None:
    write_pages(tmp_path)
    for page in tmp_path.iterdir():
        os.utime(page, (1, 1))
    write_pages(tmp_path)
    assert {page.stat().st_mtime for page in tmp_path.iterdir()} == {1.0}
