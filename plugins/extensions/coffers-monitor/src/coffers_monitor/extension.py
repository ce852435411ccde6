"""What `coffers` gets of this package: its commands by name, each imported when it is called.

Imported for every overview and every read of the command line, so it imports nothing but the door.
"""

from __future__ import annotations

from collections.abc import Mapping

from coffers.extensions import ExtraCommand, hookimpl

__all__ = ["coffers_register_commands"]

_COMMANDS = {
    "watch": ExtraCommand("Read every account again and again.", "coffers_monitor.watching.command:command"),
}


@hookimpl
def coffers_register_commands() -> Mapping[str, ExtraCommand]:
    """The commands of the monitor."""
    return _COMMANDS
