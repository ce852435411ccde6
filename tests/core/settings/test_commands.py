"""Commands: bounded in time together with all they start, and run once however many ask."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from coffers.account import Account
from coffers.errors import ConfigError
from coffers.settings import Resolver, commands
from coffers.settings.commands import CommandRuns
from tests.core.settings.manifests import CANARY, MANIFESTS, assert_silent
from tests.core.settings.test_references import python

TOO_LONG = "its command took too long and was stopped; see what it waits for, or give a longer `timeout`"

#: Leaves a line in the file it is given, waits as long as it is told, prints a value.
COUNTED = f"""
import sys, time
open(sys.argv[1], "a").write("run\\n")
time.sleep(float(sys.argv[2]))
print("{CANARY}")
raise SystemExit(int(sys.argv[3]))
"""


def counted(runs: Path, seconds: float, status: int = 0) -> tuple[str, ...]:
    return (sys.executable, "-I", "-S", "-c", COUNTED, str(runs), str(seconds), str(status))


def ask(runs: CommandRuns, words: tuple[str, ...], within_s: float | None = 10, folder: Path | None = None) -> str:
    """The output, or what the refusal says."""
    deadline = None if within_s is None else time.monotonic() + within_s
    try:
        return runs.output(words, folder, deadline, max_bytes=1024).decode()
    except ConfigError as error:
        return repr(error) if CANARY in repr(error) else error.message


def written(log: Path) -> bool:
    return log.exists() and log.read_text() != ""


def wait_for(condition: Callable[[], bool]) -> None:
    limit = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < limit
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("status", "said"), [(0, f"{CANARY}\n"), (4, "its command failed with exit status 4; run it by hand to see why")]
)
def test_a_command_runs_once_for_all_who_ask(tmp_path: Path, status: int, said: str) -> None:
    runs, log = CommandRuns(), tmp_path / "log"
    words = counted(log, 0.2, status)
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: ask(runs, words), range(16)))
    assert {*answers, ask(runs, words)} == {said}
    assert log.read_text() == "run\n"


def test_another_folder_or_another_resolver_is_another_command(tmp_path: Path) -> None:
    runs, log = CommandRuns(), tmp_path / "log"
    words = counted(log, 0)
    assert ask(runs, words, folder=tmp_path) == ask(runs, words) == ask(CommandRuns(), words) == f"{CANARY}\n"
    assert log.read_text() == "run\n" * 3


def test_a_refusal_is_each_asker_s_own_error(tmp_path: Path) -> None:
    resolver = Resolver()
    account = Account("shop", "simple", {"key": python(f"print('{CANARY}'); raise SystemExit(1)")})
    errors: list[ConfigError] = []
    for _ in range(2):
        with pytest.raises(ConfigError) as caught:
            resolver.resolve(account, MANIFESTS["simple"])
        assert_silent(caught.value)
        errors.append(caught.value)
    assert errors[0] == errors[1]
    assert errors[0] is not errors[1]


def test_a_command_is_killed_at_the_deadline_with_all_it_started(tmp_path: Path) -> None:
    log = tmp_path / "pid"
    grandchild = "import os, sys, time; open(sys.argv[1], 'w').write(str(os.getpid())); time.sleep(60)"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-S', '-c', {grandchild!r}, sys.argv[1]])"
    account = Account("shop", "simple", {"key": python(code, str(log))})
    started = time.monotonic()
    with pytest.raises(ConfigError) as caught:
        Resolver().resolve(account, MANIFESTS["simple"], started + 1)
    assert 0.9 < time.monotonic() - started < 1.7
    assert caught.value.message == f"key: {TOO_LONG}"
    assert type(caught.value) is ConfigError
    assert_silent(caught.value)
    wait_for(lambda: not runs_still(int(log.read_text())))


def runs_still(pid: int) -> bool:
    with contextlib.suppress(OSError):
        # Without anyone to collect it, a dead process stays as a zombie where Linux shows it.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_command_that_stops_printing_but_does_not_end_is_killed_too() -> None:
    words = (sys.executable, "-S", "-c", "import os, time; os.close(1); time.sleep(60)")
    started = time.monotonic()
    assert ask(CommandRuns(), words, 0.5) == TOO_LONG
    assert time.monotonic() - started < 1.2


def test_a_process_that_left_the_group_keeps_nobody_waiting(tmp_path: Path) -> None:
    log = tmp_path / "pid"
    runaway = "import os, sys, time; open(sys.argv[1], 'w').write(str(os.getpid())); time.sleep(60)"
    child = f"[sys.executable, '-S', '-c', {runaway!r}, sys.argv[1]]"
    code = f"import subprocess, sys; subprocess.Popen({child}, start_new_session=True)"
    started = time.monotonic()
    assert ask(CommandRuns(), (sys.executable, "-S", "-c", code, str(log)), 0.8) == TOO_LONG
    assert time.monotonic() - started < 1.5
    wait_for(lambda: written(log))
    os.kill(int(log.read_text()), signal.SIGKILL)
    wait_for(lambda: not any(thread.name == "coffers-command" for thread in threading.enumerate()))


def test_a_command_is_not_started_after_the_deadline(tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert ask(CommandRuns(), counted(log, 0), 0) == TOO_LONG
    assert not log.exists()


def test_without_a_deadline_there_is_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert commands.COMMAND_LIMIT_S == 15
    monkeypatch.setattr(commands, "COMMAND_LIMIT_S", 0.3)
    started = time.monotonic()
    assert ask(CommandRuns(), counted(tmp_path / "log", 30), None) == TOO_LONG
    assert time.monotonic() - started < 1.2


def test_a_waiter_gives_up_at_its_own_deadline(tmp_path: Path) -> None:
    runs, log = CommandRuns(), tmp_path / "log"
    words = counted(log, 1.0)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(ask, runs, words)
        wait_for(lambda: written(log))
        started = time.monotonic()
        assert ask(runs, words, 0.1) == TOO_LONG
        assert time.monotonic() - started < 0.7
        assert first.result() == f"{CANARY}\n"
    assert log.read_text() == "run\n"


def test_a_timeout_is_not_shared_with_those_who_have_time(tmp_path: Path) -> None:
    runs, log = CommandRuns(), tmp_path / "log"
    words = counted(log, 0.8)
    with ThreadPoolExecutor(2) as pool:
        hasty = pool.submit(ask, runs, words, 0.5)
        wait_for(lambda: written(log))
        patient = pool.submit(ask, runs, words)
        assert hasty.result() == TOO_LONG
        assert patient.result() == f"{CANARY}\n"
    assert log.read_text() == "run\nrun\n"


@pytest.mark.skipif(os.name != "posix", reason="about a POSIX signal")
def test_an_interrupt_stops_the_command_and_leaves_it_to_the_next(tmp_path: Path) -> None:
    runs, log = CommandRuns(), tmp_path / "log"
    words = counted(log, 0.8)

    def interrupt_when_it_runs() -> None:
        wait_for(lambda: written(log))
        os.kill(os.getpid(), signal.SIGINT)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
    interrupter = threading.Thread(target=interrupt_when_it_runs)
    interrupter.start()
    with pytest.raises(KeyboardInterrupt):
        ask(runs, words)
    interrupter.join()
    signal.signal(signal.SIGINT, before)
    assert ask(runs, words) == f"{CANARY}\n"
    assert log.read_text() == "run\nrun\n"


def test_stopping_kills_what_runs_and_refuses_who_waits(tmp_path: Path) -> None:
    runs, log = CommandRuns(), tmp_path / "log"
    told: list[str] = []
    waiter = threading.Thread(target=lambda: told.append(ask(runs, counted(log, 30), 20)))
    waiter.start()
    wait_for(lambda: written(log))
    began = time.monotonic()
    runs.stop()
    waiter.join(5)
    assert time.monotonic() - began < 2
    assert len(told) == 1
    assert "failed with exit status" in told[0]


def test_what_is_forgotten_runs_again_when_it_is_asked_for(tmp_path: Path) -> None:
    runs, log = CommandRuns(), tmp_path / "log"
    words = counted(log, 0)
    for _ in range(2):
        ask(runs, words)
    assert log.read_text() == "run\n"
    runs.forget()
    for _ in range(2):
        ask(runs, words)
    assert log.read_text() == "run\nrun\n"
