"""What happens beside the reading: the config file changes, somebody asks for a paused account, a signal comes."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable
from functools import partial
from types import FrameType
from typing import Final

from .asking import Requests
from .changes import Reloading
from .plan import Plan
from .service import Watch
from .threads import beside

__all__ = ["mind", "on_signals"]

_LOOK_EVERY_S: Final = 1.0
#: Seconds by which the machine's clock may be set back unnoticed: less than any harm.
_SET_BACK_S: Final = 5.0


async def mind(
    watch: Watch,
    config: Reloading[Plan],
    requests: Requests,
    *,
    tell: Callable[[str], object],
    hurry: asyncio.Event,
    follow: Callable[[Plan], object] = lambda _: None,
    forgive: Callable[[str], object] = lambda _: None,
    look_every_s: float = _LOOK_EVERY_S,
    clock: Callable[[], float] = time.time,
    monotonic: Callable[[], float] = time.monotonic,
) -> None:
    """Look after `watch` for ever.

    Args:
        watch: what is watched.
        config: the file.
        requests: what people ask for.
        tell: takes a line for people.
        hurry: set by whoever wants the config read again and every paused account with it.
        follow: hears of every new plan, in a thread of its own: it may block.
        forgive: hears of every account that is asked for, likewise.
        look_every_s: seconds between two looks.
        clock: the machine's time, in seconds.
        monotonic: the time that nobody sets, likewise.
    """
    apart = clock() - monotonic()
    while True:
        try:
            async with asyncio.timeout(look_every_s):
                await hurry.wait()
        except TimeoutError:
            pass
        apart, before = clock() - monotonic(), apart
        if apart < before - _SET_BACK_S:
            tell(f"the machine's clock was set back by {before - apart:.0f} s; every account is read anew")
            watch.begin_again()
        hurried = hurry.is_set()
        hurry.clear()
        if hurried or await beside(config.changed):
            faults = await beside(config.reload)
            if faults:
                tell("the config has changed and cannot be used; the one before stays in use:")
                for fault in faults:
                    tell(f"  {fault}")
            else:
                await beside(partial(follow, config.current))
                watch.follow(config.current.accounts)
                tell(f"the config was read again; {len(config.current.accounts)} accounts are watched")
        asked = await beside(requests.take)
        for name in (*asked, *(watch.paused() if hurried else ())):
            await beside(partial(forgive, name))
            known = watch.resume(name)
            tell(f"{name}: {'is read now, as was asked' if known else 'was asked for, and there is no such account'}")


def on_signals(stop: Callable[[], object], hurry: Callable[[], object]) -> Callable[[], None]:
    """Have SIGTERM and SIGINT stop, and SIGHUP hurry; answers what undoes that. To be called on a loop.

    Plain handlers: a loop's own are not to be had everywhere.
    """
    loop = asyncio.get_running_loop()
    wanted = {signal.SIGTERM: stop, signal.SIGINT: stop}
    if hasattr(signal, "SIGHUP"):
        wanted[signal.SIGHUP] = hurry
    before = {number: signal.getsignal(number) for number in wanted}
    for number, act in wanted.items():
        signal.signal(number, partial(_soon, loop, act))

    def undo() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    return undo


def _soon(loop: asyncio.AbstractEventLoop, act: Callable[[], object], _: int, __: FrameType | None) -> None:
    loop.call_soon_threadsafe(act)
