"""Threads that nobody can hold up."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from coffers.crew import Crew, Task


class Jobs:
    """What a crew of `size` has to do; `done` is what it said of it."""

    def __init__(
        self, work: Callable[[Any], Any], jobs: Iterable[Any] = (), *, limit_s: float = 10.0, size: int = 4
    ) -> None:
        self.waiting = deque(jobs)
        self.done: list[Any] = []
        self.limit_s = limit_s
        self.crew: Crew[Any, Any] = Crew(
            work, take=self.take, done=self.done.append, limit_s=lambda _: self.limit_s, size=size
        )

    def take(self) -> Any:
        return self.waiting.popleft() if self.waiting else None

    def put(self, job: Any) -> None:
        with self.crew.lock:
            self.waiting.append(job)
        self.crew.call_up()

    def next(self) -> Task[Any, Any]:
        task = self.crew.next()
        assert task is not None
        return task


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def test_results_and_faults_come_as_they_end() -> None:
    jobs = Jobs(lambda number: 60 // (number - 1))
    jobs.put(6)
    task = jobs.next()
    assert (task.job, task.result, task.fault) == (6, 12, None)
    jobs.put(1)
    task = jobs.next()
    assert (task.job, task.result, type(task.fault)) == (1, None, ZeroDivisionError)
    assert task.thread is not None
    assert jobs.done == [6, 1]
    assert jobs.crew.next() is None
    jobs.crew.dismiss()


def test_an_idle_thread_is_used_again_and_dismissed_at_the_end() -> None:
    jobs = Jobs(lambda _: threading.get_ident())
    threads: set[int | None] = set()
    for number in range(1, 6):
        jobs.put(number)
        threads.add(jobs.next().result)
    assert len(threads) == 1
    jobs.crew.dismiss()
    until(lambda: not threads & {thread.ident for thread in threading.enumerate()})


def test_never_more_are_under_way_than_its_size_and_as_many_ended_wait_to_be_taken() -> None:
    lock, counts = threading.Lock(), {"now": 0, "most": 0}

    def work(job: int) -> int:
        with lock:
            counts["now"] += 1
            counts["most"] = max(counts["most"], counts["now"])
        time.sleep(0.01)
        with lock:
            counts["now"] -= 1
        return job

    jobs = Jobs(work, range(1, 41), size=3)
    jobs.crew.call_up()
    until(lambda: not jobs.crew.wants_work and not counts["now"])
    time.sleep(0.05)
    assert jobs.crew.has_news
    assert 3 <= len(jobs.done) <= 3 + 2  # two may have been under way when the third ended
    results: list[int] = []
    while (task := jobs.crew.next()) is not None:
        results.append(task.result)
        jobs.crew.call_up()
    assert sorted(results) == list(range(1, 41))
    assert counts["most"] == 3
    jobs.crew.dismiss()


def test_a_dismissed_crew_begins_nothing_more() -> None:
    release = threading.Event()
    jobs = Jobs(lambda job: release.wait(10), range(1, 9), size=2)
    jobs.crew.call_up()
    jobs.crew.dismiss()
    release.set()
    assert [jobs.next().result, jobs.next().result] == [True, True]
    jobs.crew.call_up()
    assert jobs.crew.next() is None
    assert len(jobs.waiting) == 6


def test_one_that_is_stuck_is_given_up_and_replaced_and_not_heard_of_again() -> None:
    release = threading.Event()
    jobs = Jobs(lambda job: release.wait(10) if job == "stuck" else job, limit_s=0.05, size=1)
    started = time.monotonic()
    jobs.put("stuck")
    task = jobs.next()
    assert (task.job, task.result, task.fault) == ("stuck", None, None)
    assert 0.04 < time.monotonic() - started < 5
    jobs.limit_s = 10.0
    jobs.put("quick")
    assert jobs.next().result == "quick"
    release.set()
    until(lambda: jobs.crew._idle == 2)
    jobs.put("again")
    assert jobs.next().result == "again"  # what the first came to is nobody's any more
    assert jobs.done == ["stuck", "quick", "again"]
    jobs.crew.dismiss()


def test_who_waits_hears_of_a_job_whose_time_is_over_before_the_others() -> None:
    """The first two are under way when `next` begins to wait; the third is begun by a thread meanwhile."""
    release, waiting = threading.Event(), threading.Event()

    def work(job: str) -> object:
        return waiting.wait(10) and None if job == "first" else release.wait(10)

    limits = iter([60.0, 60.0, 0.05])
    jobs = deque(["first", "second", "hasty"])
    crew: Crew[str, object] = Crew(
        work, take=lambda: jobs.popleft() if jobs else None, done=bool, limit_s=lambda _: next(limits), size=2
    )
    crew.call_up()
    threading.Timer(0.05, waiting.set).start()
    ended = [crew.next(), crew.next()]
    assert [task and task.job for task in ended] == ["first", "hasty"]
    release.set()
    last = crew.next()
    assert last is not None
    assert (last.job, last.result) == ("second", True)
    crew.dismiss()


def test_all_that_is_under_way_may_be_given_up() -> None:
    release = threading.Event()
    jobs = Jobs(lambda job: release.wait(10), [1, 2], limit_s=0.01)
    jobs.crew.call_up()
    assert {jobs.next().job, jobs.next().job} == {1, 2}
    assert jobs.crew.next() is None
    release.set()
    jobs.crew.dismiss()


@pytest.mark.parametrize("dismissed", ["crew.dismiss()", ""])
def test_a_stuck_thread_does_not_keep_the_process_alive(dismissed: str) -> None:
    script = (
        "import time; from coffers.crew import Crew; jobs = [60];"
        "crew = Crew(time.sleep, take=lambda: jobs and jobs.pop() or None, done=print, limit_s=lambda job: 0, size=1);"
        "crew.call_up(); crew.next();"
    )
    started = time.monotonic()
    subprocess.run([sys.executable, "-c", script + dismissed], check=True, timeout=30)
    assert time.monotonic() - started < 20
