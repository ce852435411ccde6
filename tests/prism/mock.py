"""Prism, a mock server that nobody here wrote: it holds requests against an OpenAPI document and answers by it."""

from __future__ import annotations

import json
import socket
import subprocess
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

__all__ = ["serving"]

#: Seconds until it must be up; it takes two.
_WITHIN_S = 60


@contextmanager
def serving(modules: Path, document: Mapping[str, Any], folder: Path) -> Generator[str, None, None]:
    """Serve an OpenAPI document on loopback; gives the address.

    Args:
        modules: the ``node_modules`` that hold Prism.
        document: what to serve.
        folder: for the document and the server's log.
    """
    file, log = folder / "document.json", folder / "prism.log"
    file.write_text(json.dumps(document), "utf-8")
    port = _free_port()
    program: list[str | Path] = ["node", modules / "@stoplight/prism-cli/dist/index.js", "mock"]
    with (
        log.open("wb") as told,
        subprocess.Popen(
            [*program, "--host", "127.0.0.1", "--port", str(port), file], stdout=told, stderr=told
        ) as process,
    ):
        try:
            assert _is_up(process, port), log.read_text("utf-8", "replace")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
    return port


def _is_up(process: subprocess.Popen[bytes], port: int) -> bool:
    until = time.monotonic() + _WITHIN_S
    while process.poll() is None and time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return True
    return False
