"""Corners of the kit: what it says of a part, a case or an enrolment that is not as it should be."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from pathlib import Path
from typing import NoReturn

import pytest

from coffers import SANDBOX_GROUP, InstalledProvider
from coffers.cli import tiers
from coffers.testing import Conformance
from coffers.testing import subject as subjects
from coffers.testing.checking import CheckFailedError, run_check
from coffers.testing.checks import CHECKS
from coffers.testing.conformance import title_of
from coffers.testing.known import known_of
from coffers.testing.scrubbing import Disguise
from coffers.testing.subject import Subject
from coffers.testing.vectors import load_cases
from tests.core import toy
from tests.roof.testing.kit_toy import GOOD, SIGNED, subject


def fault(subject: Subject, title: str) -> str:
    """What the check of that title says."""
    for check in CHECKS:
        for case in [None] if check.each is None else subject.cases:
            if title_of(check, case) == title:
                with pytest.raises(CheckFailedError) as caught:
                    run_check(check, subject, case)
                return str(caught.value)
    raise LookupError(title)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("no_such_module_at_all:PART", "its sandbox part cannot be imported (ModuleNotFoundError)"),
        ("json:dumps", "its sandbox part is no SandboxProvider of this id"),
    ],
)
def test_a_sandbox_part_that_is_none_is_told(
    value: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = EntryPoint("toy", value, SANDBOX_GROUP)
    monkeypatch.setattr(subjects, "entry_points", lambda **_: [entry])
    assert fault(subject(tmp_path), "sandbox-part-is-there") == words


def test_a_missing_sandbox_part_is_told(tmp_path: Path) -> None:
    assert fault(subject(tmp_path), "sandbox-part-is-there") == "it has no sandbox part"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"HTTP/2 200 OK\n\n{}", "response.http cannot be read: "),
        (b"\xef\xbb\xbfHTTP/1.1 200 OK\n\n{}", "response.http begins with a byte-order mark"),
        (b"HTTP/1.1 200 OK\r\n\r\n{}", "response.http has lines that end with CR LF"),
    ],
)
def test_an_answer_that_cannot_be_read_is_told(content: bytes, words: str, tmp_path: Path) -> None:
    made = subject(tmp_path)
    (made.main_case.folder / "response.http").write_bytes(content)
    again = Subject(GOOD, load_cases(tmp_path))
    assert words in fault(again, "case-is-well-formed[balance]")


def test_a_case_that_cannot_be_read_costs_the_other_checks_nothing(tmp_path: Path) -> None:
    made = subject(tmp_path)
    (made.main_case.folder / "response.http").write_bytes(b"HTTP/1.1 200 OK\r\n\r\n{}")
    results = {title_of(one.check, one.case): one.fault for one in Conformance(GOOD, vectors=tmp_path).run()}
    assert "end with CR LF" in (results["case-is-well-formed[balance]"] or "")
    assert (results["digits-are-kept"] or "").startswith("it could not be run: ValueError: response.http")
    assert results["case-is-well-formed[wrong-key]"] is None


def test_a_provider_without_credentials_records_none(tmp_path: Path) -> None:
    plugin = toy.plugin(sign=lambda request, credentials, attempt: request.seal(), credentials=())
    cases = {
        "balance": {
            "query.json": {},
            "attempt.json": SIGNED["attempt.json"],
            "request.http": "GET /balances HTTP/1.1\nHost: {api}\n\n",
            "signed.http": "GET /balances HTTP/1.1\nHost: {api}\n\n",
            "response.http": 'HTTP/1.1 200 OK\n\n{"currency": "USD", "amount": "12.50"}',
        }
    }
    made = subject(tmp_path, plugin, cases=cases)
    [check] = [check for check in CHECKS if check.name == "case-is-well-formed"]
    assert "signed.http" in made.cases[0].files
    run_check(check, made, made.cases[0])


def test_a_canonical_text_needs_its_function(tmp_path: Path) -> None:
    made = subject(tmp_path)
    (made.main_case.folder / "canonical.txt").write_text("GET")
    again = Subject(GOOD, load_cases(tmp_path))
    assert "there is no function `canonical(" in fault(again, "canonical-arrow[balance]")


@pytest.mark.parametrize(
    ("expected", "words"),
    [
        ({"sign-arow[balance]": "why"}, "did you mean 'sign-arrow\\[balance\\]'"),
        ({"nothing-like-it": "why"}, "there is no check 'nothing-like-it'$"),
        ({"sign-arrow[balance]": " "}, "needs its reason"),
    ],
)
def test_an_expected_failure_names_a_check_and_says_why(expected: dict[str, str], words: str, tmp_path: Path) -> None:
    subject(tmp_path)
    with pytest.raises(ValueError, match=words):
        Conformance(GOOD, vectors=tmp_path, expected_failures=expected).checks()


def test_what_has_no_fault_needs_no_remark() -> None:
    installed = InstalledProvider("toy", "coffers-toy", "1.0", "toy")
    assert tiers.Rated(installed, "gold", 3).remark == ""
    one, two = ("a[x]", "first line\nsecond", "mend"), ("b", "other", "mend")
    assert tiers.Rated(installed, None, 3, (one,)).remark == "a[x]: first line"
    assert tiers.Rated(installed, None, 3, (one, two)).remark == "a[x]: first line (and 1 more)"


def test_progress_is_told_on_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    installed = InstalledProvider("toy", "coffers-toy", "1.0", "toy")
    monkeypatch.setattr(tiers, "is_terminal", lambda _: True)
    monkeypatch.setattr(tiers, "_rated", lambda one, _: tiers.Rated(one, "gold", 1))
    [rated] = tiers.rate_installed([installed], registry=None)  # type: ignore[arg-type]  # not looked at here
    assert rated.tier == "gold"
    assert "checking toy (1 of 1) ..." in capsys.readouterr().err


def test_letters_whose_other_case_is_longer_keep_their_number() -> None:
    disguise = Disguise(known_of([], []))
    text = "Weißenbacherstraße"
    made = disguise.text(text)
    assert made != text
    assert len(made) == len(text)
    assert disguise.text(text) == made


def test_a_verb_that_raises_is_named(tmp_path: Path) -> None:
    subject(tmp_path)

    def request(query: object) -> NoReturn:
        raise LookupError("no such thing")

    made = Subject(toy.plugin(request=request), load_cases(tmp_path))
    assert fault(made, "request-arrow[balance]") == "coffers_request raised LookupError: no such thing"
