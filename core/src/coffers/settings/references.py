"""References: ``env:NAME``, ``file:PATH``, ``keyring:SERVICE/USER`` and ``cmd:PROGRAM ARGS``, and what they stand for.

Floor 5, inside `settings`. What is found comes back as a `Secret`; no message holds it, nor a foreign error's text.
"""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from coffers.account import Account
from coffers.errors import ConfigError
from coffers.secret import Secret

if TYPE_CHECKING:
    from .commands import CommandRuns

__all__ = [
    "MAX_VALUE_BYTES",
    "REFERENCE_FORMS",
    "References",
    "is_reference",
    "may_block",
    "reference_fault",
    "text_fault",
]

#: The most a secret file or a command may hold.
MAX_VALUE_BYTES: Final = 64 * 1024

#: The four forms, as they are shown to people.
REFERENCE_FORMS: Final = '"env:NAME", "file:PATH", "keyring:SERVICE/USER" or "cmd:PROGRAM ARGS"'

#: What is looked up outside this process.
_ELSEWHERE: Final = ("file:", "keyring:", "cmd:")
_SCHEMES: Final = ("env:", *_ELSEWHERE)


def is_reference(text: str) -> bool:
    """Whether `text` stands for a value kept elsewhere."""
    return text.startswith(_SCHEMES)


def may_block(account: Account) -> bool:
    """Whether looking up the account's references may take longer than a look into memory."""
    return any(isinstance(value, str) and value.startswith(_ELSEWHERE) for _, value in account.fields)


def reference_fault(reference: str) -> str | None:
    """What is wrong with the form of a reference and what to write instead; None where it is well formed."""
    scheme, _, rest = reference.partition(":")
    if fault := text_fault(reference):
        return fault
    if scheme == "env" and (not rest or "=" in rest or any(map(str.isspace, rest))):
        return 'must name one environment variable: write "env:NAME"'
    if scheme == "file" and not rest.strip():
        return 'must name a file: write "file:PATH"'
    if scheme == "keyring":
        service, _, user = rest.rpartition("/")
        if not service.strip() or not user.strip():
            return 'must name a service and a user: write "keyring:SERVICE/USER"'
    if scheme == "cmd" and not _words(rest):
        return 'must name a program, and close every quote: write "cmd:PROGRAM ARGS"'
    return None


def text_fault(text: str) -> str | None:
    """Why no provider could take this text as a value; None where one could."""
    if "\0" in text:
        return "holds a NUL character, which cannot be sent"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "is not UTF-8 text"
    return None


def _words(command: str) -> tuple[str, ...]:
    """The words of a command; none where it names no program or leaves a quote open."""
    import shlex

    try:
        words = tuple(shlex.split(command))
    except ValueError:
        return ()
    return words if words and words[0] else ()


class References:
    """Finds what references stand for. Safe to share between threads; commands run once.

    Args:
        environ: the environment; None is the process's own, as it is when asked.
    """

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        self._environ = environ
        self._lock = threading.Lock()  # guards the next one
        self._runs: CommandRuns | None = None

    def stop(self) -> None:
        """Kill the commands under way."""
        with self._lock:
            runs = self._runs
        if runs is not None:
            runs.stop()

    def forget(self) -> None:
        """Have each command run again when it is asked for next."""
        with self._lock:
            runs = self._runs
        if runs is not None:
            runs.forget()

    def value(self, reference: str, folder: Path | None, deadline: float | None, warn: Callable[[str], None]) -> Secret:
        """The value a well-formed reference stands for.

        Args:
            reference: see `reference_fault`.
            folder: what a relative ``file:`` is relative to; None is the working directory.
            deadline: when a command is killed, in seconds of `time.monotonic`; None allows it 15 s.
            warn: told, in a line for people, what is unsafe but not in the user's hands.

        Raises:
            ConfigError: there is no such value, or it cannot be used.
        """
        scheme, _, rest = reference.partition(":")
        if scheme == "env":
            text = self._variable(rest)
        elif scheme == "file":
            text = _file_text(rest, folder, warn)
        elif scheme == "keyring":
            text = _keyring_text(rest)
        else:
            output = self._commands().output(_words(rest), folder, deadline, max_bytes=MAX_VALUE_BYTES)
            text = _to_text(output, "what its command prints")
        if fault := text_fault(text):
            raise ConfigError(f"its value {fault}")
        return Secret(text)

    def _commands(self) -> CommandRuns:
        """What runs commands: imported, and with it all that starts processes, when the first is to run."""
        with self._lock:
            if self._runs is None:
                from .commands import CommandRuns

                self._runs = CommandRuns()
            return self._runs

    def _variable(self, name: str) -> str:
        text = (os.environ if self._environ is None else self._environ).get(name)
        if not text:
            raise ConfigError(f"the environment variable {name} is {'not set' if text is None else 'empty'}; set it")
        return text


