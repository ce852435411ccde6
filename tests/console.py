"""The examples of the documentation that a reader types into a shell, executed as they are printed.

`conftest.py` runs those of README and docs, `tests/wheels/test_tutorials.py` those of the tutorials. The convention:

- A ```console block holds commands and what they print. A command is a line that begins with ``$ ``; lines directly
  below it that begin with ``> `` belong to it, as in bash. Everything else is what is printed, standard error
  included; ``...`` stands for anything.
- A page is one session in one folder, empty at first: where ``cd`` leads to and what ``export`` sets holds for the
  commands below. What a page leaves in the background ends with the page. ``$?`` does not outlive its line, so write
  ``; echo "exit code $?"``.
- A ```{code-block} with a ``:caption:`` is a file: its text is written to the path that the caption names, relative to
  the page's folder, whatever was there before. The caption stands above the text in the rendered page.
"""

from __future__ import annotations

import contextlib
import doctest
import os
import shlex
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from sybil import Document, Example
from sybil.parsers.myst import CodeBlockParser
from sybil.parsers.myst.lexers import DirectiveLexer
from sybil.region import Region

#: How long one command may take; some install packages.
TIMEOUT_S = 300

#: How long what runs in the background may take to end when it is asked to.
GRACE_S = 5.0


class Console:
    """The session of one page.

    Args:
        environment: the environment variables at first; `HOME` becomes the page's folder.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._kept = tempfile.TemporaryDirectory(prefix="coffers-docs-", ignore_cleanup_errors=True)
        self.folder = Path(self._kept.name) / "home"
        self.folder.mkdir()
        self._state = Path(self._kept.name) / "state.sh"
        self._state.write_text(f"cd {shlex.quote(str(self.folder))}\n", "utf-8")
        here = {"HOME": str(self.folder), "XDG_CONFIG_HOME": str(self.folder / ".config")}
        self._environment = {**environment, **here}
        self._groups: list[int] = []

    def close(self) -> None:
        """End what runs in the background, and remove the folder."""
        for group in self._groups:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(group, signal.SIGTERM)
                self._wait_for(group)
                os.killpg(group, signal.SIGKILL)
        self._kept.cleanup()

    def _wait_for(self, group: int) -> None:
        """Give a group of processes a moment to end.

        Raises:
            ProcessLookupError: it has.
        """
        deadline = time.monotonic() + GRACE_S
        while time.monotonic() < deadline:
            os.killpg(group, 0)
            time.sleep(0.01)

    def run(self, command: str) -> str:
        """What `command` prints, without blanks at the ends of lines."""
        state = shlex.quote(str(self._state))
        keep = f'{{ export -p; printf "cd %q\\n" "$PWD"; }} > {state}'
        script = f". {state}\ntrap {shlex.quote(keep)} EXIT\n{command}\n"
        # Printed into a file: a pipe would have to be read until the last process in the background has closed it.
        with tempfile.TemporaryFile() as printed:
            with subprocess.Popen(
                ["bash", "-c", script],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            ) as running:
                self._groups.append(running.pid)
                running.wait(TIMEOUT_S)
            printed.seek(0)
            text = printed.read().decode("utf-8", "replace")
        return "".join(f"{line.rstrip()}\n" for line in text.splitlines())

    def differs(self, block: str) -> str | None:
        """Run the commands of a block; None where it prints what is written, else both."""
        wanted = block if block.endswith("\n") else f"{block}\n"
        printed = "".join(lines + self.run(command) for command, lines in _commands(wanted))
        if doctest.OutputChecker().check_output(wanted, printed, doctest.ELLIPSIS):
            return None
        return f"expected:\n{wanted}\nprinted:\n{printed}"

    def write(self, path: str, text: str) -> None:
        """Write a file of the page.

        Raises:
            ValueError: the path leads out of the page's folder.
        """
        file = (self.folder / path).resolve()
        if not file.is_relative_to(self.folder.resolve()):
            raise ValueError(f"{path} leads out of the page's folder")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")


def _run_block(example: Example) -> str | None:
    console: Console = example.namespace["console"]
    return console.differs(str(example.parsed))


def _write_file(example: Example) -> None:
    console: Console = example.namespace["console"]
    path, text = example.parsed
    console.write(path, text)


def _files(document: Document) -> Iterator[Region]:
    """The blocks that are files."""
    for block in DirectiveLexer("code-block")(document):
        if "caption" in block.lexemes["options"]:
            parsed = block.lexemes["options"]["caption"], str(block.lexemes["source"])
            yield Region(block.start, block.end, parsed, _write_file)


#: What Sybil finds in a page and runs; the `Console` is what the page's namespace has under that name.
PARSERS = (CodeBlockParser("console", _run_block), _files)


def _commands(block: str) -> list[tuple[str, str]]:
    """Each command, and the lines of the block that hold it."""
    found: list[tuple[str, str]] = []
    goes_on = False
    for line in block.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], f"{line}\n"))
        elif goes_on and line.startswith("> "):
            command, lines = found.pop()
            found.append((f"{command}\n{line[2:]}", f"{lines}{line}\n"))
        goes_on = line.startswith("$ ") or (goes_on and line.startswith("> "))
    return found
