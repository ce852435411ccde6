"""The commands by name, and `run`: every ending becomes an exit code and a few lines.

Roof. Imports click and nothing heavier, of the core not even its errors: a command's module is imported when the
command is called, and of the front door's names each when it is used. Extensions are looked for where the name is none
of the core's own, or all names are wanted.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Generator, Iterable, Mapping, Sequence
from importlib import import_module
from keyword import iskeyword
from typing import Any, Final

import click

import coffers
from coffers.cli.endings import (
    ALL_READ,
    CLOSED_PIPE,
    FAULT,
    INTERRUPTED,
    UNKNOWN,
    UNWRITABLE,
    USAGE,
    Ending,
    StoppedError,
    fault_text,
)
from coffers.cli.options import verbose_option
from coffers.extensions import installed

__all__ = ["COMMANDS", "app", "run"]

#: Every command, with its line in the overview; its module in `coffers.cli.commands` has the same name, with ``_``
#: for ``-``, and a ``_`` behind a word of Python's own.
COMMANDS: Final = {
    "balances": "Show what is left in every account.",
    "check": "Compare balances with thresholds, for monitoring systems.",
    "demo": "Show made-up balances from a sandbox on this machine.",
    "doctor": "Look for what is wrong with the installation and the config.",
    "init": "Write a config file to fill in.",
    "new-provider": "Make the project of a plugin, or renew its template's files.",
    "providers": "Show the installed providers.",
    "record": "Read an account once into a scrubbed vector.",
    "sandbox": "Serve the sandbox until interrupted.",
    "try": "Replay a vector and show each value on the way.",
}

#: What a write says where the stream takes no more.
_UNWRITABLE: Final = frozenset({errno.ENOSPC, errno.EIO, errno.EFBIG, errno.EBADF})

#: Libraries of the extra `cli`.
_EXTRA: Final = frozenset({"click", "platformdirs", "rich"})


class _Commands(click.Group):
    """A group whose commands are imported when they are called, not when they are listed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*COMMANDS, *_extra_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            if cmd_name not in _extra_commands(ctx):
                return None
            from coffers.cli.extra import command_of

            return command_of(ctx, cmd_name)
        module = cmd_name.replace("-", "_") + "_" * iskeyword(cmd_name)
        command: click.Command = import_module(f"coffers.cli.commands.{module}").command
        return command

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        with _closed_pipe_told():
            return super().make_context(*args, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        with _closed_pipe_told():
            return super().invoke(ctx)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))
        if extra := _extra_commands(ctx):
            with formatter.section("Commands of extensions"):
                formatter.write_dl(list(extra.items()))


def _extra_commands(ctx: click.Context) -> Mapping[str, str]:
    """The commands of extensions, with their lines in the overview. As a rule there are none, and nothing is loaded."""
    if os.environ.get("COFFERS_NO_EXTENSIONS") or not (entries := installed()):
        return {}
    from coffers.cli.extra import load_extensions

    return {name: command.help for name, command in load_extensions(ctx, entries).commands.items()}


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(coffers.__version__, prog_name="coffers", message="%(prog)s %(version)s")
@verbose_option
def app() -> None:
    """How much is left in every account you hold, at every provider."""


def run(arguments: Sequence[str]) -> Ending:
    """Run the command line.

    Args:
        arguments: without the program's name.
    """
    _tolerate_any_text()
    try:
        code = app.main(list(arguments), prog_name="coffers", standalone_mode=False)
        _flush()
        return Ending(code if isinstance(code, int) else ALL_READ)
    except (Exception, KeyboardInterrupt, SystemExit) as error:  # noqa: BLE001  the outermost place: every ending is told here
        told = error
    if isinstance(told, _ClosedPipeError | BrokenPipeError):
        _abandon_stdout()
        return Ending(CLOSED_PIPE, at_once=True)
    ending, lines = _told(told)
    if _is_check(arguments):  # monitoring systems read stdout, and would take 2 for critical
        ending, lines = Ending(UNKNOWN, ending.at_once), lines or ["interrupted"]
        with contextlib.suppress(OSError):
            click.echo("UNKNOWN: " + coffers.one_line("; ".join(lines)).replace("|", "/"))
            _flush()
    elif isinstance(told, click.ClickException):
        told.show()
    else:
        _tell(lines)
    if _is_unwritable(told):
        _abandon_stdout()
    return ending


def _told(error: BaseException) -> tuple[Ending, list[str]]:
    """The ending that an exception means, and what to say about it."""
    if isinstance(error, StoppedError):
        return Ending(error.code, error.at_once), list(error.lines)
    if isinstance(error, SystemExit):  # click's answer to a shell that completes a word
        return Ending(error.code if isinstance(error.code, int) else FAULT), []
    if isinstance(error, click.Abort | KeyboardInterrupt):
        return Ending(INTERRUPTED, at_once=True), []
    if isinstance(error, click.ClickException):
        return Ending(USAGE), [error.format_message()]
    if isinstance(error, coffers.CoffersError):
        # A config file has many problems and each is a line; other errors have none.
        return Ending(USAGE), list(getattr(error, "problems", ())) or [error.message]
    if isinstance(error, ModuleNotFoundError) and error.name in _EXTRA:
        return Ending(USAGE), ['the command line needs more packages: pip install "coffers[cli]"']
    if _is_unwritable(error):
        return Ending(UNWRITABLE), ["the output cannot be written; is the disk full?"]
    return Ending(FAULT), [fault_text(error)]


def _tell(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(f"coffers: {coffers.one_line(line)}", err=True)


def _is_check(arguments: Sequence[str]) -> bool:
    return next((argument for argument in arguments if not argument.startswith("-")), "") == "check"


# --- streams -------------------------------------------------------------------------------------------------------


def _tolerate_any_text() -> None:
    """Providers' words may hold what the terminal's encoding cannot say; that is no reason to fail."""
    for stream in (sys.stdout, sys.stderr):
        if (reconfigure := getattr(stream, "reconfigure", None)) is not None:
            reconfigure(errors="backslashreplace")


def _flush() -> None:
    if sys.stdout is not None:  # pyright: ignore[reportUnnecessaryComparison]  it is None where stdout was closed before the start
        sys.stdout.flush()


def _is_unwritable(error: BaseException) -> bool:
    return isinstance(error, OSError) and error.errno in _UNWRITABLE


class _ClosedPipeError(Exception):
    """Nobody reads what we write any more."""


@contextlib.contextmanager
def _closed_pipe_told() -> Generator[None]:
    """Name a closed pipe before click makes an exit of it."""
    try:
        yield
    except BrokenPipeError:
        raise _ClosedPipeError from None


def _abandon_stdout() -> None:
    """Let what is still in the buffer go nowhere, so that Python's own last flush stays quiet."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.close(nowhere)
