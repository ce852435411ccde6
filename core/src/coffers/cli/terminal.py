"""Streams: what is a terminal, and the progress line.

Roof. Off a terminal no colour and no control code is ever written, whatever the environment says. Rich is imported
when something is drawn: programs that read JSON should not wait for it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

import click

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

__all__ = ["console_of", "is_terminal", "live", "print_plain", "progress"]


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a person sees it."""
    return stream is not None and stream.isatty()


def console_of(stream: TextIO, *, width: int | None = None) -> Console:
    """A console that interprets nothing in a text: no markup, no emoji codes, no highlighting."""
    from rich.console import Console

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
        click.echo(line.rstrip())  # which writes nothing where stdout was closed before the start


@contextmanager
def live(stream: TextIO, what: Callable[[], RenderableType], *, stays: bool) -> Generator[None]:
    """Draw `what()` again and again on a terminal; log lines appear above it.

    Args:
        stream: the terminal.
        what: makes what is to be seen now; called from a thread of its own.
        stays: whether the last drawing stays at the end.
    """
    from rich.live import Live

    # Standard output is left alone: it may be a file, and what is printed there is data.
    stderr_too = is_terminal(sys.stderr)
    with Live(
        console=console_of(stream),
        get_renderable=what,
        refresh_per_second=8,
        transient=not stays,
        redirect_stdout=False,
        redirect_stderr=stderr_too,
    ):
        yield


@contextmanager
def progress(done: Callable[[], int], total: int) -> Generator[None]:
    """One line on stderr that counts accounts, if stderr is a terminal; gone at the end."""
    if not is_terminal(sys.stderr):
        yield
        return
    from rich.text import Text

    with live(sys.stderr, lambda: Text(f"{done()} of {total} accounts read"), stays=False):
        yield
