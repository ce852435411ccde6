"""The command `coffers`, also as ``python -m coffers``: tells the version, or hands over to the command line.

Roof. Imports nothing but the version until it must: not even what makes annotations texts.
"""

import gc
import os
import sys

from coffers._version import __version__

TYPE_CHECKING = False  # checkers know it by its name

if TYPE_CHECKING:
    from typing import NoReturn

__all__ = ["main"]


def main() -> int:
    """Run the command line on the program's arguments; returns the exit code.

    As a rule the process ends here, see `_leave`; after an interrupt, or with reads still under way, at once.
    """
    arguments = sys.argv[1:]
    if arguments == ["--version"]:
        print(f"coffers {__version__}")  # noqa: T201  the answer
        return 0
    # A command makes little that only Python's search for cycles could free, and is soon over: let it search seldom.
    gc.set_threshold(100_000)
    try:
        from coffers.cli import run
    except KeyboardInterrupt:
        return _stopped(arguments, 130)
    except ModuleNotFoundError as error:
        if error.name == "click":
            return _stopped(arguments, 2, 'the command line needs more packages: pip install "coffers[cli]"')
        return _stopped(arguments, 2, f"the installation is broken, there is no module {error.name}: install it again")
    code, at_once = run(arguments)
    if at_once:
        os._exit(code)
    return _leave(code)


def _leave(code: int) -> int:
    """End the process without taking it apart: that would take a tenth of a command's time, and nobody is helped.

    Whoever asked Python to be told of its end is told. Where a thread is to be waited for, the code is returned, and
    Python waits.
    """
    import atexit
    import threading

    if any(not thread.daemon for thread in threading.enumerate() if thread is not threading.main_thread()):
        return code
    atexit._run_exitfuncs()  # pyright: ignore[reportPrivateUsage]  what multiprocessing calls in its children, too
    return _end(code)  # pragma: no cover  # coverage was told of the end just now, and counts no more


def _end(code: int) -> "NoReturn":  # pragma: no cover  # runs only after coverage was told of the end
    """End the process at once; what is printed so far is printed."""
    import contextlib

    for stream in (sys.stdout, sys.stderr):
        if stream is not None:  # pyright: ignore[reportUnnecessaryComparison]  it was closed before the start
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
    os._exit(code)


def _stopped(arguments: list[str], code: int, text: str = "") -> int:
    """Tell why there is no command line; without a text it was interrupted. Returns the exit code."""
    if next((argument for argument in arguments if not argument.startswith("-")), "") == "check":
        # A monitoring system reads stdout, and would take 2 for critical.
        print(f"UNKNOWN: {text or 'interrupted'}")  # noqa: T201  the answer
        return 3
    if text:
        print(f"coffers: {text}", file=sys.stderr)  # noqa: T201  there is no other way to say it
    return code


if __name__ == "__main__":
    sys.exit(main())
