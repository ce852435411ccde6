"""What a finished read leads to, and what time alone does: kept, judged and put into the outbox, all of it or nothing.

One transaction a read: the read itself, the rules' new memory, the letters. So a kill at any moment loses no alert and
tells none twice. Delivery is not done here. A read waits for it as little as for anything else that may hang.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Final

import attrs

from coffers_monitor.facts import Attempt, Place
from coffers_monitor.notify import Channel, letters
from coffers_monitor.rules import Judgement, Rule, State, StateError, is_doubtful, judge, tick
from coffers_monitor.runway import HISTORY, Runway, estimate
from coffers_monitor.store import Store, Transaction

__all__ = ["ENOUGH_POINTS", "Books", "Entered"]

#: How soon an account is read again whose answer is in doubt.
_READ_AGAIN: Final = timedelta(seconds=15)

#: Points that a forecast wants at most: four for each hour of its history, and some more.
ENOUGH_POINTS: Final = HISTORY // timedelta(hours=1) * 4 + 400


@attrs.frozen
class Entered:
    """A read as it was kept.

    Attributes:
        attempt: with what is known of it now: whether it is confirmed.
        again: how soon the account should be read again, where the answer is in doubt; None otherwise.
    """

    attempt: Attempt
    again: timedelta | None = None


class Books:
    """Every read is entered here, one after the other. Safe between threads.

    Args:
        store: where all is kept.
        clock: the time (aware).
        tell: takes a line for people.
    """

    def __init__(self, store: Store, *, clock: Callable[[], datetime], tell: Callable[[str], object]) -> None:
        self._store = store
        self._clock = clock
        self._tell = tell
        self._lock = threading.Lock()  # guards all below
        self._rules: tuple[Rule, ...] = ()
        self._rules_of: dict[str, tuple[Rule, ...]] = {}  # without those of other accounts, which may be many
        self._channels: tuple[Channel, ...] = ()
        self._providers: Mapping[str, str] = {}
        # The rules' memory, and what it was read as: to read it takes long.
        self._read: dict[str, tuple[str, State]] = {}

    def follow(self, rules: tuple[Rule, ...], channels: tuple[Channel, ...], providers: Mapping[str, str]) -> None:
        """Judge by these from now on.

        Args:
            rules: of the config.
            channels: likewise.
            providers: the provider's id by the account's name, of every account that is watched.
        """
        with self._lock:
            self._rules, self._channels, self._providers = rules, channels, providers
            self._rules_of = {}

    def enter(self, attempt: Attempt, *, again: bool = False) -> Entered:
        """Keep a finished read and all that follows from it.

        Args:
            attempt: the read.
            again: whether an earlier try may have kept it, and only the answer was lost; then nothing is done twice.

        Raises:
            StoreError: the database cannot be used; nothing was kept.
        """
        with self._lock, self._store.begin() as transaction:
            now = max(self._clock(), attempt.at)
            transaction.hold(attempt.account, attempt.provider)
            if again and transaction.has(attempt):
                return Entered(attempt)
            text = transaction.state(attempt.account)
            before = self._state(attempt.account, text)
            attempt = attrs.evolve(attempt, unconfirmed=is_doubtful(before, attempt))
            transaction.add(attempt)
            expiries = {row.place: row.expires_at for row in attempt.rows or ()}
            found = judge(
                self._rules_for(attempt.account), before, attempt, now, self._forecasts(transaction, expiries, now)
            )
            self._put(transaction, attempt.account, text, found)
        return Entered(attempt, _READ_AGAIN if found.read_again else None)

    def pass_time(self, stop: Callable[[], bool] = lambda: False) -> None:
        """Judge what time alone brings about, for every account that is watched.

        Args:
            stop: asked between two accounts; True ends it.

        Raises:
            StoreError: the database cannot be used.
        """
        texts = self._store.states()
        with self._lock:
            providers = self._providers
        for account, provider in providers.items():
            if stop():
                return
            with self._lock:
                before = self._state(account, texts.get(account))
                found = tick(self._rules_for(account), before, account, self._clock())
                if found.state == before and not found.notices:
                    continue  # as a rule; then nobody need wait for a transaction
                with self._store.begin() as transaction:
                    transaction.hold(account, provider)
                    text = transaction.state(account)
                    before, now = self._state(account, text), self._clock()
                    kept = {} if before is None else before.places
                    expiries = {place: one.figures.expires_at for place, one in kept.items()}
                    found = tick(
                        self._rules_for(account), before, account, now, self._forecasts(transaction, expiries, now)
                    )
                    self._put(transaction, account, text, found)

    def _rules_for(self, account: str) -> tuple[Rule, ...]:
        """The rules that may be asked of an account."""
        if account not in self._rules_of:
            self._rules_of[account] = tuple(rule for rule in self._rules if rule.account in (None, account))
        return self._rules_of[account]

    def _state(self, account: str, text: str | None) -> State | None:
        """What the rules remember."""
        if text is None:
            return None
        known = self._read.get(account)
        if known is not None and known[0] == text:
            return known[1]
        try:
            state = State.from_text(text)
        except StateError as error:
            self._tell(f"{account}: {error}; its alerts begin anew")
            return None
        self._read[account] = (text, state)
        return state

    def _put(self, transaction: Transaction, account: str, before: str | None, found: Judgement) -> None:
        text = found.state.to_text()
        if text != before:
            transaction.put_state(account, text)
            self._read[account] = (text, found.state)  # in vain where the transaction fails: then the text is another
        for letter in letters(found.notices, self._channels):
            transaction.put_notice(letter.id, letter.to_text(), letter.at, channel=letter.channel, urgent=letter.urgent)

    def _forecasts(
        self, transaction: Transaction, expiries: Mapping[Place, datetime | None], now: datetime
    ) -> Callable[[Place], Runway]:
        """What says how long a place lasts, with what the transaction has written so far; each is worked out once."""

        @cache
        def forecast(place: Place) -> Runway:
            points = transaction.points(place, now - HISTORY, now, at_most=ENOUGH_POINTS)
            return estimate(points, now, expires_at=expiries.get(place))

        return forecast
