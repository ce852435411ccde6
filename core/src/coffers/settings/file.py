"""The config file: a TOML file becomes accounts, or one error that holds every problem of the file at once.

Floor 5, inside `settings`. Nothing is looked up here: references are checked for their form alone. No problem's text
holds a value of the file; a key and its place are enough to find it.
"""

from __future__ import annotations

import os
import re
import stat
import tomllib
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

import attrs

from coffers.account import ACCOUNT_NAME, Account, FieldValue
from coffers.errors import CoffersError, ConfigError, PluginError, one_line
from coffers.provider import PROVIDER_ID, RESERVED_KEYS, Provider, check_base_url

from .fields import Problem, Shape, shown_key, unknown_key_fault

if TYPE_CHECKING:
    from .places import KeyPath

__all__ = ["CORE_KEYS", "Config", "InvalidConfigError", "TableCheck", "config_path", "load_config"]

#: Checks the table of an extension, see `load_config`.
TableCheck: TypeAlias = "Callable[[Any, Collection[str]], Iterable[tuple[KeyPath, str]]]"

#: The keys of an account that the core itself understands.
CORE_KEYS: Final = ("provider", "base_url", "ca_file", "timeout")

_MAX_BYTES: Final = 1024 * 1024


@attrs.frozen
class Config:
    """A checked config file.

    Attributes:
        path: the file, as it was given.
        accounts: in the file's order.
        warnings: lines for people: accounts whose keys could not be checked, because their plugin cannot be used.
        tables: the tables of extensions that are in it, by name, as tomllib reads them.
    """

    path: Path
    accounts: tuple[Account, ...] = ()
    warnings: tuple[str, ...] = ()
    tables: Mapping[str, Any] = attrs.field(factory=dict[str, Any], repr=False, hash=False)


class InvalidConfigError(ConfigError):
    """A config file has faults.

    Attributes:
        problems: each one line, ``FILE:LINE accounts.shop.key: what is wrong and what to do``, in the file's order.
    """

    def __init__(self, message: str, *, problems: Iterable[str] = (), **facts: Any) -> None:
        super().__init__(message, **facts)
        self.problems: tuple[str, ...] = tuple(problems)

    def facts(self) -> dict[str, Any]:
        """As for every error, and the problems."""
        return super().facts() | {"problems": self.problems}

    def with_facts(self, scrub: Callable[[str], str] = one_line, /, **facts: Any) -> CoffersError:
        """As for every error; the problems are scrubbed too, and not shortened."""
        known = super().with_facts(scrub, **facts).facts()
        problems = tuple(one_line(scrub(problem)) for problem in self.problems)
        return InvalidConfigError(one_line(scrub(self.message)), **(known | {"problems": problems}))


def config_path(explicit: Path | None, default: Path | None) -> Path:
    """Where the config file is: `explicit`, else ``$COFFERS_CONFIG`` (if not empty), else `default`.

    Raises:
        ConfigError: none of the three is given.
    """
    if explicit is not None:
        return explicit
    if named := os.environ.get("COFFERS_CONFIG"):
        return Path(named)
    if default is None:
        raise ConfigError("no config file is named; give one with `--config FILE` or set COFFERS_CONFIG")
    return default


def load_config(
    path: Path,
    manifest_of: Callable[[str], Provider[Any, Any]],
    *,
    tables: Mapping[str, TableCheck | None] = MappingProxyType({}),
) -> Config:
    """Read and check a whole config file.

    Args:
        path: the file.
        manifest_of: answers a provider's manifest or raises `PluginError`; called once for each provider the file
            names. Of an account whose plugin cannot be used only the core's own keys are judged; it is returned with
            the others, and its own error comes when it is read.
        tables: the top-level tables that are extensions' own, by name. Each with what checks its value: called with it
            and the names of the accounts, answers the path of each faulty key inside it (in a list the position, from
            0) and what is wrong there, without the value. None where nobody is there to check it.

    Raises:
        InvalidConfigError: the file cannot be read or has faults; all of them are in `problems`.
    """
    try:
        return _load(path, manifest_of, tables)
    except InvalidConfigError as error:
        refusal = InvalidConfigError(error.message, problems=error.problems)
    raise refusal  # a fresh one: the frames of the first hold the text of the file


