"""What is told of a fault: of one in words of ours these, of any other what it is and where: it may say anything."""

from __future__ import annotations

from pathlib import Path
from traceback import walk_tb

from coffers_monitor.store import StoreError

__all__ = ["fault_text"]


def fault_text(fault: BaseException) -> str:
    """One line for people; no secret."""
    if isinstance(fault, StoreError):
        return str(fault)
    *_, (frame, line) = walk_tb(fault.__traceback__)
    return f"{type(fault).__name__} at {Path(frame.f_code.co_filename).name}:{line}"
