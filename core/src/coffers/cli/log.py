"""What goes on, on stderr: the core's log lines.

Roof. Of an exception the class alone is told, its text may hold anything.
"""

from __future__ import annotations

import functools
import logging
from typing import Final

import click

from coffers import one_line

__all__ = ["log_to_stderr"]

_log: Final = logging.getLogger("coffers")


class _ToStderr(logging.Handler):
    """Log lines on stderr, as it is at that moment."""

    def emit(self, record: logging.LogRecord) -> None:
        fault = record.exc_info and record.exc_info[0]
        text = f"{record.levelname.lower()}: {record.getMessage()}" + (f" ({fault.__name__})" if fault else "")
        click.echo(one_line(text), err=True)


def log_to_stderr(root: click.Context, everything: bool) -> None:
    """Tell warnings on stderr until the command is over; with `everything`, every request too.

    Args:
        root: the outermost context of the command line.
        everything: stays, once it was wanted.
    """
    handler: _ToStderr | None = root.meta.get(__name__)
    if handler is None:
        handler = root.meta[__name__] = _ToStderr(logging.WARNING)
        root.call_on_close(functools.partial(_stop_logging, handler, _log.level, _log.propagate))
        _log.addHandler(handler)
        _log.propagate = False
        _log.setLevel(logging.WARNING)
    if everything:
        handler.setLevel(logging.DEBUG)
        _log.setLevel(logging.DEBUG)


def _stop_logging(handler: _ToStderr, level: int, propagate: bool) -> None:
    _log.removeHandler(handler)
    _log.setLevel(level)
    _log.propagate = propagate