def _load(
    path: Path, manifest_of: Callable[[str], Provider[Any, Any]], tables: Mapping[str, TableCheck | None]
) -> Config:
    file = _File(path, _read(path))
    file.check_top(tables)
    accounts = file.accounts(_remembering(manifest_of))
    file.stop_at_problems()
    own = {name: value for name, value in file.document.items() if name in tables}
    return Config(path, accounts, tuple(file.warnings), own)


def _remembering(manifest_of: Callable[[str], Provider[Any, Any]]) -> Callable[[str], Shape | PluginError]:
    known: dict[str, Shape | PluginError] = {}

    def shape_of(provider: str) -> Shape | PluginError:
        if provider not in known:
            try:
                known[provider] = Shape.of(manifest_of(provider))
            except PluginError as error:
                known[provider] = error
        return known[provider]

    return shape_of


# --- bytes to a document -------------------------------------------------------------------------------------------


def _read(path: Path) -> str:
    raw = b""
    fault = None
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            if os.name == "posix" and stat.S_ISREG(mode) and mode & stat.S_IWOTH:
                fault = "is writable by others, who could make it run commands; run `chmod o-w` on it"
            raw = file.read(_MAX_BYTES + 1)
    except FileNotFoundError:
        fault = "does not exist; make one with `coffers init`, or name another with `--config FILE`"
    except IsADirectoryError:
        fault = "is a directory; name the file in it"
    except (OSError, ValueError) as error:
        fault = f"cannot be read ({type(error).__name__}); check its permissions and the folders above it"
    if fault is None and len(raw) > _MAX_BYTES:
        fault = "is larger than 1 MiB, which no config file is; name another with `--config FILE`"
    if fault is None:
        try:
            return raw.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = raw.count(b"\n", 0, error.start) + 1
            raise _invalid([_line_of_text(path, line, (), "is not UTF-8; save the file as UTF-8")]) from None
    raise _invalid([_line_of_text(path, None, (), fault)])


def _parse(path: Path, text: str) -> dict[str, Any]:
    line = None
    try:
        return tomllib.loads(text)
    except RecursionError:
        fault = "is nested too deeply; an account is one flat table"
    except ValueError as error:
        # tomllib tells the place in its message alone; the rest of the message may quote the file.
        place = re.search(r"\(at line ([0-9]{1,9}), column ([0-9]{1,9})\)$", str(error))
        line = int(place[1]) if place else None
        column = f" at column {place[2]}" if place else ""
        fault = f"is not valid TOML{column}; texts stand in quotes, one key a line, a table's name in [brackets]"
    raise _invalid([_line_of_text(path, line, (), fault)])


def _line_of_text(path: Path, line: int | None, keys: KeyPath, fault: str) -> str:
    place = f"{path}:{line}" if line is not None else f"{path}"
    parts = [f"[{key}]" if isinstance(key, int) else f".{shown_key(key)}" for key in keys]
    where = "".join(parts).replace(".", " ", 1)
    return one_line(f"{place}{where}: {fault}")


def _invalid(problems: list[str]) -> InvalidConfigError:
    count = "" if len(problems) == 1 else f"{len(problems)} problems: "
    return InvalidConfigError(count + " | ".join(problems), problems=problems)


# --- a document to accounts ----------------------------------------------------------------------------------------


