"""Migrations: from nothing and from every earlier revision, once, whoever opens it; never back."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Integer, text
from sqlalchemy.types import TypeDecorator

from coffers_monitor.facts import Attempt
from coffers_monitor.store import Address, Store, StoreError, schema
from coffers_monitor.store.engine import make_engine
from coffers_monitor.store.tables import METADATA

FOLDER = Path(schema.__file__).parent / "migrations"


def scripts() -> ScriptDirectory:
    return ScriptDirectory(str(FOLDER))


def test_every_revision_is_known_by_its_name() -> None:
    assert [script.revision for script in scripts().walk_revisions()][::-1] == list(schema.REVISIONS)


def differences(address: Address) -> list[object]:
    def type_differs(_: object, __: object, ___: object, found: object, wanted: object) -> bool:
        implemented = wanted.impl if isinstance(wanted, TypeDecorator) else wanted
        return not isinstance(found, type(implemented).__mro__[0] if not isinstance(wanted, Integer) else Integer)

    engine = make_engine(address, create=False)
    with engine.connect() as connection:
        options = {"version_table": schema.VERSION_TABLE, "compare_type": type_differs}
        found = compare_metadata(MigrationContext.configure(connection, opts=options), METADATA)
    engine.dispose()
    return found


@pytest.mark.parametrize("revision", [None, *schema.REVISIONS])
def test_any_revision_comes_up_to_the_newest(address: Address, revision: str | None, now: datetime) -> None:
    if revision is not None:
        engine = make_engine(address, create=True)
        with engine.execution_options(writes=True).begin() as connection:
            schema.upgrade(connection, revision)
        engine.dispose()
    attempt = Attempt("shop", "acme", now, 0.1, ())
    with Store.open(address) as store, store.begin() as transaction:
        transaction.add(attempt)
    with Store.open(address) as store:
        assert list(store.attempts("shop")) == [attempt]
    assert differences(address) == []


def test_what_the_first_outbox_held_waits_for_its_channel(address: Address, now: datetime) -> None:
    ident = "0123456789abcdef" * 2 + ".chat.of-two.words"
    engine = make_engine(address, create=True)
    with engine.execution_options(writes=True).begin() as connection:
        schema.upgrade(connection, "0001")
        row = {"id": ident, "text": "text", "at": 1, "next_try": 1, "attempts": 0}
        columns, values = ", ".join(row), ", ".join(f":{name}" for name in row)
        connection.execute(text(f"INSERT INTO coffers_notice ({columns}) VALUES ({values})"), row)
    engine.dispose()
    with Store.open(address) as store:
        [waiting] = store.notices_waiting(now)
        assert (waiting.channel, waiting.urgent_since) == ("chat.of-two.words", waiting.since)
        assert [one.id for one in store.notices_due(now, channel="chat.of-two.words")] == [ident]


def stamp(address: Address, revision: str) -> None:
    engine = make_engine(address, create=False)
    with engine.execution_options(writes=True).begin() as connection:
        connection.execute(text(f"UPDATE {schema.VERSION_TABLE} SET version_num = :new"), {"new": revision})
    engine.dispose()


def test_a_newer_database_is_refused_and_left_alone(address: Address, now: datetime) -> None:
    with Store.open(address) as store, store.begin() as transaction:
        transaction.add(Attempt("shop", "acme", now, 0.1, ()))
    stamp(address, "9999")
    for _ in range(2):
        with pytest.raises(StoreError, match=r"newer coffers-monitor.*9999.*pip install --upgrade"):
            Store.open(address)
    stamp(address, schema.REVISIONS[-1])
    with Store.open(address) as store:
        assert store.accounts() == ["shop"]


def test_nothing_is_made_where_nothing_shall_be(address: Address) -> None:
    with pytest.raises(StoreError, match="`coffers watch`"):
        Store.open(address, create=False)
    assert address.file is None or not address.file.exists()
    Store.open(address).close()
    Store.open(address, create=False).close()


OPEN = """
import sys
from coffers_monitor.store import Address, Store
sys.stdin.readline()
with Store.open(sys.argv[1]) as store:
    with store.begin() as transaction:
        transaction.put_state(sys.argv[2], "{}")
"""


def test_processes_that_open_an_empty_database_at_once_all_may(address: Address) -> None:
    whole = address.url.render_as_string(hide_password=False)
    command = [sys.executable, "-W", "error", "-c", OPEN, whole]
    processes = [
        subprocess.Popen([*command, str(number)], stdin=subprocess.PIPE, stderr=subprocess.PIPE, env=dict(os.environ))
        for number in range(4)
    ]
    for process in processes:  # all are ready, now they go
        assert process.stdin is not None
        process.stdin.write(b"\n")
        process.stdin.flush()
    for process in processes:
        _, errors = process.communicate(timeout=100)
        assert (process.returncode, errors) == (0, b"")
    with Store.open(address, create=False) as store, store.begin() as transaction:
        assert [transaction.state(str(number)) for number in range(4)] == ["{}"] * 4


def test_alembic_finds_the_folder_that_ships(tmp_path: Path) -> None:
    """What is beside the code in the tree is what the build takes: whole packages, nothing left out by name."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("path_separator", "os")
    assert ScriptDirectory.from_config(config).get_current_head() == schema.REVISIONS[-1]
