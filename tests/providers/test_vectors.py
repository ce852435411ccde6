"""The recorded cases as files: found in an installed plugin, noticed when changed, written anew. No provider is named.

That each verb answers what its file says is the conformance kit's business: `test_conformance.py`.
"""

from __future__ import annotations

import importlib
import tomllib
from pathlib import Path

import pytest

from coffers.testing.vectors import Case, find_vectors, load_cases, replay, write_case

DISTS = sorted((Path(__file__).parents[2] / "plugins" / "providers").glob("*/pyproject.toml"))
MODULES: dict[str, str] = {}
CASES: list[Case] = []
for _file in DISTS:
    MODULES.update(tomllib.loads(_file.read_text())["project"]["entry-points"]["coffers.providers"])
    CASES.extend(load_cases(_file.parent / "vectors"))


@pytest.mark.parametrize("provider_id", sorted(MODULES))
def test_a_changed_expectation_is_noticed_and_can_be_written_anew(provider_id: str, tmp_path: Path) -> None:
    plugin = importlib.import_module(MODULES[provider_id])
    original = next(case for case in CASES if case.provider_id == provider_id and "signed.http" in case.files)
    folder = tmp_path / provider_id / original.name
    folder.mkdir(parents=True)
    for name, content in original.files.items():
        (folder / name).write_bytes(content + b"x" if name == "signed.http" else content)
    (changed,) = load_cases(tmp_path)
    assert [arrow.verb for arrow in replay(changed, plugin) if not arrow.holds] == ["sign"]
    write_case(changed, plugin)
    (mended,) = load_cases(tmp_path)
    assert mended.files["signed.http"] == original.files["signed.http"]
    assert all(arrow.holds for arrow in replay(mended, plugin))


@pytest.mark.parametrize("provider_id", sorted(MODULES))
def test_the_vectors_of_an_installed_provider_are_found(provider_id: str) -> None:
    found = [case.name for case in load_cases(find_vectors(MODULES[provider_id])) if case.provider_id == provider_id]
    assert found == [case.name for case in CASES if case.provider_id == provider_id]


def test_a_package_without_vectors_says_so() -> None:
    with pytest.raises(FileNotFoundError, match="attrs"):
        find_vectors("attrs")
