"""Delivery beside the reading: a thread that empties the outbox into channels, whatever these take their time for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

import attrs

from coffers_monitor.notify import Channel, Delivery, Pace, sender_of
from coffers_monitor.store import DueNotice, Store

from .faults import fault_text

__all__ = ["Post", "Round"]

#: Seconds between two looks into the outbox, and after a database could not be used.
_LOOK_S: Final = 1.0
_REST_S: Final = 10.0
#: Seconds that the end waits for the thread; what is under way then is cut off.
_END_S: Final = 0.5


@attrs.frozen
class Round:
    """Where letters go.

    Attributes:
        channels: of the config.
        folder: what a relative ``file:`` reference of theirs is relative to.
        page: the page's address for messages, or None.
    """

    channels: Sequence[Channel]
    folder: Path | None = None
    page: str | None = None


class Post:
    """Delivers what is due, until it is closed.

    Args:
        store: whose outbox.
        clock: the time (aware).
        tell: takes a line for people.
        pace: how patient it is, unless as usual.
        look_s: seconds between two looks into the outbox.
    """

    def __init__(
        self,
        store: Store,
        *,
        clock: Callable[[], datetime],
        tell: Callable[[str], object],
        pace: Pace | None = None,
        look_s: float = _LOOK_S,
    ) -> None:
        self._store = store
        self._clock = clock
        self._tell = tell
        self._look_s = look_s
        self._wanted = Round(())
        self._delivery: Delivery[DueNotice] = Delivery(store, {}, pace=pace or Pace())
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="coffers-watch-post", daemon=True)

    def start(self) -> None:
        """Begin; nobody is told anything before."""
        self._thread.start()

    def follow(self, wanted: Round) -> None:
        """Deliver there from now on."""
        self._wanted = wanted

    def close(self) -> None:
        """End, whatever is under way; what was not delivered stays in the outbox."""
        self._stop.set()
        self._delivery.close()
        if self._thread.ident is not None:
            self._thread.join(_END_S)

    def _run(self) -> None:
        doing: Round | None = None
        told = ""
        while not self._stop.is_set():
            rest_s = self._look_s
            try:
                if doing != self._wanted:
                    doing = self._wanted
                    self._change(doing)
                self._delivery.run(self._clock())
                told = ""
            except Exception as error:  # noqa: BLE001  whatever it is, the next alert must go out
                rest_s = _REST_S
                if (text := fault_text(error)) != told:  # once, not every ten seconds
                    told = text
                    self._tell(f"nothing can be delivered: {told}")
            self._stop.wait(rest_s)

    def _change(self, wanted: Round) -> None:
        senders = {channel.name: sender_of(channel, wanted.folder) for channel in wanted.channels}
        self._delivery.follow(senders, self._clock(), page=wanted.page)
