"""What `coffers` gets of this package: its commands by name, each imported when it is called, and an ear for reads.

Imported for every overview and every read of the command line, so it imports nothing but the door.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from coffers.extensions import ExtraCommand, hookimpl

if TYPE_CHECKING:
    from pathlib import Path

    from coffers.extensions import FinishedRead

__all__ = ["coffers_demo", "coffers_observe", "coffers_register_commands"]

_COMMANDS = {
    "watch": ExtraCommand("Read every account again and again.", "coffers_monitor.watching.command:command"),
    "history": ExtraCommand("Show what was read.", "coffers_monitor.history.command:command"),
    "notify": ExtraCommand(
        "Test the channels of alerts, or show what was told.", "coffers_monitor.notify.command:command"
    ),
    "serve": ExtraCommand("Serve a page that tells whether all is well.", "coffers_monitor.web.command:command"),
}


@hookimpl
def coffers_register_commands() -> Mapping[str, ExtraCommand]:
    """The commands of the monitor."""
    return _COMMANDS


@hookimpl
def coffers_observe(read: FinishedRead) -> None:
    """Keep what another command has read, where its config has a table ``[monitor]``."""
    if read.config is not None:
        from coffers_monitor.recording import record

        record(read, read.config)


@hookimpl
def coffers_demo(config: Path) -> int:
    """The monitor on the sandbox, in quickened time."""
    from coffers_monitor.demo.show import show

    return show(config)