def _to_text(raw: bytes, what: str) -> str:
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        text = None
    if text is None:
        raise ConfigError(f"{what} is not UTF-8 text")
    text = text.removesuffix("\n").removesuffix("\r") if text.endswith("\n") else text
    if not text:
        raise ConfigError(f"{what} is empty")
    return text


# --- file: ---------------------------------------------------------------------------------------------------------


def _file_text(name: str, folder: Path | None, warn: Callable[[str], None]) -> str:
    try:
        path = (folder or Path()) / Path(name).expanduser()
    except RuntimeError:
        path = None
    if path is None:
        raise ConfigError(f"the home directory in {name} is not known; write the whole path")
    try:
        return _read_secret_file(path, warn)
    except FileNotFoundError:
        reason = f"the file {path} does not exist; write the secret into it, with `chmod 600`"
    except IsADirectoryError:
        reason = f"{path} is a directory; name a file in it"
    except (OSError, ValueError) as error:
        reason = f"the file {path} cannot be read ({type(error).__name__})"
    raise ConfigError(reason)


def _read_secret_file(path: Path, warn: Callable[[str], None]) -> str:
    with open(path, "rb", opener=_open_at_once) as file:  # Path.open takes no opener
        facts = os.fstat(file.fileno())
        if not stat.S_ISREG(facts.st_mode):
            raise ConfigError(f"{path} is not a regular file; to read from a program, use cmd:")
        if os.name == "posix" and facts.st_mode & stat.S_IROTH:
            if facts.st_uid == os.geteuid() and not os.fstatvfs(file.fileno()).f_flag & os.ST_RDONLY:
                raise ConfigError(f"the file {path} is readable by others; run `chmod o-r` on it")
            warn(f"the file {path} is readable by others; whoever provides it should forbid that")
        raw = file.read(MAX_VALUE_BYTES + 1)
    if len(raw) > MAX_VALUE_BYTES:
        raise ConfigError(f"the file {path} is larger than 64 KiB; it must hold the value and no more")
    return _to_text(raw, f"the file {path}")


def _open_at_once(path: str, flags: int) -> int:
    # A named pipe without a writer would hold us past every deadline.
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


# --- keyring: ------------------------------------------------------------------------------------------------------


def _keyring_text(name: str) -> str:
    service, _, user = name.rpartition("/")
    text: object = None
    reason = f"the keyring has no entry for {service}/{user}; make one with `keyring set {service} {user}`"
    try:
        import keyring
    except ImportError:
        reason = 'keyring is not installed; run `pip install "coffers[keyring]"`'
    else:
        try:
            text = keyring.get_password(service, user)
        except Exception as error:  # noqa: BLE001  # backends are foreign code and raise what they like
            reason = f"the keyring refused ({type(error).__name__}); is it unlocked?"
    if not isinstance(text, str) or not text:
        raise ConfigError(reason)
    return text
