"""The command `coffers`, also as ``python -m coffers``: tells the version, or hands over to the command line.

Roof. Imports nothing but the version until it must: not even what makes annotations texts.
"""

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
    except KeyboardInterrupt:
        return _stopped(arguments, 130)
    except ModuleNotFoundError as error:
        if error.name == "click":
            return _stopped(arguments, 2, 'the command line needs more packages: pip install "coffers[cli]"')
        return _stopped(arguments, 2, f"the installation is broken, there is no module {error.name}: install it again")
    code, at_once = run(arguments)
    if at_once:
        os._exit(code)
    return code


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
