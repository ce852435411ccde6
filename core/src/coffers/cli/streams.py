"""Whose stdout is. Roof. Imports nothing heavy: every command needs it."""

from __future__ import annotations

import contextlib
import sys

__all__ = ["stdout_for_data"]


def stdout_for_data() -> contextlib.AbstractContextManager[object]:
    """While plugins run: what they print goes to stderr, so that it spoils no JSON."""
    return contextlib.redirect_stdout(sys.stderr)
