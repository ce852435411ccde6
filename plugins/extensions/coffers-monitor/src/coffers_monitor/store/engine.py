"""Engines of the two kinds of database, and what is said when one fails.

SQLite: WAL, so that readers and the writer do not wait for one another; ``synchronous=FULL``, so that a commit outlives
a power cut as well as a kill; a transaction that writes takes the write lock at its beginning, so that it never has to
give up in the middle. The file and what lies beside it are its owner's alone.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError

from coffers import Scrubber, one_line

from .address import Address
from .errors import StoreError

__all__ = ["make_engine", "told"]

#: Seconds to wait for a lock that another process holds, and for a server to answer.
WAIT_S: Final = 30
_CONNECT_S: Final = 10

#: What SQLite says, and what it means.
_SQLITE: Final = {
    "unable to open": "cannot be opened: its folder must be there, and this user must be allowed to write in it",
    "readonly": "may not be written: this user needs the right to write the file and its folder",
    "not a database": "is not a database of SQLite; name another file",
    "malformed": "is damaged; put it aside, with the files -wal and -shm beside it, and begin a new one",
    "locked": f"has been held by another program for {WAIT_S} s; is one still at work in it?",
    "full": "cannot be written: the disk is full",
    "disk i/o": "cannot be read or written: the disk fails, or this is no place for a database",
}


def make_engine(address: Address, *, create: bool) -> Engine:
    """An engine for `address`; a server is not yet spoken to.

    Args:
        address: where.
        create: whether to make the file where there is none.

    Raises:
        StoreError: the file cannot be made, is not there, or is in no state to be used; the driver is not installed.
    """
    return _sqlite(address, address.file, create) if address.file is not None else _postgresql(address)


def _postgresql(address: Address) -> Engine:
    defaults = {"connect_timeout": _CONNECT_S, "application_name": "coffers-monitor"}
    options = {name: value for name, value in defaults.items() if name not in address.url.query}
    try:
        return create_engine(address.url, hide_parameters=True, pool_pre_ping=True, connect_args=options)
    except ModuleNotFoundError:
        raise StoreError('PostgreSQL needs its driver: pip install "coffers-monitor[postgresql]"') from None


def _sqlite(address: Address, file: Path, create: bool) -> Engine:
    _make_private(file, create)
    _use_wal(file)
    engine = create_engine(address.url, hide_parameters=True, connect_args={"timeout": WAIT_S})
    event.listen(engine, "connect", _set_up)
    event.listen(engine, "begin", _begin)
    return engine


def _make_private(file: Path, create: bool) -> None:
    """Make the file where it is not there, readable by its owner only; SQLite makes those beside it likewise."""
    try:
        if not create:
            os.stat(file)  # noqa: PTH116  raises, where Path.exists answers False for a folder that may not be searched
            return
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        return
    except FileNotFoundError:
        reason = "is not there yet; `coffers watch` makes it"
    except OSError as error:
        reason = f"cannot be opened: {error.strerror or type(error).__name__}"
    raise StoreError(f"{file} {reason}")


def _set_up(connection: Any, _: object) -> None:
    connection.isolation_level = None  # transactions begin where `_begin` says, not where Python's module guesses
    for pragma in ("foreign_keys=ON", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _use_wal(file: Path) -> None:
    """Once and for all of its life. SQLite itself does not wait for a lock here, so we do."""
    until = time.monotonic() + WAIT_S
    while True:
        try:
            with contextlib.closing(sqlite3.connect(file)) as connection:
                mode: str = connection.execute("PRAGMA journal_mode=WAL").fetchone()[0]
            break
        except sqlite3.Error as error:
            text = str(error)
        if "locked" not in text or time.monotonic() > until:
            raise StoreError(_sqlite_text(file, text))
        time.sleep(0.01)
    if mode != "wal":
        raise StoreError(f"{file} lies where SQLite cannot share it (a network disk?); name a file on a disk")


def _sqlite_text(file: Path, text: str) -> str:
    known = next(
        (known for sign, known in _SQLITE.items() if sign in text.lower()), f"cannot be used: {one_line(text)}"
    )
    return f"{file} {known}"


@contextlib.contextmanager
def told(address: Address) -> Generator[None]:
    """Whatever SQLAlchemy and the drivers raise becomes one line without a secret.

    Raises:
        StoreError: in place of theirs.
    """
    text: str
    refused = False
    try:
        yield
        return
    except DBAPIError as error:
        refused = isinstance(error, DataError | IntegrityError)
        if address.file is not None:
            text = _sqlite_text(address.file, str(error.orig))
        else:
            said = one_line(Scrubber(address.secrets)(str(error.orig)))
            text = f"{address.shown} cannot be used: {said or type(error.orig).__name__}"
    except SQLAlchemyError as error:
        text = f"{address.shown} cannot be used: {type(error).__name__}"
    raise StoreError(text[:500], refused=refused) from None
