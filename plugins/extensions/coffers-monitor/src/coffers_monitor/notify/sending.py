"""What goes out and by whom: the values that the senders share, and how their references are looked up.

A `DeliveryError` is in our own words: no text of Apprise, of a server or of a library that saw a url is ever in it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import attrs

from coffers import ConfigError, Secret
from coffers_monitor.lookup import look_up
from coffers_monitor.rules import Level

__all__ = ["DeliveryError", "Outgoing", "Sender", "looked_up"]


class DeliveryError(Exception):
    """A message did not arrive, as far as can be told.

    Args:
        reason: one line for people; no secret.
        attempted: whether anything was sent at all.
    """

    def __init__(self, reason: str, *, attempted: bool = True) -> None:
        super().__init__(reason)
        self.reason = reason
        self.attempted = attempted


@attrs.frozen(kw_only=True)
class Outgoing:
    """A message on its way.

    Attributes:
        id: the same when the same notices are sent again.
        title: one line.
        text: plain.
        level: the worst of its notices.
        document: the same as JSON, for programs.
    """

    id: str
    title: str
    text: str
    level: Level
    document: bytes = attrs.field(repr=False)


class Sender(Protocol):
    """Speaks to one channel."""

    def send(self, message: Outgoing, *, within_s: float) -> None:
        """Send `message` and wait until it is accepted, no longer than `within_s` in all.

        Raises:
            DeliveryError: it was not.
        """
        ...

    def close(self) -> None:
        """End a `send` under way in another thread."""
        ...


def looked_up(reference: str, folder: Path | None) -> Secret:
    """What a reference stands for, by the same rules as an account's.

    Args:
        reference: ``env:NAME``, ``file:PATH``, ``keyring:SERVICE/USER`` or ``cmd:PROGRAM ARGS``.
        folder: what a relative file is relative to; None is the working directory.

    Raises:
        DeliveryError: there is no such value; nothing was sent.
    """
    try:
        return look_up(reference, folder)
    except ConfigError as error:
        reason = error.message
    raise DeliveryError(reason, attempted=False)
