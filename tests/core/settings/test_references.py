"""env:, file:, keyring: and cmd:, each looked up for real."""

from __future__ import annotations

import os
import shlex
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

from coffers.account import Account
from coffers.errors import ConfigError
from coffers.settings import Resolved, Resolver
from tests.core.settings.manifests import CANARY, MANIFESTS, assert_silent

posix = pytest.mark.skipif(os.name != "posix", reason="about POSIX permissions")


def resolve(reference: str, folder: Path | None = None, resolver: Resolver | None = None) -> Resolved:
    account = Account("shop", "simple", {"key": reference}, folder=folder)
    return (resolver or Resolver()).resolve(account, MANIFESTS["simple"])


def value(reference: str, folder: Path | None = None, resolver: Resolver | None = None) -> str:
    resolved = resolve(reference, folder, resolver)
    assert resolved.warnings == ()
    assert resolved.secrets == (resolved.credentials.key,)
    return str(resolved.credentials.key.reveal())


def refusal(reference: str, folder: Path | None = None, resolver: Resolver | None = None) -> str:
    with pytest.raises(ConfigError) as caught:
        resolve(reference, folder, resolver)
    error = caught.value
    assert type(error) is ConfigError
    assert_silent(error)
    assert (error.field, error.account, error.provider) == ("key", "shop", "simple")
    assert error.message.startswith("key: ")
    return error.message.removeprefix("key: ")


def secret_file(folder: Path, content: bytes, mode: int = 0o600) -> Path:
    path = folder / "secret.txt"
    path.write_bytes(content)
    path.chmod(mode)
    return path


# --- env: ----------------------------------------------------------------------------------------------------------


def test_a_variable_is_read_when_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    resolver = Resolver()
    monkeypatch.setenv("SHOP_KEY", CANARY)
    assert value("env:SHOP_KEY", None, resolver) == CANARY
    monkeypatch.setenv("SHOP_KEY", f"  {CANARY} ")
    assert value("env:SHOP_KEY", None, resolver) == f"  {CANARY} "


def test_an_empty_variable_counts_as_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SHOP_KEY", raising=False)
    assert refusal("env:SHOP_KEY") == "the environment variable SHOP_KEY is not set; set it"
    monkeypatch.setenv("SHOP_KEY", "")
    assert refusal("env:SHOP_KEY") == "the environment variable SHOP_KEY is empty; set it"


def test_the_environment_may_be_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_KEY", "the process's own")
    assert value("env:SHOP_KEY", None, Resolver({"SHOP_KEY": CANARY})) == CANARY
    assert "is not set" in refusal("env:SHOP_KEY", None, Resolver({}))


def test_a_value_no_provider_can_take_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (
        refusal("env:K", None, Resolver({"K": f"{CANARY}\0"}))
        == "its value holds a NUL character, which cannot be sent"
    )
    monkeypatch.setenv("SHOP_KEY", f"{CANARY}\udcff")
    assert refusal("env:SHOP_KEY") == "its value is not UTF-8 text"


# --- file: ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "meant"),
    [
        (b"s3cret", "s3cret"),
        (b"s3cret\n", "s3cret"),
        (b"s3cret\r\n", "s3cret"),
        (b"s3cret\n\n", "s3cret\n"),
        (b"s3cret\r", "s3cret\r"),
        (b" s3 cret ", " s3 cret "),
        ("кључ\n".encode(), "кључ"),
        (b"x" * 65_536, "x" * 65_536),
    ],
)
def test_a_file_holds_the_value_and_one_newline(tmp_path: Path, content: bytes, meant: str) -> None:
    path = secret_file(tmp_path, content)
    assert value(f"file:{path}") == meant


def test_a_file_is_found_from_the_config_s_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret_file(tmp_path, b"here")
    assert value("file:secret.txt", tmp_path) == "here"
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert value("file:~/secret.txt", Path("/elsewhere")) == "here"
    monkeypatch.chdir(tmp_path)
    assert value("file:secret.txt") == "here"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"\r\n", "is empty"),
        (CANARY.encode() + b"\xff", "is not UTF-8 text"),
        (CANARY.encode() * 6000, "is larger than 64 KiB; it must hold the value and no more"),
    ],
)
def test_a_file_that_holds_no_value(tmp_path: Path, content: bytes, said: str) -> None:
    path = secret_file(tmp_path, content)
    assert refusal("file:secret.txt", tmp_path) == f"the file {path} {said}"


def test_a_file_with_a_nul_is_refused(tmp_path: Path) -> None:
    secret_file(tmp_path, CANARY.encode() + b"\0")
    assert refusal("file:secret.txt", tmp_path) == "its value holds a NUL character, which cannot be sent"


def test_a_file_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert refusal("file:none", tmp_path).startswith(
        f"the file {tmp_path}/none does not exist; write the secret into it"
    )
    assert refusal("file:.", tmp_path) == f"{tmp_path} is a directory; name a file in it"
    assert refusal("file:loop", tmp_path) == f"the file {tmp_path}/loop cannot be read (OSError)"
    assert refusal("file:~no-such-user-here/x").startswith("the home directory in ~no-such-user-here/x is not known")


