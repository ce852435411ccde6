"""Every vector of every provider in the workspace, replayed verb by verb. No provider is named here."""

from __future__ import annotations

import importlib
import tomllib
from pathlib import Path
from typing import Any

import pytest

from coffers.testing.vectors import Case, find_vectors, load_cases, render_request, replay, write_case

DISTS = sorted((Path(__file__).parents[2] / "plugins" / "providers").glob("*/pyproject.toml"))
MODULES: dict[str, str] = {}
CASES: list[Case] = []
for _file in DISTS:
    MODULES.update(tomllib.loads(_file.read_text())["project"]["entry-points"]["coffers.providers"])
    CASES.extend(load_cases(_file.parent / "vectors"))


def _plugin(provider_id: str) -> Any:
    return importlib.import_module(MODULES[provider_id])


def _id(case: Case) -> str:
    return f"{case.provider_id}/{case.name}"


@pytest.mark.parametrize("case", CASES, ids=_id)
def test_every_arrow_holds(case: Case) -> None:
    arrows = list(replay(case, _plugin(case.provider_id)))
    assert arrows, "a case without an arrow proves nothing"
    for arrow in arrows:
        assert arrow.actual == arrow.expected, f"{arrow.verb} does not answer what {arrow.file} says"


@pytest.mark.parametrize("case", CASES, ids=_id)
def test_a_case_holds_known_files_only_and_one_end(case: Case) -> None:
    ends = {"snapshot.json", "token.json", "error.json"}
    known = {"query.json", "credentials.json", "attempt.json", "request.http", "canonical.txt", "signed.http"}
    assert case.files.keys() <= known | ends | {"response.http"}
    assert "query.json" in case.files
    assert ("response.http" in case.files) == (len(ends & case.files.keys()) == 1)
    if "signed.http" in case.files:
        assert {"request.http", "credentials.json", "attempt.json"} <= case.files.keys()


@pytest.mark.parametrize("provider_id", sorted(MODULES))
def test_every_provider_has_a_whole_success_and_an_error(provider_id: str) -> None:
    names = [set(case.files) for case in CASES if case.provider_id == provider_id]
    assert any({"signed.http", "response.http", "snapshot.json"} <= files for files in names)
    assert any({"response.http", "error.json"} <= files for files in names)


@pytest.mark.parametrize("provider_id", sorted(MODULES))
def test_only_the_signer_shows_a_secret(provider_id: str) -> None:
    """What `coffers_request` answers holds none of the credentials' values."""
    plugin = _plugin(provider_id)
    signed = [case for case in CASES if case.provider_id == provider_id and "credentials.json" in case.files]
    assert signed
    for case in signed:
        request = plugin.coffers_request(case.query(plugin.coffers_provider()))
        for value in case.json("credentials.json").values():
            assert value.encode() not in render_request(request)


@pytest.mark.parametrize("provider_id", sorted(MODULES))
def test_a_changed_expectation_is_noticed_and_can_be_written_anew(provider_id: str, tmp_path: Path) -> None:
    plugin = _plugin(provider_id)
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
