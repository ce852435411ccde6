"""Runs the program of a ``cmd:`` reference: no shell, no input, bounded in time and size, once.

Floor 5, inside `settings`. What the program prints is a secret: it is in no message, and neither are its arguments.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future
from pathlib import Path
from typing import Final

from coffers.errors import ConfigError

__all__ = ["COMMAND_LIMIT_S", "CommandRuns", "run_command"]

#: Seconds a command may take where the caller gives no deadline.
COMMAND_LIMIT_S: Final = 15.0

_CHUNK: Final = 8192


class _TookTooLongError(ConfigError):
    """The command did not end in time. Not shared with others who wait: they may have more time."""

    def __init__(self) -> None:
        super().__init__("its command took too long and was stopped; see what it waits for, or give a longer `timeout`")


def run_command(
    words: Sequence[str], deadline: float, *, max_bytes: int, watch: Callable[[subprocess.Popen[bytes]], object]
) -> bytes:
    """What a program prints on its standard output.

    Args:
        words: the program and its arguments.
        deadline: in seconds of `time.monotonic`; after it the program and all it started are killed.
        max_bytes: the most it may print.
        watch: told of the process as soon as it runs.

    Raises:
        ConfigError: it is not there, cannot be started, fails, prints too much or takes too long.
    """
    if deadline <= time.monotonic():
        raise _TookTooLongError
    with _started(words) as process:
        try:
            watch(process)
            output = _output(process, deadline, max_bytes)
            status = process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            _kill(process)
            raise _TookTooLongError from None
        except BaseException:
            _kill(process)
            raise
    if status:
        raise ConfigError(f"its command failed with exit status {status}; run it by hand to see why")
    return output


def _started(words: Sequence[str]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(  # noqa: S603  # the words come from the user's own config; no shell sees them
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            start_new_session=True,  # a process group of its own, so that all of it can be killed
        )
    except FileNotFoundError:
        reason = "the program of its command was not found; give its full path"
    except (OSError, ValueError) as error:
        reason = f"the program of its command cannot be started ({type(error).__name__})"
    raise ConfigError(reason)


def _output(process: subprocess.Popen[bytes], deadline: float, max_bytes: int) -> bytes:
    # A thread reads, because a pipe cannot be waited for on every platform.
    output = bytearray()
    stdout = process.stdout
    assert stdout is not None  # asked for with PIPE

    def read() -> None:
        with contextlib.suppress(OSError, ValueError):  # closed under our hands after a kill
            while len(output) <= max_bytes and (part := stdout.read(_CHUNK)):
                output.extend(part)

    reader = threading.Thread(target=read, name="coffers-command", daemon=True)
    reader.start()
    reader.join(max(0.0, deadline - time.monotonic()))
    if reader.is_alive():
        raise _TookTooLongError
    if len(output) > max_bytes:
        raise ConfigError(f"its command prints more than {max_bytes // 1024} KiB; it must print the value and no more")
    return bytes(output)


def _kill(process: subprocess.Popen[bytes]) -> None:
    # The process is not yet reaped here, so its number cannot belong to anyone else.
    if sys.platform == "win32":  # pragma: no cover  # there are no process groups to signal
        process.kill()
    else:
        with contextlib.suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)


class CommandRuns:
    """Runs each command once, however many threads ask; whoever asks later gets the same answer or refusal."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._runs: dict[tuple[tuple[str, ...], Path | None], Future[bytes]] = {}
        self._processes: list[subprocess.Popen[bytes]] = []

    def stop(self) -> None:
        """Kill the commands under way, and all they started; whoever waits for one is refused."""
        with self._lock:
            for process in self._processes:
                if process.poll() is None:
                    _kill(process)

    def forget(self) -> None:
        """Have each command run again when it is asked for next; those under way are not begun a second time."""
        with self._lock:
            self._runs = {key: run for key, run in self._runs.items() if not run.done()}

    def _watch(self, process: subprocess.Popen[bytes]) -> None:
        with self._lock:
            self._processes = [*(known for known in self._processes if known.returncode is None), process]

    def output(self, words: Sequence[str], folder: Path | None, deadline: float | None, *, max_bytes: int) -> bytes:
        """What the program prints; see `run_command`. `folder` only tells apart whose command it is.

        Raises:
            ConfigError: refused. Shared by all who wait, but for a run that took too long: then the next one who
                has time left runs it anew.
        """
        limit = time.monotonic() + COMMAND_LIMIT_S if deadline is None else deadline
        key = (tuple(words), folder)
        mine: Future[bytes] = Future()
        while True:
            with self._lock:
                run = self._runs.setdefault(key, mine)
            if run is mine:
                return self._run(mine, key, limit, max_bytes)
            try:
                return run.result(max(0.0, limit - time.monotonic()))
            except CancelledError:
                continue
            except TimeoutError:
                refusal: ConfigError = _TookTooLongError()
            except ConfigError as error:
                refusal = ConfigError(error.message)
            raise refusal

    def _run(
        self, run: Future[bytes], key: tuple[tuple[str, ...], Path | None], deadline: float, max_bytes: int
    ) -> bytes:
        try:
            output = run_command(key[0], deadline, max_bytes=max_bytes, watch=self._watch)
        except BaseException as error:
            if isinstance(error, ConfigError) and not isinstance(error, _TookTooLongError):
                run.set_exception(ConfigError(error.message))  # a fresh one: this one's frames hold the output
            else:
                with self._lock:
                    del self._runs[key]
                run.cancel()
            raise
        run.set_result(output)
        return output
