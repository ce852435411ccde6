"""The pages on providers are made from what is installed, and a broken plugin spoils none but its own."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from coffers import Registry
from coffers.testing.vectors import load_cases
from docs.provider_pages import index, installed, page, write_pages

ACME = Path(__file__).parents[1] / "acme"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Installed besides the workspace's own plugins: Acme, which works, and two that do not load."""
    site = tmp_path_factory.mktemp("site")
    for dist, text in (("loud", "raise RuntimeError('a `tick` | and a bar')"), ("gone", "raise SystemExit(3)")):
        info = site / f"coffers_{dist}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: coffers-{dist}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[coffers.providers]\n{dist} = coffers_{dist}\n")
        (site / f"coffers_{dist}.py").write_text(text)
    with pytest.MonkeyPatch.context() as patch:
        for folder in (ACME, site):
            patch.syspath_prepend(str(folder))
        patch.setenv("PYTHONPATH", os.pathsep.join([str(ACME), str(site)]))
        yield
    sys.modules.pop("coffers_acme", None)


@pytest.fixture(scope="module")
def folder(site: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the pages were written."""
    folder = tmp_path_factory.mktemp("pages") / "providers"
    write_pages(folder)
    return folder


@pytest.fixture
def written(folder: Path) -> dict[str, str]:
    return {file.stem: file.read_text("utf-8") for file in folder.iterdir()}


def test_every_installed_provider_has_a_page(written: dict[str, str]) -> None:
    ids = {entry.id for entry in Registry().list()}
    assert {"acme", "loud", "gone"} < ids
    assert written.keys() == ids | {"index"}
    assert set(re.findall(r"^[a-z0-9-]+$", written["index"], re.MULTILINE)) == ids


def test_a_page_says_what_the_manifest_says(written: dict[str, str]) -> None:
    acme = written["acme"]
    manifest = Registry().load("acme").manifest
    assert acme.startswith("# Acme\n")
    assert all(f"`{url}`" in acme for url in manifest.base_urls.values())
    assert f"\nPermission\n: {manifest.permission}\n" in acme
    assert f"\nNot covered\n: {manifest.not_covered}\n" in acme
    assert "`pip install coffers-acme` (this page: version 0.1.0)" in acme
    assert "`key`\n: a reference; required: a key of the dashboard" in acme
    assert '[accounts.acme]\nprovider = "acme"\nkey = "env:ACME_KEY"' in acme


def test_a_page_shows_every_recorded_case(written: dict[str, str]) -> None:
    cases = load_cases(ACME / "coffers_acme/vectors")
    assert len(cases) >= 2
    assert "| `balance` | 200 | `EUR` |" in written["acme"]
    assert "| `unknown-key` | 401 | error `auth`, the provider's code `unknown key` |" in written["acme"]
    assert "Authorization: Bearer made-up-key" in written["acme"]
    assert f"All {len(cases)} of them" in written["acme"]


def test_a_page_holds_the_readme_one_level_deeper(written: dict[str, str]) -> None:
    acme = written["acme"].partition("## From the plugin's README\n")[2]
    assert "\n### The amounts\n" in acme
    assert "\n# A comment, no heading\n" in acme
    assert "Links such as vectors lead nowhere from a page,\n[others](https://acme.example) do." in acme
    assert "# coffers-acme" not in acme


def test_a_broken_plugin_has_a_page_that_says_so(written: dict[str, str]) -> None:
    assert "does not load" in written["loud"]
    assert "RuntimeError: a `tick` | and a bar" in written["loud"]
    assert "SystemExit: 3" in written["gone"]
    assert "does not load" not in written["acme"]


def test_old_pages_go_and_unchanged_ones_stay(folder: Path) -> None:
    (folder / "uninstalled.md").write_text("# Uninstalled\n")
    (folder / "loud.md").write_text("# Older\n")
    os.utime(folder / "acme.md", (1, 1))
    write_pages(folder)
    assert not (folder / "uninstalled.md").exists()
    assert (folder / "loud.md").read_text() != "# Older\n"
    assert (folder / "acme.md").stat().st_mtime == 1


def test_without_a_provider_the_index_says_so() -> None:
    assert "No provider was installed." in index([])


@pytest.mark.usefixtures("site")
def test_what_a_plugin_says_is_no_markup() -> None:
    [acme] = [facts for facts in installed() if facts["id"] == "acme"]
    text = page({**acme, "title": "A *bold* | <b>one</b>\n# Two", "permission": "`a` | b"})
    assert text.startswith(r"# A \*bold\* \| \<b\>one\</b\> \# Two")
    assert "Permission\n: \\`a\\` \\| b\n" in text
