"""Foreign code that does not end: run with a time limit, in the thread that calls it.

Floor 1, above the errors. Knows nothing of reading. A call enters itself in a dict and leaves it again; that costs
about a microsecond. Ten times a second a daemon thread, started when there is something to watch, looks for calls
whose time is over and throws an exception into their threads, again and again for code that swallows it.

What cannot be ended, here or by anyone in the same process: a call inside C code (a sleep, a lock, a huge power, a
regular expression that backtracks). It is thrown at from time to time, and `overdue_in` tells that it is there. A
thread that foreign code has begun is not watched. Where the interpreter has no `PyThreadState_SetAsyncExc` nothing is
thrown, and a call that took too long is refused when it comes back.

There is no lock: an exception that goes off just after a lock was taken would leave it taken for ever. What else runs
in the thread meanwhile, a finaliser or a tracer, can be hit as well as the foreign code.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from functools import cache
from threading import get_ident
from typing import Final, TypeVar, TypeVarTuple

import attrs

from .errors import PluginError

__all__ = ["PASSING", "bounded", "overdue_in"]

#: Seconds between two looks of the watchdog, and how many of them with nothing to see it stays.
_TICK_S: Final = 0.1
_IDLE_TICKS: Final = 10
#: Code that cleans up needs a moment for it: so many throws are a tick apart. Code that goes on regardless swallows
#: what is thrown, which it cannot everywhere (not between two `try`): many throws follow quickly, one of them will
#: hit. What is still there then waits in C code, and a throw now and then is enough.
_PATIENT_THROWS: Final = 5
_QUICK_THROWS: Final = 300
_QUICK_S: Final = 0.004
_SELDOM_S: Final = 1.0

A = TypeVarTuple("A")
T = TypeVar("T")


class _Overrun(BaseException):
    """Thrown into the thread of a call whose time is over; becomes a `PluginError` where the call was made."""


#: The class as the interpreter's C functions take it.
_OVERRUN: Final = id(_Overrun)

#: What must pass through whoever catches everything that foreign code raises.
PASSING: Final[tuple[type[BaseException], ...]] = (KeyboardInterrupt, _Overrun)


@attrs.define(eq=False)
class _Call:
    """A call under way. The first three facts are set when it is made, the next three by the watchdog alone.

    Attributes:
        thread: where it runs.
        until: when its time is over, in the seconds of `time.monotonic`; then, when to throw next.
        complaint: what to say about it then.
        over: whether its time was over before it left.
        throwing: whether the watchdog is about to decide, or to throw.
        throws: how often it has thrown.
        left: set by the call's own thread: nothing may be thrown any more.
    """

    thread: int
    until: float
    complaint: str
    over: bool = False
    throwing: bool = False
    throws: int = 0
    left: bool = False


#: Calls within their time. Whoever pops one decides what becomes of it: single operations of a dict are atomic.
_calls: Final[dict[_Call, _Call]] = {}
#: Calls beyond their time that have not left.
_overdue: Final[dict[_Call, _Call]] = {}
#: The one watchdog, under the key None. Two at once would throw at calls that the other has let go.
_watchdog: Final[dict[None, threading.Thread]] = {}


def bounded(function: Callable[[*A], T], *arguments: *A, limit_s: float, complaint: str) -> T:
    """What `function` answers or raises, if it ends in time.

    A call within a call ends when the time of either is over.

    Args:
        function: foreign code.
        arguments: for it.
        limit_s: seconds it may take.
        complaint: what to say when it takes longer; the seconds follow.

    Raises:
        PluginError: it took longer. Whatever it answered or raised is gone.
    """
    call = _Call(get_ident(), time.monotonic() + limit_s, complaint)
    try:
        return _watched(call, function, arguments)
    except _Overrun:
        # The interpreter throws at calls and backward jumps only. There is neither between the throw that led here and
        # this line, so from here on one more can come at most: the one the watchdog may be about.
        call.left = True
    try:
        _calls.pop(call, None)  # before anything can be thrown: no call stays in there that has left
        over = _leave(call)
    except _Overrun:
        over = _leave(call)
    if over:
        raise PluginError(f"{complaint} {limit_s:.3g} s")
    raise _Overrun  # meant for a call that this one is part of


def _watched(call: _Call, function: Callable[[*A], T], arguments: tuple[*A]) -> T:
    try:
        _calls[call] = call
        if not _watchdog:
            _start_watchdog()
        return function(*arguments)
    finally:
        if _calls.pop(call, None) is None:
            raise _Overrun  # the watchdog was here first; what it throws may have come, may come, may be swallowed


def _leave(call: _Call) -> bool:
    """Have nothing thrown any more at a call marked as left. Whether its time was over; may be asked again."""
    while call.throwing:
        time.sleep(0)
    return call.over


def overdue_in(thread: int) -> str | None:
    """The complaint about a call that should have ended in that thread and has not; None where there is none.

    Args:
        thread: as `threading.get_ident` tells it.
    """
    stuck = (call for call in _overdue.copy() if call.thread == thread and not call.left)
    return next((call.complaint for call in stuck), None)


# --- the watchdog --------------------------------------------------------------------------------------------------


def _start_watchdog() -> None:
    """Start the watchdog, unless another thread does."""
    thread = threading.Thread(target=_look_after_calls, name="coffers-watchdog", daemon=True)
    if _watchdog.setdefault(None, thread) is not thread:
        return
    try:
        thread.start()
    except RuntimeError:
        _watchdog.clear()  # no thread can be had, as at the end of the interpreter: the call goes unwatched
    except BaseException:
        if not thread.is_alive():  # it may be the one that threw, at an outer call
            _watchdog.clear()
        raise


def _look_after_calls() -> None:
    if _watchdog.get(None) is not threading.current_thread():
        return  # whoever started it was interrupted, and thinks there is none
    idle = 0
    mine: list[_Call] = []
    while idle < _IDLE_TICKS:
        hurry = any(_PATIENT_THROWS <= call.throws < _QUICK_THROWS for call in mine)
        time.sleep(_QUICK_S if hurry else _TICK_S)
        idle = 0 if _calls or mine else idle + 1
        now = time.monotonic()
        mine += [call for call in _calls.copy() if now >= call.until and _is_over(call)]
        for call in mine:
            if now >= call.until:
                _throw_at(call, now)
        for call in [call for call in mine if call.left]:
            mine.remove(call)
            del _overdue[call]
    # In this order: a call that comes now either sees that there is no watchdog, or is seen here.
    _watchdog.clear()
    if _calls:
        _start_watchdog()


def _is_over(call: _Call) -> bool:
    """Take the call for ours, unless it has left already."""
    call.throwing = True
    if _calls.pop(call, None) is not None:
        _overdue[call] = call
        call.over = True
    call.throwing = False
    return call.over


def _throw_at(call: _Call, now: float) -> None:
    """Throw once, and see that nothing of it is left over.

    An exception that waits for its thread has the whole interpreter look for it at every step; under a tracer Python
    3.11 even loops over that where a function is called, so none is called here. What has not come soon (the thread is
    in C code, or left just now) is taken back. The interpreter stops looking when one has come to any thread: to this.
    """
    throw = _thrower()
    call.throwing = True  # before looking whether it has left: it looks at this after it has
    if not call.left and throw(call.thread, _OVERRUN):
        time.sleep(_QUICK_S)
        throw(call.thread, None)
        try:
            throw(get_ident(), _OVERRUN)
            while True:  # pragma: no cover  # as a rule it has come by now, so whether this runs is luck
                time.sleep(0)
        except _Overrun:
            pass
    call.throwing = False
    call.throws += 1
    if call.throws >= _QUICK_THROWS:
        call.until = now + _SELDOM_S
    else:
        call.until = now + (_TICK_S if call.throws < _PATIENT_THROWS else _QUICK_S)


@cache
def _thrower() -> Callable[[int, int | None], int]:
    """Throws `_OVERRUN` into a thread, or takes it back with None; tells how many such threads there are: 1 or 0."""
    try:
        import ctypes

        shape = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_ulong, ctypes.c_void_p)
        return shape(("PyThreadState_SetAsyncExc", ctypes.pythonapi))
    except (ImportError, AttributeError):
        return lambda _, __: 0


def _after_fork() -> None:
    """In a child process there is but this thread: the watchdog and the others' calls stayed behind."""
    _watchdog.clear()
    for calls in (_calls, _overdue):
        for call in calls.copy():
            call.throwing = False
            if call.thread != get_ident():
                del calls[call]


if hasattr(os, "register_at_fork"):  # pragma: no branch  Windows does not fork
    os.register_at_fork(after_in_child=_after_fork)
