"""A process that works until it is killed, at a random moment; shared by the programs that look at what it left."""

from __future__ import annotations

import os
import random
import select
import signal
import time
from collections.abc import Callable
from typing import NoReturn

from coffers_monitor.store import Address

__all__ = ["killed_once"]


def killed_once(work: Callable[[Address, int], NoReturn], address: Address, chance: random.Random) -> list[str]:
    """Have a process work, kill it at a random moment, and answer what it told until then.

    Args:
        work: works on the database, and writes lines of what it has done to the file descriptor it is given.
        address: of the database.
        chance: decides on the moment.
    """
    told, out = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(told)
        work(address, out)
    os.close(out)
    if chance.random() < 0.75:  # while it writes; else perhaps while it opens the database, or makes it
        select.select([told], [], [], 60)
    time.sleep(chance.uniform(0, 0.03))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with open(told, "rb") as file:  # noqa: PTH123  a pipe
        return file.read().decode().splitlines()
