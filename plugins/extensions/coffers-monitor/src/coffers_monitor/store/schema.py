"""The tables brought to what this program knows, when a database is opened: under a lock, all of it or nothing.

On SQLite the lock is its write lock, on PostgreSQL an advisory lock; both end with the transaction, so a program that
is killed leaves none behind. A database that a newer program has migrated is refused, never guessed at.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, String, column, func, inspect, select, table

from .errors import StoreError

__all__ = ["REVISIONS", "VERSION_TABLE", "prepare"]

#: Every revision there is, oldest first; a test holds them against the migrations.
REVISIONS: Final = ("0001", "0002")

#: Where a database says which revision it has. Other programs may keep theirs beside it.
VERSION_TABLE: Final = "coffers_schema"

_FOLDER: Final = Path(__file__).parent / "migrations"

#: "coffers" as a number: the name of the advisory lock.
_LOCK: Final = int.from_bytes(b"coffers", "big")

#: alembic keeps what it migrates in a module's variable.
_one_at_a_time: Final = threading.Lock()


def prepare(engine: Engine, shown: str, *, create: bool) -> None:
    """Make the tables, or bring them up to date; nothing where they are.

    Args:
        engine: of the database.
        shown: its name for people.
        create: whether to make tables where there are none at all.

    Raises:
        StoreError: there are none and none shall be made, or a newer program has been there.
        SQLAlchemyError: it cannot be read or written.
    """
    with engine.connect() as connection:
        if not _behind(connection, shown, create=create):
            return
    with _one_at_a_time, engine.execution_options(writes=True).begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
        if _behind(connection, shown, create=create):  # another process may have done it while we waited
            upgrade(connection)


def upgrade(connection: Connection, to: str = REVISIONS[-1]) -> None:
    """Run the migrations up to one of `REVISIONS`, inside the transaction of `connection`."""
    from alembic.command import upgrade as run  # takes long to import and is hardly ever needed
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    run(config, to)


def _behind(connection: Connection, shown: str, *, create: bool) -> bool:
    found = _revision(connection)
    if found is None and not create:
        raise StoreError(f"{shown} holds no history yet; `coffers watch` begins one")
    if found is not None and found not in REVISIONS:
        raise StoreError(
            f"{shown} was written by a newer coffers-monitor (its tables are of revision {found}, this program knows "
            f"{REVISIONS[-1]}): install that one, `pip install --upgrade coffers-monitor`"
        )
    return found != REVISIONS[-1]


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    version = column("version_num", String)
    return connection.execute(select(version).select_from(table(VERSION_TABLE, version))).scalar()
