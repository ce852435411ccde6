"""What extensions add to the command line: commands, observers of its reads, and demos.

Roof. Each run loads them once, guarded; what is broken is told on stderr, and the command goes on.
``COFFERS_NO_EXTENSIONS=1`` runs every command as if none were there.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

import click

from coffers import Registry, one_line
from coffers.cli.endings import StoppedError
from coffers.cli.streams import stdout_for_data
from coffers.extensions import installed

if TYPE_CHECKING:
    from pathlib import Path

    from coffers.extensions import Extensions, FinishedRead

__all__ = ["command_of", "demos_of", "load_extensions", "observers_of"]

#: Seconds that importing all of them may take.
_WITHIN_S: Final = 10.0


def load_extensions(ctx: click.Context, entries: Sequence[Any], within_s: float = _WITHIN_S) -> Extensions:
    """The extensions, as they were loaded when this was first asked in this run.

    Args:
        ctx: any context of the run.
        entries: their entry points.
        within_s: seconds that importing all of them may take.
    """
    from coffers.cli.app import COMMANDS
    from coffers.extensions import Extensions

    meta = ctx.find_root().meta
    if __name__ not in meta:
        with stdout_for_data():
            meta[__name__] = Extensions(entries, taken=COMMANDS, within_s=within_s)
        for fault in meta[__name__].faults:
            click.echo(f"warning: {one_line(fault)}", err=True)
    extensions: Extensions = meta[__name__]
    return extensions


def command_of(ctx: click.Context, name: str) -> click.Command:
    """The command `name` of an extension, imported now.

    Raises:
        StoppedError: it cannot be imported, or is no command.
    """
    extensions = load_extensions(ctx, ())
    module, _, attribute = extensions.commands[name].at.partition(":")
    fault = "it is no click command"
    try:
        with stdout_for_data():
            command = getattr(import_module(module), attribute)
        if isinstance(command, click.Command):
            return command
    except Exception as error:  # noqa: BLE001  foreign code may raise anything
        fault = f"{type(error).__name__}: {error}"
    raise StoppedError(f"the command {name!r} of the {extensions.owner(name)} cannot be used: {fault}")


def demos_of(ctx: click.Context) -> Mapping[str, Callable[[Path], object]]:
    """What shows an extension on the sandbox, by the extension's name."""
    if os.environ.get("COFFERS_NO_EXTENSIONS") or not (entries := installed()):
        return {}
    return load_extensions(ctx, entries).demos


def observers_of(
    registry: Registry, *, config: Path | None = None, timeout_s: float | None = None, but: str | None = None
) -> tuple[Callable[[Any], object], ...]:
    """What extensions want to be told of each read; for `Client(observers=...)`.

    Args:
        registry: knows what is installed.
        config: the file that names the accounts; each observer is told it with each read.
        timeout_s: what one read may take, where that bounds the command.
        but: the extension whose observer is left out, for a command of its own that knows of its reads anyway.
    """
    if os.environ.get("COFFERS_NO_EXTENSIONS") or not (entries := registry.extensions()):
        return ()
    within_s = _WITHIN_S if timeout_s is None else min(timeout_s, _WITHIN_S)
    observers = load_extensions(click.get_current_context(), entries, within_s).observers
    return tuple([_told_config(observe, config) for name, observe in observers.items() if name != but])


def _told_config(observe: Callable[[Any], object], config: Path | None) -> Callable[[FinishedRead], object]:
    """The observer, told where the accounts stand; under the same name."""
    import attrs  # the overview of the commands does without

    def observer(read: FinishedRead) -> object:
        return observe(attrs.evolve(read, config=config))

    observer.__qualname__ = observe.__qualname__
    return observer