@posix
def test_a_pipe_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    started = time.monotonic()
    assert refusal("file:pipe", tmp_path) == f"{tmp_path}/pipe is not a regular file; to read from a program, use cmd:"
    assert time.monotonic() - started < 10


@posix
def test_a_file_readable_by_others_is_refused_where_the_user_can_mend_it(tmp_path: Path) -> None:
    path = secret_file(tmp_path, CANARY.encode(), 0o604)
    assert refusal("file:secret.txt", tmp_path) == f"the file {path} is readable by others; run `chmod o-r` on it"
    (tmp_path / "link").symlink_to(path)
    assert "`chmod o-r`" in refusal("file:link", tmp_path)
    path.chmod(0o640)  # a group is the user's own affair
    assert value("file:secret.txt", tmp_path) == CANARY


@posix
def test_another_s_file_readable_by_others_is_a_warning(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        path = secret_file(tmp_path, CANARY.encode(), 0o644)
        os.chown(path, 65_534, -1)
    else:
        path = Path("/etc/passwd")
    resolved = resolve(f"file:{path}")
    assert resolved.warnings == (f"key: the file {path} is readable by others; whoever provides it should forbid that",)
    assert CANARY not in repr(resolved)


@posix
def test_a_file_on_a_read_only_file_system_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A read-only mount needs rights a test has not; only the answer to "is it read-only?" is made up.
    path = secret_file(tmp_path, CANARY.encode(), 0o444)
    real = os.fstatvfs

    def read_only(fd: int) -> os.statvfs_result:
        facts = list(real(fd))
        facts[8] |= os.ST_RDONLY
        return os.statvfs_result(facts)

    monkeypatch.setattr(os, "fstatvfs", read_only)
    resolved = resolve(f"file:{path}")
    assert resolved.credentials.key.reveal() == CANARY
    assert len(resolved.warnings) == 1


# --- keyring: ------------------------------------------------------------------------------------------------------


class InMemory(KeyringBackend):
    """A real backend that keeps its entries to itself; one of them is locked, one is not even text."""

    priority = 1.0

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # keyring leaves it untyped
        self.entries: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        if username == "locked":
            raise KeyringLocked(f"locked: {CANARY}")
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.entries[service, username] = password


@pytest.fixture
def backend() -> Iterator[InMemory]:
    before = keyring.get_keyring()
    backend = InMemory()
    keyring.set_keyring(backend)
    yield backend
    keyring.set_keyring(before)


def test_the_keyring_is_asked_for_service_and_user(backend: InMemory) -> None:
    keyring.set_password("coffers/shops", "me", f"{CANARY} ")
    assert value("keyring:coffers/shops/me") == f"{CANARY} "


def test_a_keyring_without_the_entry_says_how_to_make_it(backend: InMemory) -> None:
    keyring.set_password("coffers", "empty", "")
    for user in ("nobody", "empty"):
        said = refusal(f"keyring:coffers/{user}")
        assert said == f"the keyring has no entry for coffers/{user}; make one with `keyring set coffers {user}`"


def test_what_a_keyring_says_is_not_shown(backend: InMemory) -> None:
    assert refusal("keyring:coffers/locked") == "the keyring refused (KeyringLocked); is it unlocked?"


def test_keyring_is_an_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)  # what Python itself does for a module it must not find
    assert refusal("keyring:coffers/me") == 'keyring is not installed; run `pip install "coffers[keyring]"`'


# --- cmd: ----------------------------------------------------------------------------------------------------------


def python(code: str, *arguments: str) -> str:
    return "cmd:" + shlex.join([sys.executable, "-I", "-S", "-c", code, *arguments])


def test_a_command_s_output_is_the_value() -> None:
    assert value(python("import sys; print(sys.argv[1])", " a 'b' $HOME ; ")) == " a 'b' $HOME ; "


def test_a_command_has_no_input_and_its_complaints_are_not_heard(capfd: pytest.CaptureFixture[str]) -> None:
    code = f"import sys; sys.stderr.write('{CANARY}'); print(repr(sys.stdin.read()))"
    assert value(python(code)) == "''"
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (f"print('{CANARY}'); raise SystemExit(3)", "its command failed with exit status 3; run it by hand to see why"),
        ("import os; os.kill(os.getpid(), 9)", "its command failed with exit status -9; run it by hand to see why"),
        ("pass", "what its command prints is empty"),
        ("import sys; sys.stdout.buffer.write(b'\\xff')", "what its command prints is not UTF-8 text"),
        (f"print('{CANARY}' + chr(0))", "its value holds a NUL character, which cannot be sent"),
        (f"while True: print('{CANARY}')", "its command prints more than 64 KiB; it must print the value and no more"),
    ],
)
def test_a_command_that_gives_no_value(code: str, said: str) -> None:
    assert refusal(python(code)) == said


def test_a_command_that_is_none(tmp_path: Path) -> None:
    plain = secret_file(tmp_path, b"not a program")
    assert refusal(f"cmd:{CANARY}-no-such-program x") == "the program of its command was not found; give its full path"
    assert refusal(f"cmd:{plain}") == "the program of its command cannot be started (PermissionError)"


def test_a_command_may_print_just_as_much_as_a_file_holds() -> None:
    assert value(python("print('x' * 65535)")) == "x" * 65_535
