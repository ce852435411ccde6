"""When each account's turn comes: APScheduler, with a typed face. The only place that knows it.

One job an account; turns that were missed (the machine slept) are made up for by one.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any, Final

from .pace import Pace

__all__ = ["Timetable", "next_time"]

# It has no types, so it is taken as what it is: anything.
_schedulers: Final[Any] = import_module("apscheduler.schedulers.asyncio")
_triggers: Final[Any] = import_module("apscheduler.triggers.interval")

_JOBS: Final = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}


class Timetable:
    """Calls for each name, again and again; to be used on one event loop.

    Args:
        call: called with a name when its turn comes. It must not wait: a turn that comes meanwhile is left out.
    """

    def __init__(self, call: Callable[[str], Coroutine[Any, Any, None]]) -> None:
        self._call = call
        self._scheduler = _schedulers.AsyncIOScheduler(timezone=UTC, job_defaults=_JOBS)
        # It would warn of turns that come late, each time: on a busy machine, or one that slept.
        logging.getLogger("apscheduler").setLevel(logging.CRITICAL)

    def start(self) -> None:
        """Begin, on the running loop."""
        self._scheduler.start()

    def pause_all(self) -> None:
        """Nobody's turn comes any more."""
        self._scheduler.pause()

    def stop(self) -> None:
        """End, soon after the loop goes on."""
        self._scheduler.shutdown(wait=False)

    def add(self, name: str, pace: Pace, in_s: float) -> None:
        """A new name, or another pace for one that is there: its turn comes in so many seconds, then by its pace."""
        self._scheduler.add_job(
            self._call,
            _trigger(pace),
            args=[name],
            id=name,
            replace_existing=True,
            next_run_time=datetime.now(UTC) + timedelta(seconds=in_s),
        )

    def remove(self, name: str) -> None:
        """Its turn comes no more."""
        self._scheduler.remove_job(name)

    def change(self, name: str, pace: Pace) -> None:
        """Another pace from now on; a paused one stays paused."""
        if self.next(name) is None:
            self._scheduler.modify_job(name, trigger=_trigger(pace))
        else:
            self._scheduler.reschedule_job(name, trigger=_trigger(pace))

    def pause(self, name: str) -> None:
        """Its turn comes no more until `at` says when."""
        self._scheduler.pause_job(name)

    def at(self, name: str, time: datetime) -> None:
        """Its next turn comes then (aware), and from there on by its pace."""
        self._scheduler.modify_job(name, next_run_time=time)

    def next(self, name: str) -> datetime | None:
        """When its turn comes next; None while it is paused, or unknown."""
        job = self._scheduler.get_job(name)
        found: datetime | None = None if job is None else job.next_run_time
        return found


def _trigger(pace: Pace) -> Any:
    """An interval with jitter, as long as wanted on average."""
    return _triggers.IntervalTrigger(seconds=pace.shortest_s, jitter=pace.longest_s - pace.shortest_s, timezone=UTC)


def next_time(pace: Pace, previous: datetime) -> datetime:
    """When the turn after the one at `previous` comes, drawn anew at each call."""
    found: datetime = _trigger(pace).get_next_fire_time(previous, previous)
    return found
