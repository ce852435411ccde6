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
from .outbox import D, Letter, Outbox, Waiting
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
        rest: the least time between two messages to one channel. What is critical now does not wait for the end of it,
            unless the message before told of something critical, too.
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
        """How long letters are kept from other processes: while they are sent, a slow lookup of a secret included.
        Those of a process that was killed wait for so long.
        """
        return self.within + timedelta(seconds=30)

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


@attrs.frozen
class _Rest:
    """A channel's rest, after a message or a failure.

    Attributes:
        begin: when it began; it is over, too, once the clock says less: it was set back.
        until: when anything is sent again.
        until_urgent: the same for what is urgent.
    """

    begin: datetime
    until: datetime
    until_urgent: datetime

    def is_over(self, now: datetime, *, urgent: bool) -> bool:
        """Whether something may be sent."""
        return not self.begin <= now < (self.until_urgent if urgent else self.until)


class Delivery(Generic[D]):
    """Empties an outbox into channels. One thread calls it; it starts others while it waits for channels.

    Letters stay in the outbox until the moment they are sent, so that a kill keeps none of them back.

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
        self._rests: dict[str, _Rest] = {}
        self._sent: list[tuple[D, datetime]] = []  # and not yet marked so: the database may be away

    def follow(self, senders: Mapping[str, Sender], now: datetime, *, page: str | None = None) -> None:
        """Deliver by these from now on. Those before are closed, nobody has a rest from them, and what failed by them
        is tried again at once.
        """
        before, self._senders, self._page = self._senders, dict(senders), page
        self._rests.clear()
        for sender in before.values():
            sender.close()
        self._outbox.notices_hastened(now)

    def run(self, now: datetime) -> tuple[Delivered, ...]:
        """Send what is due. Call it every few seconds; returns when every channel has answered or its time is over.

        Args:
            now: aware.
        """
        self._mark()
        ready: dict[str, list[tuple[D, Letter]]] = {}
        for waiting in self._outbox.notices_waiting(now):
            if waiting.channel not in self._senders:
                self._give_up_old(waiting, now)
            elif self._is_ready(waiting, now) and (held := self._take(waiting.channel, now)):
                ready[waiting.channel] = held
        if not ready:
            return ()
        with ThreadPoolExecutor(len(ready), thread_name_prefix="coffers-notify") as threads:
            tried = [
                (name, threads.submit(self._send, name, [letter for _, letter in held], now))
                for name, held in ready.items()
            ]
        told = tuple(self._settled(name, ready[name], done.result(), now) for name, done in tried)
        self._mark()
        for one in told:
            if one.error is not None:
                self._put_off(one, ready[one.channel])
        return told

    def close(self) -> None:
        """End what is under way. `run` may be under way in another thread."""
        for sender in self._senders.values():
            sender.close()

    def _is_ready(self, waiting: Waiting, now: datetime) -> bool:
        rest = self._rests.get(waiting.channel)
        if rest is None or rest.is_over(now, urgent=False):
            return self._is_gathered(waiting.since, now)
        urgent_since = waiting.urgent_since
        return urgent_since is not None and rest.is_over(now, urgent=True) and self._is_gathered(urgent_since, now)

    def _is_gathered(self, since: datetime, now: datetime) -> bool:
        return now - since >= self._pace.gather or since > now

    def _take(self, channel: str, now: datetime) -> list[tuple[D, Letter]]:
        held: list[tuple[D, Letter]] = []
        for due in self._outbox.notices_due(now, channel=channel, lease=self._pace.lease, at_most=_AT_MOST):
            try:
                held.append((due, Letter.from_text(due.text)))
            except StateError as error:  # of a newer program, perhaps, which runs beside this one
                self._put_off_one(due, channel, str(error), now + self._pace.wait(due.attempts))
        return held

    def _give_up_old(self, waiting: Waiting, now: datetime) -> None:
        """Letters for a channel that the config does not have: another's may have it, or this one's may again."""
        if now - waiting.since <= self._pace.give_up_after:
            return
        reason = "the config has no channel of this name"
        for due in self._outbox.notices_due(now, channel=waiting.channel, lease=self._pace.lease, at_most=_AT_MOST):
            self._put_off_one(due, waiting.channel, reason, now)

    def _send(self, name: str, letters: Sequence[Letter], now: datetime) -> str | None:
        """Why it failed, or None."""
        try:
            self._senders[name].send(self._outgoing(letters, now), within_s=self._pace.within.total_seconds())
        except DeliveryError as error:
            return error.reason
        except Exception as error:  # noqa: BLE001  one channel must not stop the others; the text may hold anything
            return f"a fault in coffers itself, please report it ({type(error).__name__})"
        return None

    def _outgoing(self, letters: Sequence[Letter], now: datetime) -> Outgoing:
        notices = [letter.notice for letter in letters]
        words = message(notices, now=now, page=self._page)
        named = id_of_message(notice.id for notice in notices)
        return Outgoing(
            id=named,
            title=words.title,
            text=words.text,
            level=max(notice.level for notice in notices),
            document=document(notices, words, message_id=named, now=now),
        )

    def _settled(self, name: str, held: Sequence[tuple[D, Letter]], error: str | None, now: datetime) -> Delivered:
        """What became of a message, noted here; the outbox is told afterwards."""
        if error is None:
            until = now + self._pace.rest
            critical = any(letter.urgent for _, letter in held)
            self._rests[name] = _Rest(now, until, until if critical else now)
            self._sent += [(due, now) for due, _ in held]
            return Delivered(name, len(held))
        next_try = now + self._pace.wait(max(due.attempts for due, _ in held))
        self._rests[name] = _Rest(now, next_try, min(next_try, now + self._pace.first_retry))
        _log.warning("channel %s: a message of %d notices failed: %s", name, len(held), error)
        lost = any(next_try - due.at > self._pace.give_up_after for due, _ in held)
        return Delivered(name, len(held), error, None if lost else next_try)

    def _mark(self) -> None:
        """Tell the outbox what was sent; what it cannot be told now it is told before anything else is taken."""
        while self._sent:
            self._outbox.notice_sent(*self._sent[-1])
            self._sent.pop()

    def _put_off(self, told: Delivered, held: Sequence[tuple[D, Letter]]) -> None:
        next_try = self._rests[told.channel].until
        for due, _ in held:
            self._put_off_one(due, told.channel, told.error or "", next_try)

    def _put_off_one(self, due: D, channel: str, reason: str, next_try: datetime) -> None:
        """To be tried again, or given up where it is old."""
        if next_try - due.at > self._pace.give_up_after:
            _log.error("channel %s: a notice was given up: %s", channel, reason)
            self._outbox.notice_failed(due, reason, None)
        else:
            self._outbox.notice_failed(due, reason, next_try)


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
