"""One service for one config on one machine: whoever comes second is refused, or every account would be read twice.

The operating system's lock on a file; it ends with the process, however that ends. Two machines do not see one another;
they read everything twice then, and the database alone keeps them from telling anything twice.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Generator
from pathlib import Path
from typing import Final

__all__ = ["TakenError", "alone"]

_LOOK_S: Final = 0.05


class TakenError(Exception):
    """Another process has the file.

    Args:
        process: its number, as far as it is known.
    """

    def __init__(self, process: str) -> None:
        super().__init__(process)
        self.process = process


@contextlib.contextmanager
def alone(file: Path, wait_s: float) -> Generator[None]:
    """Keep others out until the block ends.

    Args:
        file: made where it is not there; it stays.
        wait_s: seconds to wait for one that is about to end.

    Raises:
        TakenError: it does not end.
        OSError: the file cannot be made, or not be locked where it is.
    """
    if sys.platform == "win32":  # pragma: no cover  # nobody is kept out there
        yield
        return
    import fcntl

    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        until = time.monotonic() + wait_s
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > until:
                    raise TakenError(os.pread(handle, 20, 0).decode("ascii", "replace").strip() or "unknown") from None
            time.sleep(_LOOK_S)
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(handle)
