"""Sending through Apprise, which knows more than a hundred kinds of channels: mail, chats, SMS, push.

It runs in a process of its own (`apprise_process.py`), started for each message and ended when its time is over.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, Final

from coffers_monitor.rules import Level

from .channels import Channel
from .sending import DeliveryError, Outgoing, looked_up

__all__ = ["AppriseSender"]

_PROGRAM: Final = Path(__file__).with_name("apprise_process.py")
_TYPES: Final = {Level.OK: "success", Level.WARN: "warning", Level.CRITICAL: "failure"}
_REASONS: Final = {
    "address": "what its reference stands for is not one address that Apprise can use; some kinds need a package more",
    "unreachable": "its server could not be reached",
    "failed": "Apprise could not deliver it",
}


class AppriseSender:
    """Speaks to one channel through Apprise. See `Sender`.

    Args:
        channel: of the kind ``apprise``.
        folder: what a relative ``file:`` reference is relative to.
    """

    def __init__(self, channel: Channel, folder: Path | None) -> None:
        self._channel = channel
        self._folder = folder
        self._lock = threading.Lock()  # guards the next two
        self._closed = False
        self._running: subprocess.Popen[bytes] | None = None

    def send(self, message: Outgoing, *, within_s: float) -> None:
        """See `Sender.send`."""
        url = looked_up(self._channel.address, self._folder)
        order = {
            "url": url.reveal(),
            "title": message.title,
            "text": message.text,
            "type": _TYPES[message.level],
        }
        verdict, status = _verdict(self._answer(json.dumps(order).encode(), within_s))
        if verdict == "sent":
            return
        if verdict == "refused":
            raise DeliveryError(f"its server refused it with status {status}")
        raise DeliveryError(_REASONS[verdict], attempted=verdict != "address")

    def close(self) -> None:
        """See `Sender.close`. A further `send` is refused."""
        with self._lock:
            self._closed = True
            if self._running is not None:
                self._running.kill()

    def _answer(self, order: bytes, within_s: float) -> bytes:
        with self._lock:
            if self._closed:
                raise DeliveryError("the program is stopping", attempted=False)
            process = self._running = subprocess.Popen(  # noqa: S603  our own file; the url goes in by stdin
                [sys.executable, "-P", str(_PROGRAM)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        try:
            with process:
                try:
                    answer, _ = process.communicate(order, timeout=within_s)
                except subprocess.TimeoutExpired:
                    process.kill()
                    answer = None
        finally:
            with self._lock:
                self._running = None
        if answer is None:
            raise DeliveryError(f"it took longer than {within_s:g} s and was given up")
        return answer


def _verdict(answer: bytes) -> tuple[str, int | None]:
    """What the process says; of what is no verdict nothing is taken."""
    try:
        told: Any = json.loads(answer)
        verdict, status = told["verdict"], told["status"]
    except (ValueError, TypeError, KeyError):
        return "failed", None
    known = verdict == "sent" or verdict in _REASONS or (verdict == "refused" and isinstance(status, int))
    return (verdict, status) if known else ("failed", None)
