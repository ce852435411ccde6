"""Threads that nobody can hold up."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

import pytest

from coffers.crew import Crew


def later(seconds: float = 10.0) -> float:
    return time.monotonic() + seconds


def test_results_and_faults_come_as_they_end() -> None:
    crew: Crew[int, int] = Crew(lambda number: 60 // number)
    crew.begin(5, later())
    task = crew.next()
    assert (task.job, task.result, task.fault) == (5, 12, None)
    crew.begin(0, later())
    task = crew.next()
    assert (task.job, task.result, type(task.fault)) == (0, None, ZeroDivisionError)
    assert task.thread is not None
    crew.dismiss()


def test_an_idle_thread_is_used_again_and_dismissed_at_the_end() -> None:
    crew: Crew[None, int] = Crew(lambda _: threading.get_ident())
    threads: set[int | None] = set()
    for _ in range(5):
        crew.begin(None, later())
        threads.add(crew.next().result)
    assert len(threads) == 1
    crew.dismiss()
    deadline = later(5)
    while threads & {thread.ident for thread in threading.enumerate()}:
        assert time.monotonic() < deadline, "the thread stays"
        time.sleep(0.002)


def test_one_that_is_stuck_is_given_up_and_replaced_and_not_heard_of_again() -> None:
    release = threading.Event()
    crew: Crew[str, object] = Crew(lambda job: release.wait(10) if job == "stuck" else job)
    started = time.monotonic()
    crew.begin("stuck", later(0.05))
    task = crew.next()
    assert (task.job, task.result, task.fault) == ("stuck", None, None)
    assert 0.04 < time.monotonic() - started < 5
    crew.begin("quick", later())
    assert crew.next().result == "quick"
    release.set()
    while crew._ended.empty():
        time.sleep(0.001)
    crew.begin("again", later())
    assert crew.next().result == "again"  # what the first came to is nobody's any more
    crew.dismiss()


@pytest.mark.parametrize("dismissed", ["crew.dismiss()", ""])
def test_a_stuck_thread_does_not_keep_the_process_alive(dismissed: str) -> None:
    script = "import time; from coffers.crew import Crew; crew = Crew(time.sleep); crew.begin(60, 0); crew.next();"
    started = time.monotonic()
    subprocess.run([sys.executable, "-c", script + dismissed], check=True, timeout=30)
    assert time.monotonic() - started < 20