class _File:
    """A file under check: its document, the places of its keys, and what is wrong so far."""

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self.text = text
        self.document = _parse(path, text)
        self.problems: list[tuple[int, str]] = []
        self.warnings: list[str] = []

    @cached_property
    def lines(self) -> Mapping[KeyPath, int]:
        """Where the keys stand; nobody asks of a file without faults."""
        from .places import key_lines

        return key_lines(self.text)

    def fault(self, keys: KeyPath, text: str) -> None:
        from .places import line_of

        line = line_of(keys, self.lines)
        self.problems.append((line or 0, _line_of_text(self.path, line, keys, text)))

    def stop_at_problems(self) -> None:
        if self.problems:
            raise _invalid([text for _, text in sorted(self.problems, key=lambda problem: problem[0])])

    def check_top(self, own: Mapping[str, TableCheck | None]) -> None:
        """The tables other than that of the accounts: those of extensions, and unknown ones."""
        accounts = _table(self.document.get("accounts", {})) or {}
        for key, value in self.document.items():
            if key == "accounts":
                continue
            if key not in own:
                fault = unknown_key_fault(key, ("accounts", *own), "the config file")
                self.fault((key,), fault + _top_hint(key, value, fault))
            elif (check := own[key]) is not None:
                for place, text in check(value, tuple(accounts)):
                    self.fault((key, *place), text)

    def accounts(self, shape_of: Callable[[str], Shape | PluginError]) -> tuple[Account, ...]:
        tables = _table(self.document.get("accounts", {}))
        if tables is None:
            self.fault(("accounts",), "must be a table; write [accounts.NAME] above the keys of each account")
            return ()
        checked = [self.account(name, value, shape_of) for name, value in tables.items()]
        return tuple(account for account in checked if account is not None)

    def account(self, name: str, value: object, shape_of: Callable[[str], Shape | PluginError]) -> Account | None:
        """One account, or None after telling what is wrong with it."""
        before = len(self.problems)
        here = ("accounts", name)
        if not ACCOUNT_NAME.fullmatch(name):
            self.fault(here, "an account's name is letters, digits and _ . - and begins with a letter or digit")
        table = _table(value)
        if table is None:
            self.fault(here, f"must be a table; write [accounts.{shown_key(name)}] above its keys")
            return None
        core = {key: value for key, value in table.items() if key in CORE_KEYS}
        own = {key: value for key, value in table.items() if key not in CORE_KEYS}
        for key, text in _core_faults(core):
            self.fault((*here, key), text)
        provider = core.get("provider")
        shape = shape_of(provider) if isinstance(provider, str) and provider else None
        if isinstance(shape, Shape):
            for problem in _own_problems(shape, own):
                self.fault(here if problem.key is None else (*here, problem.key), problem.text)
        else:
            for key in (key for key in own if key in RESERVED_KEYS):
                self.fault((*here, key), unknown_key_fault(key, CORE_KEYS, "an account"))
        if len(self.problems) > before:
            return None
        if isinstance(shape, PluginError):
            self.warnings.append(one_line(f"{self.path} accounts.{name}: keys not checked: {shape.message}"))
        return self._made(name, core, own)

    def _made(self, name: str, core: Mapping[str, Any], own: Mapping[str, Any]) -> Account:
        folder = self.path.absolute().parent
        ca_file = core.get("ca_file")
        timeout = core.get("timeout")
        # Keys that nobody judged may hold what no provider takes; they are left out.
        fields: dict[str, FieldValue] = {key: value for key, value in own.items() if isinstance(value, str | int)}
        return Account(
            name,
            core["provider"],
            fields,
            base_url=core.get("base_url"),
            ca_file=None if ca_file is None else folder / ca_file,
            timeout_s=None if timeout is None else float(timeout),
            folder=folder,
        )


def _top_hint(key: str, value: object, fault: str) -> str:
    """What an unknown top-level table may have been meant for."""
    table = _table(value)
    if table is None:
        return ""
    if "provider" in table:
        return f"; did you mean [accounts.{shown_key(key)}]?"
    if "did you mean" in fault or not PROVIDER_ID.fullmatch(key):
        return ""
    return f"; if it belongs to an extension, that is not installed: pip install coffers-{key} could be it"


def _table(value: object) -> dict[str, Any] | None:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else None


def _own_problems(shape: Shape, own: Mapping[str, object]) -> list[Problem]:
    problems = shape.problems(own, CORE_KEYS)
    return problems + shape.refusals(own, {problem.key for problem in problems})


def _core_faults(core: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """The faults in the keys that the core understands."""
    provider = core.get("provider")
    if "provider" not in core:
        yield "provider", 'is missing; write provider = "NAME" (`coffers providers` lists them)'
    elif not isinstance(provider, str) or not provider:
        yield "provider", "must be the name of a provider in quotes (`coffers providers` lists them)"
    if "base_url" in core:
        try:
            check_base_url(core["base_url"] if isinstance(core["base_url"], str) else "")
        except ValueError as error:
            yield "base_url", str(error)
    if "ca_file" in core:
        name = core["ca_file"]
        if not isinstance(name, str) or not name or "\0" in name:
            yield "ca_file", "must be the path of a PEM file in quotes"
    if "timeout" in core:
        limit = core["timeout"]
        if isinstance(limit, bool) or not isinstance(limit, int | float) or not 0 < limit <= 3600:
            yield "timeout", "must be a number of seconds above 0 and at most 3600"
