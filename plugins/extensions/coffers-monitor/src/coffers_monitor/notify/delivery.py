"""Delivery: letters that are due become one message a channel, sent, tried again, or given up where all can see it.

Each channel stands for itself: its failures delay its own letters and nobody else's. What is due for it at one time is
one message, and between two messages it has a rest, so that the outage of a provider is not two hundred mails.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Generic

import attrs

from coffers_monitor.rules import Level, StateError

from .by_apprise import AppriseSender
from .by_webhook import WebhookSender
from .channels import Channel
from .document import document
from .messages import Message, message
from .outbox import D, Letter, Outbox
from .sending import DeliveryError, Outgoing, Sender

__all__ = ["Delivered", "Delivery", "Pace", "send_test", "sender_of"]

_log: Final = logging.getLogger("coffers.monitor.notify")

#: How many letters are taken out of the outbox at a time.
_AT_MOST: Final = 1000


@attrs.frozen(kw_only=True)
class Pace:
    """How patient delivery is.

    Attributes:
        gather: how long the first letter for a channel waits for others.
        rest: the least time between two messages to one channel.
        first_retry: how long a failed message waits; twice as long each time after that,
        longest_retry: but no longer than this.
        give_up_after: a letter older than this is not tried again.
        within: what one message may take.
    """

    gather: timedelta = timedelta(seconds=10)
    rest: timedelta = timedelta(minutes=5)
    first_retry: timedelta = timedelta(minutes=1)
    longest_retry: timedelta = timedelta(hours=1)
    give_up_after: timedelta = timedelta(days=1)
    within: timedelta = timedelta(seconds=30)

    @property
    def lease(self) -> timedelta:
        """How long letters are kept from other processes: all that may happen to them here."""
        return self.gather + self.rest + self.within + timedelta(minutes=1)

    def wait(self, attempts: int) -> timedelta:
        """How long to wait after the `attempts`th failure."""
        doublings = min(attempts - 1, 20)
        return min(self.longest_retry, self.first_retry * (1 << doublings))


@attrs.frozen
class Delivered:
    """What became of one message.

    Attributes:
        channel: its channel's name.
        count: how many letters it held.
        error: why it failed; None where it arrived.
        next_try: when it is tried again; None where it arrived, or some of it was given up.
    """

    channel: str
    count: int
    error: str | None = None
    next_try: datetime | None = None


def sender_of(channel: Channel, folder: Path | None) -> Sender:
    """What speaks to `channel`.

    Args:
        channel: from the config.
        folder: what a relative ``file:`` reference is relative to: the config's folder.
    """
    return AppriseSender(channel, folder) if channel.kind == "apprise" else WebhookSender(channel, folder)


class Delivery(Generic[D]):
    """Empties an outbox into channels. One thread calls it; it starts others while it waits for channels.

    Args:
        outbox: where letters wait.
        senders: by the channel's name.
        page: the address of the monitor's page, named in every message, or None.
        pace: how patient it is.
    """

    def __init__(
        self,
        outbox: Outbox[D],
        senders: Mapping[str, Sender],
        *,
        page: str | None = None,
        pace: Pace = Pace(),
    ) -> None:
        self._outbox = outbox
        self._senders = dict(senders)
        self._page = page
        self._pace = pace
        self._held: dict[str, list[tuple[D, Letter]]] = {}
        self._not_before: dict[str, datetime] = {}

    def run(self, now: datetime) -> tuple[Delivered, ...]:
        """Send what is due. Call it every few seconds; returns when every channel has answered or its time is over.

        Args:
            now: aware.
        """
        self._take(now)
        ready = {name: self._held.pop(name) for name in list(self._held) if self._is_ready(name, now)}
        if not ready:
            return ()
        with ThreadPoolExecutor(len(ready), thread_name_prefix="coffers-notify") as threads:
            tried = [
                (name, threads.submit(self._send, name, [letter for _, letter in held], now))
                for name, held in ready.items()
            ]
        return tuple(self._settle(name, ready[name], done.result(), now) for name, done in tried)

    def close(self, now: datetime) -> None:
        """End what is under way and give back what is held. `run` may be under way in another thread."""
        for sender in self._senders.values():
            sender.close()
        for held in self._held.values():
            for due, _ in held:
                self._outbox.notice_failed(due, "not sent yet: the program stopped", now)
        self._held.clear()

    def _take(self, now: datetime) -> None:
        for due in self._outbox.notices_due(now, lease=self._pace.lease, at_most=_AT_MOST):
            try:
                letter = Letter.from_text(due.text)
            except StateError as error:
                self._give_up(due, "?", str(error))
                continue
            if letter.channel not in self._senders:
                self._give_up(due, letter.channel, "the config has no channel of this name any more")
                continue
            held = self._held.setdefault(letter.channel, [])
            held[:] = [one for one in held if one[0].id != due.id]  # held for longer than its lease: it comes anew
            held.append((due, letter))

    def _give_up(self, due: D, channel: str, reason: str) -> None:
        _log.error("channel %s: a notice was given up: %s", channel, reason)
        self._outbox.notice_failed(due, reason, None)

    def _is_ready(self, name: str, now: datetime) -> bool:
        since = min(due.at for due, _ in self._held[name])
        rested = now >= self._not_before.get(name, now)
        return rested and (now - since >= self._pace.gather or since > now)

    def _send(self, name: str, letters: Sequence[Letter], now: datetime) -> str | None:
        """Why it failed, or None."""
        notices = [letter.notice for letter in letters]
        words = message(notices, now=now, page=self._page)
        named = id_of_message(notice.id for notice in notices)
        outgoing = Outgoing(
            id=named,
            title=words.title,
            text=words.text,
            level=max(notice.level for notice in notices),
            document=document(notices, words, message_id=named, now=now),
        )
        return _reason(self._senders[name], outgoing, self._pace.within)

    def _settle(self, name: str, held: Sequence[tuple[D, Letter]], error: str | None, now: datetime) -> Delivered:
        if error is None:
            self._not_before[name] = now + self._pace.rest
            for due, _ in held:
                self._outbox.notice_sent(due, now)
            return Delivered(name, len(held))
        next_try = now + self._pace.wait(max(due.attempts for due, _ in held))
        self._not_before[name] = next_try
        lost = [due for due, _ in held if next_try - due.at > self._pace.give_up_after]
        _log.warning("channel %s: a message of %d notices failed: %s", name, len(held), error)
        for due, _ in held:
            if due in lost:
                self._give_up(due, name, error)
            else:
                self._outbox.notice_failed(due, error, next_try)
        return Delivered(name, len(held), error, None if lost else next_try)


def id_of_message(ids: Iterable[str]) -> str:
    """The name of a message that holds these notices."""
    return hashlib.sha256("\n".join(sorted(ids)).encode()).hexdigest()[:32]


def send_test(
    sender: Sender, channel: str, *, message_id: str, now: datetime, within: timedelta
) -> tuple[str | None, bool]:
    """Send a message that says it is a test.

    Args:
        sender: of the channel.
        channel: its name.
        message_id: a new one each time.
        now: aware.
        within: how long it may take.

    Returns:
        Why it failed, or None; and whether anything was sent at all.
    """
    words = Message(
        "coffers: a test",
        f"This is a test of the channel {channel}. Alerts about balances arrive here.\nThere is nothing to do.",
    )
    outgoing = Outgoing(
        id=message_id,
        title=words.title,
        text=words.text,
        level=Level.OK,
        document=document((), words, message_id=message_id, now=now, test=True),
    )
    try:
        sender.send(outgoing, within_s=within.total_seconds())
    except DeliveryError as error:
        return error.reason, error.attempted
    return None, True


def _reason(sender: Sender, outgoing: Outgoing, within: timedelta) -> str | None:
    try:
        sender.send(outgoing, within_s=within.total_seconds())
    except DeliveryError as error:
        return error.reason
    except Exception as error:  # noqa: BLE001  one channel must not stop the others; the text may hold anything
        return f"a fault in coffers itself, please report it ({type(error).__name__})"
    return None
