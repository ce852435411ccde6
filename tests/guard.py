"""For every test, wherever it lies: no connection leaves this machine, and hypothesis behaves the same everywhere."""

from __future__ import annotations

import gc
import ipaddress
import os
import socket
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("here", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("here"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")

#: Addresses outside loopback that somebody tried to reach, in any thread.
strayed: list[str] = []


def _is_here(host: object) -> bool:
    if not isinstance(host, str) or host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False  # a name: it would have to be looked up elsewhere


def _guard(event: str, args: tuple[Any, ...]) -> None:
    if event not in ("socket.connect", "socket.sendto"):
        return
    sock, address = args
    if sock.family in (socket.AF_INET, socket.AF_INET6) and not _is_here(address[0]):
        strayed.append(f"{event} to {address[0]}")
        raise PermissionError("tests speak to loopback only")


sys.addaudithook(_guard)


def _measure_without_a_lock() -> None:
    """Take coverage its lock away: an exception that `coffers.bounds` throws may hit the tracer while it holds it.

    Then it would be held for ever, and every thread would wait for it. It guards a dict of which each thread writes
    entries of its own.
    """
    coverage: Any = sys.modules.get("coverage")
    running = coverage.Coverage.current() if coverage is not None else None
    if running is not None and running._collector is not None:
        running._collector.data_lock = None


_measure_without_a_lock()


@pytest.fixture(autouse=True)
def nothing_strays() -> Iterator[None]:
    """Fail the test during which a connection outside loopback was tried, even if the error was swallowed."""
    strayed.clear()
    yield
    assert not strayed


@pytest.fixture(autouse=True)
def a_finaliser_may_be_hit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever runs in the thread when `coffers.bounds` throws can be hit, a finaliser too; that is nobody's fault.

    Python tells such an exception to nobody but this hook, and the watchdog throws again.
    """
    tell = sys.unraisablehook

    def hook(unraisable: Any) -> None:
        if unraisable.exc_type.__module__ != "coffers.bounds":
            tell(unraisable)

    monkeypatch.setattr(sys, "unraisablehook", hook)


@pytest.fixture(autouse=True)
def nothing_else_is_hit(request: pytest.FixtureRequest) -> Iterator[None]:
    """Take hypothesis's clock of garbage collections away from tests that are not its own.

    It stays for the whole run once a property test was there, and what `coffers.bounds` throws may go off inside it.
    """
    if getattr(getattr(request.node, "obj", None), "is_hypothesis_test", False):
        yield
        return
    kept, gc.callbacks[:] = gc.callbacks[:], []
    yield
    gc.callbacks[:] = kept + [callback for callback in gc.callbacks if callback not in kept]
