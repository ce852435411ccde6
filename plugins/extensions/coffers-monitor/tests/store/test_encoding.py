"""Whatever the encoding of a database, what is kept comes back as it was, or the database is refused at once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from coffers_monitor.facts import Attempt
from coffers_monitor.store import Store, StoreError

from .conftest import Server

NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)


@pytest.fixture
def address(server: Server, encoding: str) -> Iterator[str]:
    """An empty database of PostgreSQL in that encoding."""
    import psycopg

    name = f"e{time.monotonic_ns()}"
    with psycopg.connect(server.address("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} ENCODING '{encoding}' TEMPLATE template0")
        yield server.address(name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.mark.parametrize("encoding", ["UTF8", "SQL_ASCII"])
def test_every_letter_is_kept(address: str) -> None:
    failed = Attempt("shop", "acme", NOW, 0.1, None, error="unavailable", message="обед до 14:00, 5 €")
    with Store.open(address) as store:
        with store.begin() as transaction:
            transaction.add(failed)
        assert store.latest() == {"shop": (failed, None)}


@pytest.mark.parametrize("encoding", ["LATIN1"])
def test_a_database_that_cannot_hold_every_letter_is_refused(address: str) -> None:
    with pytest.raises(StoreError, match=r"has the encoding LATIN1; make a database with the encoding UTF8"):
        Store.open(address)
