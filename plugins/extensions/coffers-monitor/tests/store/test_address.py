"""Where the database is, and that nothing shows a password."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from coffers_monitor.store import Address, Store, StoreError, address_fault, default_address, resolved

PASSWORD = "hunter2-canary"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("sqlite:////srv/monitor.sqlite3", "/srv/monitor.sqlite3"),
        ("postgresql://monitor@db.example/money", "postgresql://db.example/money"),
        ("postgres://db.example:5433/money", "postgresql://db.example/money"),
        ("postgresql+psycopg:///money?host=/run/postgresql", "postgresql:///run/postgresql/money"),
        (f"postgresql://monitor:{PASSWORD}@db.example/money", "postgresql://db.example/money"),
        (f"postgresql://db.example/money?user=monitor&password={PASSWORD}", "postgresql://db.example/money"),
    ],
)
def test_an_address_is_shown_without_its_secret(text: str, shown: str) -> None:
    address = Address.of(text)
    assert address.shown == shown
    assert PASSWORD not in repr(address)
    fault = address_fault(text)
    assert (fault is not None) == (PASSWORD in text)
    assert PASSWORD not in (fault or "")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "monitor.sqlite3",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///a?mode=ro",
        f"mysql://root:{PASSWORD}@db.example/money",
        f"postgresql://root:{PASSWORD}@db.example:port/money",
        f"postgresql//root:{PASSWORD}@db.example/money",
    ],
)
def test_what_is_no_address_is_told_without_quoting_it(text: str) -> None:
    with pytest.raises(StoreError, match="write") as caught:
        Address.of(text)
    assert PASSWORD not in f"{caught.value}{caught.value.__context__}{caught.value.__cause__}"
    assert address_fault(text) == str(caught.value)


def test_a_relative_file_is_relative_to_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Address.of("sqlite:///a.sqlite3", tmp_path).file == tmp_path / "a.sqlite3"
    monkeypatch.setenv("HOME", str(tmp_path))
    assert Address.of("sqlite:///~/a.sqlite3").file == tmp_path / "a.sqlite3"
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert (default_address().file or Path()).name == "monitor.sqlite3"


def test_a_reference_is_looked_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE", f"postgresql://monitor:{PASSWORD}@db.example/money")
    assert address_fault("env:DATABASE") is None
    address = resolved("env:DATABASE")
    assert (address.shown, address.url.password) == ("postgresql://db.example/money", PASSWORD)
    file = tmp_path / "url"
    file.write_text(f"postgresql://monitor:{PASSWORD}@db.example/other\n")
    file.chmod(0o600)
    assert resolved("file:url", tmp_path).shown == "postgresql://db.example/other"
    assert resolved("sqlite:///a", tmp_path).file == tmp_path / "a"
    monkeypatch.setenv("DATABASE", "")
    with pytest.raises(StoreError, match="environment variable DATABASE is empty"):
        resolved("env:DATABASE")


def test_a_password_that_is_refused_is_not_shown(server: object) -> None:
    port: int = server.port  # type: ignore[attr-defined]  # `Server` of conftest
    with pytest.raises(StoreError) as caught:
        Store.open(f"postgresql://monitor:{PASSWORD}@127.0.0.1:{port}/postgres")
    said = str(caught.value)
    assert said.startswith("postgresql://127.0.0.1/postgres cannot be used: ")
    assert "password authentication failed" in said
    assert PASSWORD not in said
    assert "\n" not in said


def test_a_server_that_is_not_there_is_told() -> None:
    pytest.importorskip("psycopg")
    with pytest.raises(StoreError, match=r"postgresql://127\.0\.0\.1/money cannot be used: .*refused") as caught:
        Store.open(f"postgresql://monitor:{PASSWORD}@127.0.0.1:1/money")
    assert PASSWORD not in str(caught.value)


# --- files ---------------------------------------------------------------------------------------------------------


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with Store.open(f"sqlite:///{tmp_path}/new/monitor.sqlite3") as store, store.begin() as transaction:
            transaction.put_state("shop", "{}")
            modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "new").iterdir()}
    finally:
        os.umask(before)
    assert modes == {"monitor.sqlite3": 0o600, "monitor.sqlite3-wal": 0o600, "monitor.sqlite3-shm": 0o600}
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "letter.txt"
    file.write_text("Dear Sir or Madam, " * 100)
    with pytest.raises(StoreError, match=r"letter\.txt is not a database of SQLite"):
        Store.open(f"sqlite:///{file}")
    assert file.read_text() == "Dear Sir or Madam, " * 100


def test_a_place_that_cannot_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for place in (tmp_path / "file" / "monitor.sqlite3", tmp_path):
        with pytest.raises(StoreError, match="cannot be opened"):
            Store.open(f"sqlite:///{place}")


WRITE = """
import sys
from coffers_monitor.store import Store, StoreError
try:
    with Store.open(sys.argv[1]) as store, store.begin() as transaction:
        transaction.put_state("shop", "{}")
except StoreError as error:
    print(error)
else:
    print("written")
"""


def as_a_user(file: Path, before: list[str]) -> str:
    """What somebody without rights is told about the file."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [*before, sys.executable, "-c", WRITE, f"sqlite:///{file}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd="/")
    assert done.stderr == ""
    return done.stdout.strip()


def test_a_place_that_may_not_be_written_is_told(a_user: tuple[list[str], int], open_folder: Path) -> None:
    before, uid = a_user
    file = open_folder / "monitor.sqlite3"
    assert as_a_user(file, before) == "written"
    file.chmod(0o400)
    assert "may not be written: this user needs the right" in as_a_user(file, before)
    other = open_folder / "folder"
    other.mkdir(mode=0o500)
    os.chown(other, uid, -1)
    assert "cannot be opened: Permission denied" in as_a_user(other / "monitor.sqlite3", before)
    assert list(other.iterdir()) == []
