"""Where the database is: a file of SQLite, or a PostgreSQL server.

An address may hold a password, so nothing here shows one whole: `Address.shown` leaves out user, password and
parameters, and a message never quotes what was given.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import attrs
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from coffers import ConfigError, Secret, is_reference
from coffers_monitor.lookup import look_up

from .errors import StoreError

__all__ = ["Address", "address_fault", "default_address", "resolved"]

_FORMS: Final = 'write "sqlite:///FILE" or "postgresql://USER@HOST/DATABASE"'


@attrs.frozen
class Address:
    """A database, checked but not opened.

    Attributes:
        url: as SQLAlchemy wants it, with the driver; may hold a password.
        shown: for people: the file, or host and database.
        secrets: what must be taken out of other people's words about it.
    """

    url: URL = attrs.field(repr=False)
    shown: str
    secrets: tuple[Secret, ...] = attrs.field(default=(), repr=False)

    @property
    def file(self) -> Path | None:
        """The file of SQLite; None for a server."""
        return Path(self.url.database or "") if self.url.get_backend_name() == "sqlite" else None

    @classmethod
    def of(cls, text: str, folder: Path | None = None) -> Address:
        """Read an address.

        Args:
            text: ``sqlite:///FILE`` (``sqlite:////FILE`` from the root) or ``postgresql://...``.
            folder: what a relative file is relative to; None is the working directory.

        Raises:
            StoreError: it is neither.
        """
        try:
            url = make_url(text)
        except (ArgumentError, ValueError):  # their texts quote the whole of it
            url = None
        if url is None:
            raise StoreError(f"the address of the database is none: {_FORMS}")
        if url.drivername == "sqlite":
            return cls._of_file(url, folder)
        if url.drivername in ("postgresql", "postgres", "postgresql+psycopg"):
            host = url.host or str(url.query.get("host", ""))
            passwords = [
                *([url.password] if url.password else []),
                *_texts(url, "password"),
                *_texts(url, "sslpassword"),
            ]
            return cls(
                url.set(drivername="postgresql+psycopg"),
                f"postgresql://{host}/{url.database or ''}",
                tuple(Secret(password) for password in passwords if password),
            )
        raise StoreError(f"the address names a kind of database that cannot be used here: {_FORMS}")

    @classmethod
    def _of_file(cls, url: URL, folder: Path | None) -> Address:
        if not url.database or url.database == ":memory:" or url.host or url.query:
            raise StoreError('the address must name a file and nothing else: write "sqlite:///FILE"')
        try:
            path = (folder or Path()) / Path(url.database).expanduser()
        except RuntimeError:
            raise StoreError("the home directory in the address is not known; write the whole path") from None
        path = path.absolute()
        return cls(url.set(database=str(path)), str(path))


def _texts(url: URL, name: str) -> tuple[str, ...]:
    value = url.query.get(name, ())
    return (value,) if isinstance(value, str) else value


def default_address() -> Address:
    """The file in the platform's place for what a program keeps."""
    import platformdirs  # takes long to import

    file = platformdirs.user_state_path("coffers", appauthor=False) / "monitor.sqlite3"
    return Address(URL.create("sqlite", database=str(file)), str(file))


def address_fault(text: str) -> str | None:
    """What is wrong with an address written down in a file or on a command line, and what to do; None where nothing is.

    A reference is right if it has the form of one; what it stands for is seen when it is `resolved`. A password is a
    fault: files and command lines are read by others.
    """
    if is_reference(text):
        return None
    try:
        address = Address.of(text)
    except StoreError as error:
        return str(error)
    if address.secrets:
        return 'holds a password: keep the whole address elsewhere, and write "env:NAME" or "file:PATH" here'
    return None


def resolved(text: str, folder: Path | None = None) -> Address:
    """The address itself, looked up where `text` is a reference by the same rules as an account's.

    Args:
        text: an address, or ``env:NAME``, ``file:PATH``, ``keyring:SERVICE/USER``, ``cmd:PROGRAM ARGS``.
        folder: what a relative file is relative to; None is the working directory.

    Raises:
        StoreError: there is no such value, or it is no address.
    """
    if not is_reference(text):
        return Address.of(text, folder)
    try:
        whole = look_up(text, folder)
    except ConfigError as error:
        reason = error.message
    else:
        return Address.of(whole.reveal(), folder)
    raise StoreError(f"the address of the database: {reason}")
