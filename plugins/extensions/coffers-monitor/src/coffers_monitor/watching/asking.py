"""How somebody asks a running service to read a paused account: a file in a folder that both know.

Works wherever the two run as the same user on one machine, needs no port, and lies there until it is answered. The
service takes a file away when it has done what it asks; so who asks can tell whether anybody listens.
"""

from __future__ import annotations

import contextlib
import hashlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

__all__ = ["Requests", "ask", "folder_of"]

_LOOK_S: Final = 0.05


def folder_of(config: Path, state: Path) -> Path:
    """Where requests to the service that watches this config are put.

    Args:
        config: the config file.
        state: the folder for what the program keeps.
    """
    # No secret and no need for one: it only tells apart the services of one user.
    name = hashlib.sha256(str(config.absolute()).encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return state / "watch" / name


def ask(folder: Path, account: str, wait_s: float, clock: Callable[[], float] = time.monotonic) -> bool:
    """Ask for `account`; whether a service took it within `wait_s` seconds. If none did, the request is withdrawn."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    # An account's name is made of letters, digits, "_", "." and "-", and begins with one of the first two.
    request = folder / account
    request.touch(mode=0o600)
    until = clock() + wait_s
    while clock() < until:
        if not request.exists():
            return True
        time.sleep(_LOOK_S)
    try:
        request.unlink()
    except FileNotFoundError:
        return True  # just now
    return False


class Requests:
    """The service's side.

    Args:
        folder: see `folder_of`; what lies in it from before is forgotten.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.take()

    def take(self) -> list[str]:
        """The accounts that were asked for since the last time; each is taken once."""
        taken: list[str] = []
        with contextlib.suppress(OSError):  # no folder: nobody has ever asked
            for request in self._folder.iterdir():
                with contextlib.suppress(OSError):
                    request.unlink()
                    taken.append(request.name)
        return taken
