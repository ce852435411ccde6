"""`coffers record`: what it writes and prints, and how it ends."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.roof.cli.conftest import SECRET, Bank, Result

Cli = Callable[..., Result]
Write = Callable[..., Path]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def test_an_answer_becomes_a_case_with_all_its_files(cli: Cli, bank: Bank, config: Write, here: Path) -> None:
    bank.rows("shop", {"currency": "EUR", "total": "1234.50", "wallet": "Ada's purse"}, owner="ada@lovelace.org")
    result = cli("record", "shop", "--config", config("shop"))
    files = "attempt.json, credentials.json, query.json, request.http, response.http, signed.http, snapshot.json"
    assert (result.code, result.out) == (0, f"vectors/toybox/recorded: {files}\n")
    assert "The answer is a snapshot." in result.err
    assert "coffers try --write vectors/toybox/recorded" in result.err
    written = "\n".join(file.read_text() for file in (here / "vectors/toybox/recorded").iterdir())
    for gone in (SECRET, "1234.50", "Ada", "lovelace", "purse = main", bank.url):
        assert gone not in written + result.out + result.err
    assert '"count": 3' in written
    assert "EUR" in written
    assert cli("try", "vectors/toybox/recorded").code == 0


def test_a_refusal_is_recorded_too(cli: Cli, bank: Bank, config: Write, here: Path) -> None:
    bank.refuse("shop", message=f"no such key {SECRET}")
    result = cli("record", "shop", "--config", config("shop"), "--to", "other", "--case", "wrong-key")
    assert result.code == 0
    assert "The answer is the error auth." in result.err
    assert '"kind": "auth"' in (here / "other/toybox/wrong-key/error.json").read_text()
    assert SECRET not in result.out + result.err


def test_a_case_that_is_there_is_never_overwritten(cli: Cli, bank: Bank, config: Write, here: Path) -> None:
    (here / "vectors/toybox/recorded").mkdir(parents=True)
    result = cli("record", "shop", "--config", config("shop"))
    told = "coffers: vectors/toybox/recorded is there already; give another --case, or remove it\n"
    assert (result.code, result.out, result.err) == (2, "", told)
    assert bank.seen == []


def test_a_case_that_comes_up_meanwhile_is_not_overwritten_either(
    cli: Cli, bank: Bank, config: Write, here: Path
) -> None:
    bank.rows("shop", {"currency": "EUR", "total": "1"})
    bank.waiting.add("shop")
    folder = here / "vectors/toybox/recorded"

    def meanwhile() -> None:
        while not bank.seen:
            time.sleep(0.01)
        folder.mkdir(parents=True)
        bank.release.set()

    other = threading.Thread(target=meanwhile)
    other.start()
    result = cli("record", "shop", "--config", config("shop"))
    other.join()
    assert (result.code, result.out) == (2, "")
    assert "vectors/toybox/recorded is there already" in result.err
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("to", ["file/deeper", "nowhere"])
def test_a_folder_that_cannot_be_written_is_told(cli: Cli, bank: Bank, config: Write, here: Path, to: str) -> None:
    bank.rows("shop", {"currency": "EUR", "total": "1"})
    (here / "file").write_text("in the way")
    (here / "nowhere").symlink_to(here / "gone")
    result = cli("record", "shop", "--config", config("shop"), "--to", to)
    assert (result.code, result.out) == (74, "")
    assert f"{to.partition('/')[0]}" in result.err
    assert "cannot be written: Not a directory" in result.err


def test_a_link_to_nowhere_is_no_place_for_a_case(cli: Cli, bank: Bank, config: Write, here: Path) -> None:
    (here / "vectors/toybox").mkdir(parents=True)
    (here / "vectors/toybox/recorded").symlink_to(here / "gone")
    result = cli("record", "shop", "--config", config("shop"))
    assert (result.code, bank.seen) == (2, [])
    assert "vectors/toybox/recorded is there already" in result.err


def test_names_that_are_no_folders_are_refused(cli: Cli, config: Write, here: Path) -> None:
    result = cli("record", "shop", "--config", config("shop"), "--case", "../up")
    assert (result.code, result.out) == (2, "")
    assert "letters, digits" in result.err
    assert list(here.iterdir()) == []


def test_an_answer_that_cannot_be_scrubbed_is_not_written(cli: Cli, bank: Bank, config: Write, here: Path) -> None:
    """This plugin hands a word of the answer on, and takes no other one in its place."""
    bank.rows("shop", {"currency": "EUR", "total": "1", "unit": "asset"})
    result = cli("record", "shop", "--config", config("shop"))
    assert (result.code, result.out) == (5, "")
    assert "the answer was a snapshot, scrubbed it is the error bad_response" in result.err
    assert "nothing was written; write this vector by hand" in result.err
    assert list(here.iterdir()) == []


@pytest.mark.parametrize(("fault", "code"), [("timeout", 69), ("reference", 2), ("account", 2)])
def test_without_an_answer_it_ends_as_balances_does(
    cli: Cli, bank: Bank, config: Write, here: Path, fault: str, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    bank.rows("shop")
    if fault == "timeout":
        bank.waiting.add("shop")
    if fault == "reference":
        monkeypatch.delenv("TOY_KEY")
    name = "other" if fault == "account" else "shop"
    result = cli("record", name, "--config", config("shop"), "--timeout", "0.2")
    assert (result.code, result.out) == (code, "")
    assert "nothing to record" in result.err or fault == "account"
    assert list(here.iterdir()) == []
