"""Foreign code with a time limit: what ends, what is said, and that no exception strays."""

from __future__ import annotations

import contextlib
import os
import random
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NoReturn

import pytest

from coffers import PluginError, bounds
from coffers.bounds import bounded, overdue_in
from tests.core.driver import untraced


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A watchdog that looks often, of this test alone."""
    _gone()
    monkeypatch.setattr(bounds, "_TICK_S", 0.002)
    yield
    _gone()


def _gone() -> None:
    deadline = time.monotonic() + 20
    while bounds._watchdog:
        assert time.monotonic() < deadline, "the watchdog stays for ever"
        time.sleep(0.002)


def loop() -> NoReturn:
    while True:
        pass


def swallowing() -> NoReturn:
    while True:
        try:
            abs(1)
        except:  # noqa: E722  as naive authors write it
            continue


def refused(function: Callable[[], object], limit_s: float = 0.02) -> str:
    with pytest.raises(PluginError) as caught:
        bounded(function, limit_s=limit_s, complaint="it did not end within")
    assert caught.value.__context__ is None
    return caught.value.message


def spin(seconds: float) -> float:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass
    return seconds


def test_what_ends_in_time_is_untouched() -> None:
    assert bounded(divmod, 7, 2, limit_s=1, complaint="slow") == (3, 1)
    with pytest.raises(ZeroDivisionError):
        bounded(divmod, 7, 0, limit_s=1, complaint="slow")
    with pytest.raises(SystemExit):
        bounded(sys.exit, limit_s=1, complaint="slow")
    assert not bounds._calls


def test_an_endless_loop_is_ended_and_told() -> None:
    started = time.monotonic()
    assert refused(loop) == "it did not end within 0.02 s"
    assert time.monotonic() - started < 10
    assert not bounds._calls


def test_one_that_swallows_everything_is_ended_too() -> None:
    assert refused(swallowing) == "it did not end within 0.02 s"


def test_one_that_swallows_and_then_answers_is_too_late() -> None:
    def late() -> str:
        with contextlib.suppress(BaseException):
            loop()
        return "an answer"

    assert refused(late) == "it did not end within 0.02 s"


def test_an_exception_of_the_late_is_gone() -> None:
    def late() -> NoReturn:
        time.sleep(0.1)
        raise ValueError("made up")

    assert refused(late) == "it did not end within 0.02 s"


@pytest.mark.parametrize("quick_throws", [0, 300])
def test_what_waits_in_c_is_named_meanwhile(quick_throws: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "_QUICK_THROWS", quick_throws)
    done = threading.Event()
    threads: list[int] = []

    def wait() -> None:
        threads.append(threading.get_ident())
        done.wait(10)

    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(refused, wait)
        deadline = time.monotonic() + 20
        while not threads or overdue_in(threads[0]) is None:
            assert time.monotonic() < deadline
            time.sleep(0.005)
        time.sleep(0.02)  # it is thrown at, and the more often the more throws are quick
        assert overdue_in(threads[0]) == "it did not end within"
        assert overdue_in(0) is None
        done.set()
        assert waiting.result() == "it did not end within 0.02 s"
        assert overdue_in(threads[0]) is None


def test_the_inner_call_ends_at_its_own_time_and_the_outer_goes_on() -> None:
    def outer() -> str:
        return refused(loop)

    assert bounded(outer, limit_s=10, complaint="the outer") == "it did not end within 0.02 s"


def test_the_outer_time_ends_the_inner_call_too() -> None:
    def outer() -> None:
        bounded(loop, limit_s=10, complaint="the inner did not end within")

    assert refused(outer) == "it did not end within 0.02 s"
    assert not bounds._calls


def test_both_times_over_at_once_end_both() -> None:
    def outer() -> NoReturn:
        while True:
            with contextlib.suppress(PluginError):
                bounded(loop, limit_s=0.02, complaint="the inner did not end within")

    assert untraced(lambda: refused(outer, 0.03)) == "it did not end within 0.03 s"


def test_no_exception_strays_from_calls_that_end_right_at_the_limit() -> None:
    chance = random.Random(5)
    ends: set[str] = set()

    def many(seed: int) -> int:
        sys.settrace(None)  # as `untraced`
        chance = random.Random(seed)
        finished = 0
        for _ in range(400):
            function = chance.choice([spin, spin, _nested, _swallowed])
            try:
                bounded(function, chance.uniform(0.0, 0.006), limit_s=0.003, complaint="late")
                ends.add("in time")
            except PluginError:
                ends.add("late")
            finished += 1
        return finished + len([spin(0.0001) for _ in range(50)])  # what strays goes off here at the latest

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(many, [chance.randrange(10**6) for _ in range(4)])) == [450] * 4
    assert ends == {"in time", "late"}
    assert not bounds._calls
    _gone()
    assert not bounds._overdue


def _nested(seconds: float) -> float:
    with contextlib.suppress(PluginError):
        bounded(spin, seconds / 2, limit_s=0.001, complaint="late")
    return bounded(spin, seconds / 2, limit_s=0.002, complaint="late")


def _swallowed(seconds: float) -> float:
    with contextlib.suppress(BaseException):
        spin(seconds)
    return seconds


def test_the_watchdog_goes_when_idle_and_comes_again() -> None:
    for _ in range(3):
        bounded(int, limit_s=1, complaint="slow")
        assert bounds._watchdog
        _gone()
    assert refused(loop)


def test_a_call_that_comes_while_the_watchdog_goes_is_watched() -> None:
    end = time.monotonic() + 0.3  # it goes after 20 ms: calls at many moments around that
    while time.monotonic() < end:
        time.sleep(0.015 + random.random() * 0.01)
        assert refused(loop, 0.001)


def test_the_watchdog_does_not_go_while_a_call_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[bool] = []
    monkeypatch.setattr(bounds, "_IDLE_TICKS", 0)
    monkeypatch.setattr(bounds, "_start_watchdog", lambda: started.append(True))
    monkeypatch.setitem(bounds._watchdog, None, threading.current_thread())
    bounds._look_after_calls()
    assert started == []
    call = bounds._Call(threading.get_ident(), 0.0, "late")
    bounds._calls[call] = call
    monkeypatch.setitem(bounds._watchdog, None, threading.current_thread())
    bounds._look_after_calls()
    assert started == [True]
    bounds._look_after_calls()  # by now it is not the one that is known
    del bounds._calls[call]
    assert started == [True]


def test_a_call_that_left_by_itself_is_not_taken_for_late() -> None:
    call = bounds._Call(threading.get_ident(), 0.0, "late")
    assert bounds._is_over(call) is False
    assert call.throwing is False


def test_an_exception_that_comes_while_its_call_leaves_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    leave = bounds._leave
    comes = [True]

    def hit(call: bounds._Call) -> bool:
        if comes and comes.pop():
            raise bounds._Overrun
        return leave(call)

    monkeypatch.setattr(bounds, "_leave", hit)
    assert refused(loop) == "it did not end within 0.02 s"
    assert not comes


def test_a_loop_in_a_thread_of_ones_own_is_ended_there_alone() -> None:
    with ThreadPoolExecutor() as pool:
        stuck = pool.submit(refused, loop)
        assert bounded(spin, 0.1, limit_s=5, complaint="slow") == 0.1
        assert stuck.result() == "it did not end within 0.02 s"


def test_where_nothing_can_be_thrown_the_late_are_refused_when_they_come() -> None:
    bounds._thrower.cache_clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "ctypes", None)
        assert refused(lambda: spin(0.1)) == "it did not end within 0.02 s"
        _gone()  # the watchdog asks too
    bounds._thrower.cache_clear()


def test_where_no_thread_can_be_had_calls_go_unwatched(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(_: threading.Thread) -> NoReturn:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    assert bounded(spin, 0.03, limit_s=0.01, complaint="slow") == 0.03
    assert not bounds._watchdog


def test_an_interrupt_while_the_watchdog_is_started_is_no_watchdog(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(_: threading.Thread) -> NoReturn:
        raise KeyboardInterrupt

    monkeypatch.setattr(threading.Thread, "start", start)
    with pytest.raises(KeyboardInterrupt):
        bounded(int, limit_s=1, complaint="slow")
    assert not bounds._watchdog


def test_two_threads_start_one_watchdog() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(bounds._watchdog, None, threading.current_thread())
        bounds._start_watchdog()  # the other one was quicker
        assert bounds._watchdog == {None: threading.current_thread()}


def test_a_watchdog_that_runs_stays_the_one_when_its_start_is_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    start = threading.Thread.start

    def interrupted(thread: threading.Thread) -> NoReturn:
        start(thread)
        raise KeyboardInterrupt

    monkeypatch.setattr(threading.Thread, "start", interrupted)
    with pytest.raises(KeyboardInterrupt):
        bounded(int, limit_s=1, complaint="slow")
    assert bounds._watchdog
    monkeypatch.undo()
    assert refused(loop) == "it did not end within 0.02 s"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_forked_child_watches_its_own_calls_alone() -> None:
    done = threading.Event()

    def forking() -> int:
        child = os.fork()
        if child:
            return os.waitpid(child, 0)[1]
        # The child: this call goes on, the other thread's is not there, and loops are ended.
        code = 1
        try:
            if len(bounds._calls) == 1 and refused(loop) == "it did not end within 0.02 s":
                code = 0
        finally:
            os._exit(code)

    with ThreadPoolExecutor() as pool:
        other = pool.submit(lambda: bounded(done.wait, 10, limit_s=20, complaint="slow"))
        while not bounds._calls:
            time.sleep(0.001)
        assert bounded(forking, limit_s=20, complaint="slow") == 0
        done.set()
        assert other.result()


def test_a_bound_costs_next_to_nothing() -> None:
    def measured(function: Callable[[], object]) -> float:
        started = time.perf_counter()
        for _ in range(2000):
            function()
        return (time.perf_counter() - started) / 2000

    plain = min(measured(int) for _ in range(5))
    watched = min(measured(lambda: bounded(int, limit_s=1, complaint="slow")) for _ in range(5))
    assert watched - plain < 20e-6  # about 1 µs on an idle machine, more under a tracer
