"""Writing a file that only its owner may read. Roof."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from coffers.cli.endings import StoppedError

__all__ = ["write_private"]


def write_private(path: Path, text: str, *, force: bool = False) -> None:
    """Write `text` to a new file of mode 0600; folders above it are made.

    Args:
        path: the file; where it is a link, the file it names.
        text: what to write.
        force: whether to replace what is there, all of it or nothing.

    Raises:
        StoppedError: it exists and `force` is not given, or it cannot be written.
    """
    path = path.resolve()
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if force:
            handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        else:
            handle, temporary = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), None
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            if temporary is not None:
                Path(temporary).replace(path)
        except OSError:
            Path(temporary or path).unlink(missing_ok=True)
            raise
    except FileExistsError:
        raise StoppedError(f"{path} exists; give --force to replace it, or name another file") from None
    except OSError as error:
        raise StoppedError(f"{path} cannot be written: {error.strerror or type(error).__name__}") from None
