"""The examples of the documentation are truly executed: what differs is told, and nothing is left behind."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sybil import Document
from sybil.example import SybilFailure

from tests.console import PARSERS, Console


@pytest.fixture
def console() -> Iterator[Console]:
    console = Console({"PATH": os.environ["PATH"]})
    yield console
    console.close()


def evaluate(console: Console, tmp_path: Path, text: str) -> None:
    page = tmp_path / "page.md"
    page.write_text(text)
    document = Document.parse(str(page), *PARSERS)
    document.namespace["console"] = console
    examples = list(document.examples())
    assert examples
    for example in examples:
        example.evaluate()


def test_what_is_printed_must_be_what_is_written(console: Console, tmp_path: Path) -> None:
    evaluate(console, tmp_path, "```console\n$ echo one; echo two >&2\none\ntwo\n```\n")
    with pytest.raises(SybilFailure, match=r"expected:\n\$ echo one\ntwo\n\nprinted:\n\$ echo one\none\n"):
        evaluate(console, tmp_path, "```console\n$ echo one\ntwo\n```\n")


@pytest.mark.parametrize(("written", "same"), [("one", False), ("...two", True), ("...", True), ("one\ntwo", True)])
def test_dots_stand_for_anything_and_nothing_may_be_left_out(console: Console, written: str, same: bool) -> None:
    assert (console.differs(f"$ echo one; echo two\n{written}\n") is None) is same


def test_a_page_is_one_session(console: Console) -> None:
    assert console.run("mkdir 'a b' && cd 'a b' && export NAME='it is $HOME'") == ""
    assert console.run('basename "$PWD"; echo "$NAME"') == "a b\nit is $HOME\n"
    assert console.run("false; exit 3") == ""
    assert console.run('basename "$PWD"; echo "$NAME"; echo ~') == f"a b\nit is $HOME\n{console.folder}\n"


def test_a_command_may_have_several_lines(console: Console) -> None:
    assert console.differs("$ cat > f <<'EOF'\n> $one\n> two\n> EOF\n$ cat f\n$one\ntwo\n") is None
    assert console.differs("$ echo '> x'\n...x\n> y\n") is not None


def test_what_runs_in_the_background_is_not_waited_for_and_ends_with_the_page(tmp_path: Path) -> None:
    console = Console({"PATH": os.environ["PATH"]})
    ready, ended = tmp_path / "ready", tmp_path / "ended"
    serving = f"trap 'echo yes > {ended}; exit' TERM; touch {ready}; while :; do sleep 0.05; done"
    assert console.run(f"({serving}) & until test -e {ready}; do sleep 0.01; done; echo on") == "on\n"
    assert not ended.exists()
    console.close()
    assert ended.exists()
    assert not console.folder.exists()


def test_a_block_with_a_caption_is_a_file(console: Console, tmp_path: Path) -> None:
    block = "```{code-block} python\n:caption: shop/till.py\n\nprint(1)\n\n\nprint(2)\n```\n"
    evaluate(console, tmp_path, f"{block}\n```console\n$ cat shop/till.py\nprint(1)\n\n\nprint(2)\n```\n")
    evaluate(
        console, tmp_path, block.replace("print(1)\n\n\n", "") + "\n```console\n$ cat shop/till.py\nprint(2)\n```\n"
    )
    with pytest.raises(ValueError, match="leads out of the page's folder"):
        console.write("../elsewhere", "")
