"""The demo's time: ours until it begins, then so much quicker. What comes from outside is turned into it once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

import attrs

from coffers_monitor.facts import Attempt

__all__ = ["QUICKER", "QuickClock"]

#: So many seconds of the demo's are one of ours.
QUICKER: Final = 3600


class QuickClock:
    """Call it for the time."""

    def __init__(self) -> None:
        self.begun = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.of(datetime.now(UTC))

    def of(self, when: datetime) -> datetime:
        """A time of ours as one of the demo's."""
        return when if when < self.begun else self.begun + (when - self.begun) * QUICKER

    def read(self, attempt: Attempt) -> Attempt:
        """A read as one of the demo's."""
        as_of = None if attempt.as_of is None else self.of(attempt.as_of)
        return attrs.evolve(attempt, at=self.of(attempt.at), as_of=as_of)

    @property
    def passed(self) -> timedelta:
        """How long the demo has been running, in its own time."""
        return self() - self.begun
