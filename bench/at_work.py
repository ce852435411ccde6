"""A peer at work, a process of its own in the peer's environment; uses the standard library only.

Arguments: the peer's script, the base URL, the key, the CA file, how many reads warm it up. Warms up, prints a line of
JSON with what an answer held, then does what each line of standard input says and prints a line with what it took:

    {"reads": 200}                             so many, one after the other
    {"accounts": 10000, "concurrency": 256}    so many, side by side

What goes wrong is told by the name of the exception, which holds no path.
"""

from __future__ import annotations

import asyncio
import gc
import inspect
import json
import re
import resource
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

#: Makes an event loop; None has asyncio make it.
NewLoop = Callable[[], asyncio.AbstractEventLoop] | None


@contextmanager
def batches(reading: Any, new_loop: NewLoop) -> Iterator[Callable[[int], Any]]:
    """What makes so many reads, one after the other, and returns the last answer; for sync and async peers alike."""
    if isinstance(reading, AbstractAsyncContextManager):
        with asyncio.Runner(loop_factory=new_loop) as runner:
            read = runner.run(_awaited(reading.__aenter__()))

            async def batch(count: int) -> Any:
                for _ in range(count - 1):
                    await read()
                return await read()

            yield lambda count: runner.run(batch(count))
            runner.run(_awaited(reading.__aexit__(None, None, None)))
    else:
        with reading as read:

            def batch_of_sync(count: int) -> Any:
                for _ in range(count - 1):
                    read()
                return read()

            yield batch_of_sync


async def _awaited(something: Any) -> Any:
    return await something


def memory_mib(line: str) -> float:
    """Of this process: `VmRSS`, what it takes now, or `VmHWM`, the most it took.

    Not the operating system's `ru_maxrss`, where there is anything else: on Linux that begins with what the process
    took that started this one.
    """
    try:
        status = Path("/proc/self/status").read_text("utf-8")
    except OSError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak / (2**20 if sys.platform == "darwin" else 2**10)
    found = re.search(rf"^{line}:\s+(\d+) kB", status, re.MULTILINE)
    return int(found[1]) / 2**10 if found else 0.0


def timed(work: Callable[[], Any]) -> dict[str, Any]:
    """What `work` took: processor time of all threads, wall time, memory."""
    gc.collect()
    before_mib = memory_mib("VmRSS")
    wall, cpu = time.perf_counter(), time.process_time()
    found = work()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return {
        "cpu_s": cpu,
        "wall_s": wall,
        "rss_before_mib": before_mib,
        "rss_peak_mib": memory_mib("VmHWM"),
        "found": found,
    }


def run(script: str, base_url: str, key: str, ca_file: str, warm_up: str) -> None:
    spec = spec_from_file_location("peer_at_work", script)  # not by its name: that is the library's
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.path.append(str(Path(__file__).parents[1]))  # for what a script takes from another one; behind everything else
    spec.loader.exec_module(module)

    new_loop: NewLoop = getattr(module, "new_event_loop", None)

    def side_by_side(accounts: int, concurrency: int) -> int:
        counted = module.fan_out(base_url, key, ca_file, accounts, concurrency)
        if not inspect.iscoroutine(counted):
            return int(counted)
        with asyncio.Runner(loop_factory=new_loop) as runner:
            return int(runner.run(counted))

    amounts_of = getattr(module, "amounts", lambda answer: answer["balances"])
    with batches(module.reading(base_url, key, ca_file), new_loop) as batch:
        amounts = {currency: str(amount) for currency, amount in amounts_of(batch(int(warm_up))).items()}
        print(json.dumps({"amounts": amounts}), flush=True)
        for line in sys.stdin:
            order = json.loads(line)
            if "reads" in order:
                took = timed(lambda: batch(order["reads"]) and None)  # noqa: B023  called at once
            else:
                took = timed(lambda: side_by_side(**order))  # noqa: B023  called at once
            print(json.dumps(took), flush=True)


def main() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # a thousand connections
    try:
        run(*sys.argv[1:])
    except ImportError as error:
        print(json.dumps({"failed": f"{error.name} could not be imported"}), flush=True)
    except Exception as error:  # noqa: BLE001  whatever it is, the run goes on without this peer and says so
        traceback.print_exc()
        print(json.dumps({"failed": f"it ended with {type(error).__name__}"}), flush=True)


if __name__ == "__main__":
    main()
