"""Streams: what is a terminal, and the progress line.

Roof. Off a terminal no colour and no control code is ever written, whatever the environment says.
"""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TextIO

from rich.console import Console, RenderableType
from rich.text import Text

__all__ = ["Progress", "console_of", "is_terminal", "print_plain"]


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a person sees it."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # closed
        return False


def console_of(stream: TextIO, *, width: int | None = None) -> Console:
    """A console that interprets nothing in a text: no markup, no emoji codes, no highlighting."""
    terminal = is_terminal(stream)
    return Console(
        file=stream,
        force_terminal=terminal,
        force_jupyter=False,
        color_system="auto" if terminal else None,
        markup=False,
        emoji=False,
        highlight=False,
        width=width,
    )


def print_plain(renderable: RenderableType) -> None:
    """Print to stdout as plain text, as wide as it is, without spaces at the ends of lines."""
    console = console_of(sys.stdout, width=100_000)
    with console.capture() as captured:
        console.print(renderable, soft_wrap=False)
    for line in captured.get().splitlines():
        sys.stdout.write(line.rstrip() + "\n")


class Progress:
    """One line on stderr while accounts are read, if stderr is a terminal; gone at the end. A context manager.

    Args:
        total: how many accounts are read.
    """

    def __init__(self, total: int) -> None:
        self._total = total
        self._status = None
        if is_terminal(sys.stderr):
            self._status = console_of(sys.stderr).status(self._text(0))

    def __enter__(self) -> Progress:
        if self._status:
            self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._status:
            self._status.stop()

    def tell(self, done: int) -> None:
        """So many are read."""
        if self._status:
            self._status.update(self._text(done))

    def _text(self, done: int) -> Text:
        return Text(f"{done} of {self._total} accounts read")
