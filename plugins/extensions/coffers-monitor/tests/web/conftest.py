"""What the tests of the page share: a made-up month, and real servers on loopback."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from made_up_month import Month, made_up_month
from served_page import TOKEN, Serve, served


@pytest.fixture
def month() -> Month:
    return made_up_month()


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serve a view until the test ends."""
    with contextlib.ExitStack() as stack:
        yield lambda *args, **more: stack.enter_context(served(*args, **more))


@pytest.fixture
def page(serve: Serve, month: Month) -> Iterator[httpx.Client]:
    """A client of the month's page, without a token."""
    with httpx.Client(base_url=serve(month), timeout=60) as client:
        yield client


@pytest.fixture
def locked(serve: Serve, month: Month) -> Iterator[httpx.Client]:
    """A client of the month's page, which asks for `TOKEN`; it has not got it."""
    with httpx.Client(base_url=serve(month, token=TOKEN), timeout=60) as client:
        yield client
