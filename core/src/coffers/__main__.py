"""The command `coffers`, also as ``python -m coffers``: tells the version, or hands over to the command line.

Roof. Imports nothing but the version until it must.
"""

from __future__ import annotations

import os
import sys

from coffers._version import __version__

__all__ = ["main"]


def main() -> int:
    """Run the command line on the program's arguments; returns the exit code.

    After an interrupt, or with reads still under way, the process ends here and at once: Python would wait for them.
    """
    arguments = sys.argv[1:]
    if arguments == ["--version"]:
        print(f"coffers {__version__}")  # noqa: T201  the answer
        return 0
    try:
        from coffers.cli import run
    except ModuleNotFoundError as error:
        if error.name != "click":
            raise
        return _without_extra(arguments)
    except KeyboardInterrupt:
        return 130
    code, at_once = run(arguments)
    if at_once:
        os._exit(code)
    return code


def _without_extra(arguments: list[str]) -> int:
    text = 'the command line needs more packages: pip install "coffers[cli]"'
    if arguments[:1] == ["check"]:  # a monitoring system would take 2 for critical
        print(f"UNKNOWN: {text}")  # noqa: T201  the answer
        return 3
    print(f"coffers: {text}", file=sys.stderr)  # noqa: T201  there is no other way to say it
    return 2


if __name__ == "__main__":
    sys.exit(main())
