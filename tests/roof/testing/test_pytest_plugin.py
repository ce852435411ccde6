"""An outsider's enrolment, run by a pytest of its own: what is collected, what a failure says, what cannot be lost."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

#: A plugin in one module, its faults switched on by name; and a recorded success.
PLUGIN = """
from types import SimpleNamespace
from tests.core import toy

acme = toy.plugin("acme", permission="read-only")
"""
ENROLMENT = """
from pathlib import Path
from coffers.testing import Conformance
from plugin import acme as provider

acme = Conformance(provider, vectors=Path(__file__).parent / "vectors"{more})
"""
CASE = "vectors/acme/balance"
FILES = {
    f"{CASE}/query.json": "{}",
    f"{CASE}/credentials.json": '{"key": "made-up-key"}',
    f"{CASE}/attempt.json": '{"time_ms": 5, "nonce": 7}',
    f"{CASE}/request.http": "GET /balances HTTP/1.1\nHost: {api}\n\n",
    f"{CASE}/signed.http": "GET /balances HTTP/1.1\nHost: {api}\nAuthorization: Bearer made-up-key\n"
    "X-Time: 5\nX-Nonce: 7\n\n",
    f"{CASE}/response.http": 'HTTP/1.1 200 OK\n\n{"currency": "USD", "amount": "12.50"}',
    f"{CASE}/snapshot.json": '{"balances": [{"currency": "USD", "unit": "money", "network": null, "wallet": null, '
    '"total": "12.50", "available": null, "pending": null, "reserved": null, "spendable": "12.50", "value": null, '
    '"details": {}}], "as_of": null}',
}
ROOT = Path(__file__).parents[3]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A plugin's folder, outside this repository."""
    for name, content in {**FILES, "plugin.py": PLUGIN, "test_conformance.py": ENROLMENT.format(more="")}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    return tmp_path


def run(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:randomly", "-c", "/dev/null"]
    return subprocess.run(
        [*command, "--rootdir", project, "-W", "error", *arguments],
        cwd=project,
        env=os.environ | {"PYTHONPATH": f"{project}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        check=False,
    )


ARROWS = ("-k", "arrow")


def test_every_check_and_case_is_a_test_of_its_own(project: Path) -> None:
    listed = run(project, "--collect-only", "-q").stdout
    assert "test_conformance.py::acme::sign-arrow[balance]" in listed
    assert "test_conformance.py::acme::manifest-is-complete" in listed
    ran = run(project, "-q", *ARROWS)
    assert ran.returncode == 0, ran.stdout
    assert "3 passed" in ran.stdout


def test_one_check_can_be_asked_for_by_its_node(project: Path) -> None:
    ran = run(project, "-q", "test_conformance.py::acme::sign-arrow[balance]")
    assert (ran.returncode, "1 passed" in ran.stdout) == (0, True), ran.stdout


def test_a_failure_names_the_verb_shows_the_difference_and_says_how_to_mend_it(project: Path) -> None:
    signed = project / CASE / "signed.http"
    signed.write_text(signed.read_text().replace("X-Nonce: 7", "X-Nonce: 8"))
    ran = run(project, "-q", *ARROWS)
    assert ran.returncode == 1
    for words in ("acme: sign-arrow[balance]", "coffers_sign does not answer", "-X-Nonce: 8", "+X-Nonce: 7", "mend it"):
        assert words in ran.stdout
    assert "checking.py" not in ran.stdout  # the kit's own frames help nobody


def test_an_expected_failure_carries_its_reason(project: Path) -> None:
    (project / CASE / "signed.http").write_text("GET /elsewhere HTTP/1.1\nHost: {api}\n\n")
    reason = ', expected_failures={"sign-arrow[balance]": "the documents show another host"}'
    (project / "test_conformance.py").write_text(ENROLMENT.format(more=reason))
    ran = run(project, "-q", "-rx", *ARROWS)
    assert (ran.returncode, "1 xfailed" in ran.stdout) == (0, True), ran.stdout
    assert "the documents show another host" in ran.stdout


def test_an_expected_failure_that_holds_by_now_fails(project: Path) -> None:
    more = ', expected_failures={"sign-arrow[balance]": "it was wrong once"}'
    (project / "test_conformance.py").write_text(ENROLMENT.format(more=more))
    ran = run(project, "-q", *ARROWS)
    assert ran.returncode == 1
    assert "it holds by now" in ran.stdout
    assert "it was wrong once" in ran.stdout


@pytest.mark.parametrize(
    ("expected", "words"),
    [
        ('{"sign-arow[balance]": "why"}', "did you mean 'sign-arrow[balance]'?"),
        ('{"quite-another": "why"}', "there is no check 'quite-another'"),
        ('{"sign-arrow[balance]": " "}', "needs its reason"),
    ],
)
def test_an_expected_failure_must_name_a_check_and_say_why(project: Path, expected: str, words: str) -> None:
    (project / "test_conformance.py").write_text(ENROLMENT.format(more=f", expected_failures={expected}"))
    ran = run(project, "-q")
    assert ran.returncode == 2
    assert words in ran.stdout


def test_a_plugin_that_does_not_load_says_why(project: Path) -> None:
    (project / "test_conformance.py").write_text(
        ENROLMENT.format(more="").replace("Conformance(provider", "Conformance(object()")
    )
    ran = run(project, "-q")
    assert ran.returncode == 2
    assert "the hook coffers_provider is missing" in ran.stdout
    (project / "test_conformance.py").write_text(
        ENROLMENT.format(more="").replace("Conformance(provider", 'Conformance("acme"')
    )
    ran = run(project, "-q")
    assert "pip install coffers-acme" in ran.stdout


@pytest.mark.parametrize("mark", ["pytest.mark.skip", "pytest.mark.skipif(True, reason='no')", "pytest.mark.xfail"])
def test_a_mark_cannot_hide_a_check(project: Path, mark: str) -> None:
    (project / "conftest.py").write_text(
        "import pytest\n"
        "def pytest_collection_modifyitems(items):\n"
        f"    for item in items:\n        item.add_marker({mark})\n"
    )
    ran = run(project, "-q", *ARROWS)
    assert ran.returncode == 4, ran.stdout
    assert "name it in expected_failures" in ran.stderr


def test_a_check_cannot_be_taken_out_silently(project: Path) -> None:
    (project / "conftest.py").write_text("def pytest_collection_modifyitems(items):\n    del items[:2]\n")
    ran = run(project, "-q")
    assert ran.returncode == 4, ran.stdout
    assert "2 standard checks were taken out of the run" in ran.stderr


def test_what_a_person_deselects_is_told_by_pytest(project: Path) -> None:
    ran = run(project, "-q", "--deselect", "test_conformance.py::acme::sign-arrow[balance]", *ARROWS)
    assert ran.returncode == 0
    assert "deselected" in ran.stdout


def test_enrolment_cannot_be_inherited_from() -> None:
    from coffers.testing import Conformance

    with pytest.raises(TypeError, match="cannot be subclassed"):
        type("Mine", (Conformance,), {})


def test_a_value_that_only_has_the_name_is_not_collected(project: Path) -> None:
    (project / "test_other.py").write_text("class Conformance: pass\nmine = Conformance()\ndef test_it(): pass\n")
    ran = run(project, "-q", "test_other.py")
    assert (ran.returncode, "1 passed" in ran.stdout) == (0, True), ran.stdout
