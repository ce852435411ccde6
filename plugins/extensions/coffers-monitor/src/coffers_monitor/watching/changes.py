"""The config file, looked at again and again: a good new one takes over, a bad one changes nothing.

A look is one `stat` that follows links, so an editor's replacing, a `mv` and a mounted secret's swap are all seen. The
file system's own notices would need a library, a thread and a fallback for network mounts, to save that one call.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from coffers import CoffersError, InvalidConfigError

__all__ = ["Reloading"]

C = TypeVar("C")

_Mark = tuple[int, int, int, int] | None


class Reloading(Generic[C]):
    """A file and what was made of it last.

    Args:
        path: the file.
        load: makes it into what is wanted; may block.

    Raises:
        CoffersError: the file cannot be used at the first time.
    """

    def __init__(self, path: Path, load: Callable[[], C]) -> None:
        self.path = path
        self._load = load
        self._mark = self._look()
        self.current: C = load()

    def changed(self) -> bool:
        """Whether the file is another than at the last load."""
        return self._look() != self._mark

    def reload(self) -> tuple[str, ...]:
        """Load it again: `current` is what came of it, unless there are faults; then it stays. Returns the faults."""
        self._mark = self._look()  # before the load: what is written meanwhile is seen by the next look
        try:
            self.current = self._load()
        except InvalidConfigError as error:
            return error.problems
        except CoffersError as error:
            return (error.message,)
        return ()

    def _look(self) -> _Mark:
        try:
            found = self.path.stat()
        except OSError:
            return None
        return (found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size)
