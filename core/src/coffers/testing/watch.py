"""Watching a pure function: whatever reaches for the world ends the call at once, and is named.

Roof; standard library only. Python reports each call of the thread to a profile function, calls into C included, so a
clock is seen however it was imported. It sees what runs, not what is written: the linter's bans see the rest.
"""

from __future__ import annotations

import datetime as dt
import gc
import os
import random
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final, ParamSpec, TypeVar

__all__ = ["ImpureError", "Watch", "other_time_zone"]

P = ParamSpec("P")
T = TypeVar("T")


class ImpureError(BaseException):
    """The watched code reached for the world; the text names what and where. `except Exception` does not hide it."""


#: Modules in C, all of whose functions touch the world.
_C_MODULES: Final = frozenset({"posix", "nt", "_socket", "_ssl", "select", "_posixsubprocess", "_winapi", "_io"})
#: What is pure in these modules all the same.
_PURE: Final = frozenset(
    f"{module}.{name}" for module in ("posix", "nt") for name in ("fspath", "_path_normpath", "_path_splitroot_ex")
)
#: Single functions in C. `localtime` and `ctime` ask for the time or, given one, for where the machine is.
_C_FUNCTIONS: Final = frozenset(
    {
        *("time.time", "time.time_ns", "time.monotonic", "time.monotonic_ns", "time.perf_counter"),
        *("time.perf_counter_ns", "time.process_time", "time.process_time_ns", "time.thread_time"),
        *("time.thread_time_ns", "time.clock_gettime", "time.clock_gettime_ns", "time.localtime", "time.ctime"),
        *("time.sleep", "builtins.print", "builtins.input", "builtins.open", "io.open", "_warnings.warn"),
        *("_thread.start_new_thread", "_thread.start_joinable_thread"),
    }
)
#: Modules in Python, all of whose functions touch the world.
_MODULES: Final = frozenset(
    {"os", "random", "secrets", "socket", "ssl", "subprocess", "tempfile", "logging", "http.client", "urllib.request"}
)
#: Functions in Python.
_FUNCTIONS: Final = frozenset({"uuid.uuid1", "uuid.uuid4", "uuid.getnode", "threading.start", "warnings.warn"})
_NOW: Final = frozenset({"now", "utcnow", "today"})


def _reached(frame: FrameType, event: str, subject: Any) -> str | None:
    """What of the world this call reaches for, or None."""
    if event == "call":
        module, name = str(frame.f_globals.get("__name__", "")), frame.f_code.co_name
        return f"{module}.{name}" if module in _MODULES or f"{module}.{name}" in _FUNCTIONS else None
    if event != "c_call":
        return None
    owner = getattr(subject, "__self__", None)
    name = getattr(subject, "__name__", "")
    if isinstance(owner, type) and issubclass(owner, dt.date) and name in _NOW:
        return f"{owner.__name__}.{name}"
    if isinstance(owner, random.Random):
        return f"random.{name}"
    module = getattr(subject, "__module__", None) or ""
    full = f"{module}.{name}"
    return full if full in _C_FUNCTIONS or (module in _C_MODULES and full not in _PURE) else None


class Watch:
    """Runs functions and sees what they reach for.

    Attributes:
        reached: what of the world, and where; in order.
    """

    def __init__(self) -> None:
        self.reached: list[str] = []

    def over(self, function: Callable[P, T]) -> Callable[P, T]:
        """`function`, watched whenever it is called; the first reach ends the call with an `ImpureError`."""

        def watched(*args: P.args, **kwargs: P.kwargs) -> T:
            before, collects = sys.getprofile(), gc.isenabled()
            gc.disable()  # a collection may run anybody's code, in the middle of this
            sys.setprofile(self._see)
            try:
                return function(*args, **kwargs)
            finally:
                sys.setprofile(before)
                if collects:
                    gc.enable()

        return watched

    def _see(self, frame: FrameType, event: str, subject: Any) -> None:
        reached = _reached(frame, event, subject)
        if reached is not None:
            asker = frame if event == "c_call" else frame.f_back or frame
            self.reached.append(f"{reached} (at {asker.f_globals.get('__name__', '?')}:{asker.f_lineno})")
            raise ImpureError(self.reached[-1])


@contextmanager
def other_time_zone() -> Generator[None]:
    """Half a world away until the end of the block, where the system can be told so."""
    if not hasattr(time, "tzset"):  # Windows has no such call
        yield
        return
    before = os.environ.get("TZ")
    here = "UTC" if time.localtime().tm_gmtoff else "XYZ-11:30"
    os.environ["TZ"] = here
    time.tzset()
    try:
        yield
    finally:
        if before is None:
            del os.environ["TZ"]
        else:
            os.environ["TZ"] = before
        time.tzset()
