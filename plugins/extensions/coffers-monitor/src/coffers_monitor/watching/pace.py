"""When an account is read next. Pure: what is known goes in, what to do comes out; no clock and no scheduler.

The interval itself and its jitter are the scheduler's, here are their numbers; what the end of a read changes is
decided here.
"""

from __future__ import annotations

from typing import Final

import attrs

from coffers import Account
from coffers_monitor.facts import Attempt

__all__ = ["REFUSALS_TO_PAUSE", "Course", "Pace", "Watched", "spread_s"]

#: So many refusals of the key in a row, and an account is left alone: providers lock out who goes on.
REFUSALS_TO_PAUSE: Final = 2
#: A read is so much of its interval early or late at most, so that accounts do not march in step.
_JITTER: Final = 0.05
#: A wait that a provider asks for is obeyed up to a day: nothing should stay unread for longer on its word alone.
_LONGEST_WAIT_S: Final = 86_400.0
#: Seconds between the first reads of two accounts, so that a thousand of them do not begin together; less where their
#: interval would be over before all have begun.
_SPREAD_S: Final = 0.06


@attrs.frozen
class Pace:
    """How often one account is read.

    Attributes:
        every_s: seconds between two reads, as wanted; more where the provider wants more.
        least_s: seconds that must lie between two reads, as the provider says; 0 where it says nothing.
    """

    every_s: float
    least_s: float = 0.0

    @property
    def held_back(self) -> bool:
        """Whether the provider wants to be asked less often than is wanted here."""
        return self.every_s < self.least_s

    @property
    def shortest_s(self) -> float:
        """The shortest interval; the next read is at a random time between that and `longest_s`."""
        return max(self.least_s, self.every_s * (1 - _JITTER))

    @property
    def longest_s(self) -> float:
        """The longest interval."""
        return max(self.least_s, self.every_s) * (1 + _JITTER)


@attrs.frozen
class Watched:
    """An account and how often it is read."""

    account: Account
    pace: Pace


@attrs.frozen
class Course:
    """How the reads of one account go. Of all that the refusals alone outlive the process: the store counts them.

    Attributes:
        refusals: refusals of its key since the last read that succeeded.
        paused: whether it is left alone until its config changes or somebody asks.
        hurried: whether its last wait was one shorter than the interval, on the provider's word.
        wait_s: seconds until the next read, where that is another than by the interval.
    """

    refusals: int = 0
    paused: bool = False
    hurried: bool = False
    wait_s: float | None = None

    @classmethod
    def begun(cls, refusals: int) -> Course:
        """That of an account whose key was refused so often when nobody was here to remember it."""
        return cls(refusals, paused=refusals >= REFUSALS_TO_PAUSE)

    def after(self, attempt: Attempt, pace: Pace) -> Course:
        """How it goes on after a read.

        A failure other than a refusal says nothing about the key: it neither counts as one nor begins anew. A wait that
        the provider asks for is the next read, whether that is later than by the interval or sooner; sooner only once
        in a row, so that nobody is asked every second for ever.
        """
        refusals = 0 if attempt.error is None else self.refusals + (attempt.error == "auth")
        if refusals >= REFUSALS_TO_PAUSE:
            return Course(refusals, paused=True)
        asked = attempt.retry_after_s
        if asked is None:
            return Course(refusals)
        wait_s = min(max(asked, pace.least_s), _LONGEST_WAIT_S)
        sooner = wait_s < pace.shortest_s
        if sooner and self.hurried:
            return Course(refusals)
        return Course(refusals, hurried=sooner, wait_s=wait_s)


def spread_s(place: int, count: int, pace: Pace) -> float:
    """Seconds until the first read of the account at this place, from 0, among `count` that begin together."""
    return place * min(_SPREAD_S, pace.shortest_s / count)
