"""Both databases, real ones: a file, and a PostgreSQL server of our own, which a user without rights runs."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import attrs
import pytest

from coffers_monitor.store import Address, Store

NEWEST_FIRST = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name), reverse=True)


@attrs.frozen
class Server:
    """A running PostgreSQL.

    Attributes:
        folder: where its socket is; whoever may reach it is let in.
        port: on loopback, where it asks for a password.
    """

    folder: Path
    port: int

    def address(self, database: str) -> str:
        """The way in by the socket."""
        return f"postgresql://monitor@/{database}?host={self.folder}&port={self.port}"


def unprivileged() -> tuple[list[str], int, int]:
    """What goes before a command, and whose its files must be: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return [], os.geteuid(), os.getegid()
    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        before = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", "--pdeathsig=TERM"]
        return before, user.pw_uid, user.pw_gid
    pytest.skip("there is no user without rights, postgres or nobody, to run PostgreSQL or a test as")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


@pytest.fixture
def a_user() -> tuple[list[str], int]:
    """What goes before a command to have it run by somebody without rights, and who that is."""
    before, uid, _ = unprivileged()
    can_run = [*before, sys.executable, "-c", ""]
    if subprocess.run(can_run, capture_output=True, check=False, cwd="/").returncode:
        pytest.skip("rights of files not tested: no other user may run this Python")
    return before, uid


@pytest.fixture
def open_folder(a_user: tuple[list[str], int]) -> Iterator[Path]:
    """A folder of that user, in one that anybody may pass through."""
    folder = Path(tempfile.mkdtemp(prefix="coffers-open-"))
    os.chown(folder, a_user[1], -1)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    pytest.importorskip("psycopg", reason="PostgreSQL not tested: its driver is not installed")
    if not NEWEST_FIRST:
        pytest.skip("PostgreSQL not tested: it is not installed (apt-get install postgresql-15)")
    import psycopg

    before, uid, gid = unprivileged()
    folder = Path(tempfile.mkdtemp(prefix="coffers-pg-"))
    port = free_port()
    try:
        os.chown(folder, uid, gid)
        data = folder / "data"
        where = {"cwd": folder, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        initdb = [*before, NEWEST_FIRST[0] / "initdb", "-D", data, "-U", "monitor", "-A", "trust", "-E", "UTF8"]
        subprocess.run([*initdb, "--locale=C", "--no-sync"], **where, check=True)  # type: ignore[call-overload]
        with (data / "pg_hba.conf").open("w") as rules:
            rules.write("local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n")
        options = ["-k", folder, "-h", "127.0.0.1", "-p", str(port), "-F"]  # no kill of ours hits the server itself
        process = subprocess.Popen([*before, NEWEST_FIRST[0] / "postgres", "-D", data, *options], **where)  # type: ignore[call-overload]
        try:
            until = time.monotonic() + 60
            while True:
                try:
                    psycopg.connect(host=str(folder), port=port, user="monitor", dbname="postgres").close()
                    break
                except psycopg.OperationalError:
                    assert process.poll() is None, process.stdout.read()
                    assert time.monotonic() < until
                    time.sleep(0.05)
            yield Server(folder, port)
        finally:
            process.terminate()
            process.communicate(timeout=60)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Address]:
    """An empty database of either kind."""
    if request.param == "sqlite":
        yield Address.of(f"sqlite:///{tmp_path / 'monitor.sqlite3'}")
        return
    server: Server = request.getfixturevalue("server")  # which skips where there is none
    import psycopg

    name = f"t{time.monotonic_ns()}"
    facts = {"host": str(server.folder), "port": server.port, "user": "monitor", "dbname": "postgres"}
    with psycopg.connect(**facts, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    yield Address.of(server.address(name))
    with psycopg.connect(**facts, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def store(address: Address) -> Iterator[Store]:
    with Store.open(address) as store:
        yield store


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 11, 21, 3, 4, 5, 678901, tzinfo=UTC)
