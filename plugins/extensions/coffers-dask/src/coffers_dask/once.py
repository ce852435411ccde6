"""An executor over dask.distributed that runs each call at most once.

dask runs a task again where a worker died while running it, or kept its result when it died: right for pure functions,
wrong for reading an account unasked. So a call claims its turn from the scheduler before it begins. The first to claim
gets it; whoever comes after raises `BegunBeforeError`. What had not begun when its worker died runs elsewhere.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any, Final, ParamSpec, TypeVar

import distributed
from distributed import utils
from distributed.diagnostics.plugin import SchedulerPlugin

__all__ = ["BegunBeforeError", "OnceExecutor", "executor"]

#: The plugin's name at the scheduler, and the call that it answers.
_CLAIMS: Final = "coffers_claim"

#: dask's functions are mostly untyped.
_sync: Final[Callable[..., Any]] = utils.sync

P = ParamSpec("P")
T = TypeVar("T")


class BegunBeforeError(Exception):
    """The call was begun before, on a worker that is lost, and was not begun again."""


class _Claims(SchedulerPlugin):
    """At the scheduler: which calls were begun. Forgets a call when dask does."""

    name = _CLAIMS
    idempotent = True

    def __init__(self) -> None:
        self._begun: set[str] = set()
        self._scheduler: Any = None

    async def start(self, scheduler: Any) -> None:
        self._scheduler = scheduler
        scheduler.handlers[_CLAIMS] = self.claim

    def claim(self, key: str) -> bool:
        """Whether the call is there and was not claimed before."""
        if key in self._begun or key not in self._scheduler.tasks:
            return False
        self._begun.add(key)
        return True

    def transition(self, key: Any, start: str, finish: str, *args: Any, **kwargs: Any) -> None:
        if finish == "forgotten":
            self._begun.discard(key)


def _run_once(key: str, function: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any]) -> T:
    """On the worker: claim the call, then run it."""
    worker: Any = distributed.get_worker()
    if not _sync(worker.loop, getattr(worker.scheduler, _CLAIMS), key=key):
        raise BegunBeforeError("this call was begun on a worker that is lost")
    return function(*args, **kwargs)


class _Call(Future[T]):
    """A call under way."""

    def __init__(self, client: distributed.Client, key: str) -> None:
        super().__init__()
        self._client: Any = client
        self._key = key

    def cancel(self) -> bool:
        """Call it off, if it has not begun: whoever claims a call first decides what becomes of it."""
        if self.done():
            return self.cancelled()
        try:
            claimed = self._client.sync(getattr(self._client.scheduler, _CLAIMS), key=self._key)
        except Exception:  # noqa: BLE001  no scheduler, no word on whether it has begun
            return False
        return bool(claimed) and super().cancel()

    def settle(self, future: Any) -> None:
        """Take over what became of dask's own `future`, which may be forgotten then."""
        try:
            if self.set_running_or_notify_cancel():
                self.set_result(future.result())
        except BaseException as fault:  # noqa: BLE001  a lost worker's exceptions are no subclass of anything; all go to whoever waits
            self.set_exception(fault)
        finally:
            future.release()


class OnceExecutor(Executor):
    """Runs calls on the workers of a dask cluster, each at most once.

    Args:
        client: connected to a scheduler where this package is installed, as on the workers. It stays open.
    """

    def __init__(self, client: distributed.Client) -> None:
        self._client: Any = client
        self._closed = False
        self._client.register_plugin(_Claims())

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """See `concurrent.futures.Executor.submit`.

        Raises:
            RuntimeError: the executor was shut down.
        """
        if self._closed:
            raise RuntimeError("this executor was shut down")
        key = f"coffers-{uuid.uuid4().hex}"
        call: _Call[T] = _Call(self._client, key)
        future: Any = self._client.submit(_run_once, key, fn, args, kwargs, key=key, pure=False)
        call.add_done_callback(lambda done: future.cancel() if done.cancelled() else None)
        future.add_done_callback(call.settle)
        return call

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more calls. Those under way go on; the dask client stays open."""
        self._closed = True


def executor(client: distributed.Client) -> OnceExecutor:
    """What `coffers.Client.read_many` takes as its `executor`, to read on the workers of a dask cluster.

    Args:
        client: see `OnceExecutor`.
    """
    return OnceExecutor(client)
