"""The table ``[monitor]`` of the config: plain TOML becomes settings, or every fault at once, each with its key path.

The watching service's own keys are judged here; a part that belongs to another room is handed to a function of that
room. No fault's text holds a value of the file.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final, Protocol, TypeAlias, cast

import attrs

__all__ = ["TABLE", "Fault", "FaultLike", "KeyPath", "Part", "Settings", "parse_span", "read_settings", "table_check"]

#: The name of the table, and of the extension.
TABLE: Final = "monitor"

#: Keys and, in lists, positions from 0, outermost first; from ``[monitor]`` on.
KeyPath: TypeAlias = tuple[str | int, ...]

_DEFAULT_EVERY: Final = timedelta(minutes=15)
_LONGEST_EVERY: Final = timedelta(days=7)
_SPAN: Final = re.compile(r"([0-9]{1,6})(s|m|h|d)")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_SPAN_FORM: Final = 'must be a span like "90s", "15m", "6h" or "7d"'


@attrs.frozen
class Fault:
    """One thing that is wrong.

    Attributes:
        path: the keys that lead there, from the table or part that was checked.
        text: what is wrong and what to do; no value of the file.
    """

    path: KeyPath
    text: str


class FaultLike(Protocol):
    """A fault of any room's making; see `Fault`."""

    @property
    def path(self) -> KeyPath: ...
    @property
    def text(self) -> str: ...


class Part(Protocol):
    """A room's own function: the values of its part of the table, or what is wrong with it; one of the two is empty.

    Args:
        value: what stands under the part's key, as tomllib reads it.
        accounts: the names of the config's accounts.
    """

    def __call__(self, value: Any, *, accounts: Collection[str]) -> tuple[Any, Sequence[FaultLike]]: ...


@attrs.frozen
class Settings:
    """What ``[monitor]`` says.

    Attributes:
        every: how often an account is read unless it says otherwise.
        every_of: how often each account is read that says so, by name.
        parts: what the other rooms made of theirs, by key; a part that the file does not have is not among them.
    """

    every: timedelta = _DEFAULT_EVERY
    every_of: Mapping[str, timedelta] = attrs.field(factory=dict[str, timedelta])
    parts: Mapping[str, Any] = attrs.field(factory=dict[str, Any], repr=False)

    def interval(self, account: str) -> timedelta:
        """How often `account` is read."""
        return self.every_of.get(account, self.every)


def parse_span(text: str) -> timedelta:
    """A span as the config has it: a whole number and s, m, h or d.

    Raises:
        ValueError: no such span; the text is not in the message.
    """
    match = _SPAN.fullmatch(text)
    if match is None:
        raise ValueError(_SPAN_FORM)
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def read_settings(
    value: object, *, accounts: Collection[str], parts: Mapping[str, Part]
) -> tuple[Settings, tuple[Fault, ...]]:
    """The settings, or what is wrong; with faults the settings are not to be used.

    Args:
        value: what stands under ``monitor``.
        accounts: the names of the config's accounts.
        parts: what judges each key that belongs to another room.
    """
    faults: list[Fault] = []
    table = _table((), value, ("every", "accounts", *parts), "[monitor]", faults)
    every = _every(("every",), table["every"], faults) if "every" in table else None
    every_of: dict[str, timedelta] = {}
    own = _table(("accounts",), table.get("accounts", {}), None, "[monitor.accounts]", faults)
    for name, keys in own.items():
        here = ("accounts", name)
        if name not in accounts:
            hint = _did_you_mean(name, accounts)
            faults.append(Fault(here, f"there is no such account; {hint}accounts: {', '.join(accounts) or 'none'}"))
        keys_of = _table(here, keys, ("every",), "an account of [monitor]", faults)
        if "every" in keys_of and (span := _every((*here, "every"), keys_of["every"], faults)):
            every_of[name] = span
    made: dict[str, Any] = {}
    for key, part in parts.items():
        if key in table:
            made[key], wrong = part(table[key], accounts=accounts)
            faults += [Fault((key, *fault.path), fault.text) for fault in wrong]
    return Settings(every or _DEFAULT_EVERY, every_of, made), tuple(faults)


class _Check(Protocol):
    def __call__(self, value: Any, accounts: Collection[str], /) -> Iterable[tuple[KeyPath, str]]: ...


def table_check(parts: Mapping[str, Part]) -> _Check:
    """What the core's `load_config` wants for this table."""

    def check(value: Any, accounts: Collection[str], /) -> Iterable[tuple[KeyPath, str]]:
        return [(fault.path, fault.text) for fault in read_settings(value, accounts=accounts, parts=parts)[1]]

    return check


def _table(
    path: KeyPath, value: object, known: Sequence[str] | None, owner: str, faults: list[Fault]
) -> dict[str, object]:
    """`value` as a table; with `known` keys, any other is a fault."""
    if not isinstance(value, dict):
        faults.append(Fault(path, f"must be a table, {owner}"))
        return {}
    table = cast("dict[str, object]", value)
    for key in table if known is not None else ():
        if key not in (known or ()):
            hint = _did_you_mean(key, known or ())
            faults.append(Fault((*path, key), f"is not a key of {owner}; {hint}known keys: {', '.join(known or ())}"))
    return table


def _every(path: KeyPath, value: object, faults: list[Fault]) -> timedelta | None:
    text = _SPAN_FORM
    try:
        span = parse_span(value) if isinstance(value, str) else None
    except ValueError:
        span = None
    if span is not None and timedelta(0) < span <= _LONGEST_EVERY:
        return span
    if span is not None:
        text = "must be from 1s to 7d"
    faults.append(Fault(path, text))
    return None


def _did_you_mean(word: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(word.lower()[:64], list(known), n=1)
    return f"did you mean `{close[0]}`? " if close else ""
