"""What systems and editors do to a folder of vectors: stray files are passed over, changed ones are named."""

from __future__ import annotations

from pathlib import Path

import pytest

from coffers.testing import Conformance
from coffers.testing.checking import CheckFailedError, run_check
from coffers.testing.vectors import load_cases
from tests.roof.testing.kit_toy import GOOD, subject

STRAY = (".DS_Store", ".query.json.swp", "query.json~", "#query.json#", "query.json.orig", "Thumbs.db", "desktop.ini")
OK = b'HTTP/1.1 200 OK\nContent-Type: application/json\n\n{"currency": "USD", "amount": "12.50"}'


def test_stray_files_and_folders_are_passed_over(tmp_path: Path) -> None:
    known = [(case.name, sorted(case.files)) for case in subject(tmp_path).cases]
    for name in STRAY:
        for folder in (tmp_path, tmp_path / "toy", tmp_path / "toy/balance"):
            (folder / name).write_bytes(b"\0")
    for folder in ("toy/__pycache__", "toy/.idea", "toy/balance/notes"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "query.json").write_bytes(b"\0")
    assert [(case.name, sorted(case.files)) for case in load_cases(tmp_path)] == known


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (OK.replace(b"\n", b"\r\n"), "CR LF; save it with LF"),
        (b"\xef\xbb\xbf" + OK, "byte-order mark"),
        (b"200 OK", "HTTP/1.1 STATUS"),
    ],
    ids=["line-ends", "mark", "no-response"],
)
def test_a_response_that_an_editor_changed_says_so(content: bytes, words: str, tmp_path: Path) -> None:
    subject(tmp_path)
    (tmp_path / "toy/balance/response.http").write_bytes(content)
    kit = Conformance(GOOD, vectors=tmp_path)
    [(check, case)] = [
        (check, case)
        for check, case in kit.checks()
        if check.name == "case-is-well-formed" and case and case.name == "balance"
    ]
    with pytest.raises(CheckFailedError, match=words):
        run_check(check, kit.subject, case)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    kit = Conformance(GOOD, vectors=tmp_path / "nowhere")
    with pytest.raises(ValueError, match=r"there is no folder .*nowhere"):
        list(kit.checks())
