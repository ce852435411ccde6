"""`[[monitor.notify]]`: plain TOML values become channels, or every fault comes out at once, each with its key path.

Nothing is looked up here. A channel holds references, never what they stand for; no fault's text holds a value.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Final, Literal, cast

import attrs

from coffers import REFERENCE_FORMS, is_reference, origin_of, reference_fault
from coffers_monitor.rules import Fault, Level, Notice
from coffers_monitor.rules.config import KeyPath, Table, table_faults

__all__ = ["Channel", "read_channels"]

_KEYS: Final = ("apprise", "webhook", "secret", "name", "level")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_LEVELS: Final = {"warn": Level.WARN, "critical": Level.CRITICAL}


@attrs.frozen(kw_only=True)
class Channel:
    """A way to somebody.

    Attributes:
        name: what it is called on the command line and in the outbox; unique.
        kind: which program speaks to it.
        address: a reference to its Apprise url; of a webhook its url, or a reference to it.
        secret: of a webhook the reference to the key its messages are signed with.
        level: the least level it wants to hear of.
    """

    name: str
    kind: Literal["apprise", "webhook"]
    address: str
    secret: str | None = None
    level: Level = Level.WARN

    def wants(self, notice: Notice) -> bool:
        """Whether `notice` is for it: what is bad enough, and the end of what was."""
        return max(notice.level, notice.before) >= self.level


def read_channels(
    value: object, *, accounts: Collection[str] | None = None
) -> tuple[tuple[Channel, ...], tuple[Fault, ...]]:
    """The channels of a config, or what is wrong with it: one of the two is empty.

    Args:
        value: what stands under ``monitor.notify``.
        accounts: not asked: every channel hears of every account.
    """
    del accounts
    if not isinstance(value, list):
        return (), (Fault((), "must be a list of tables; write [[monitor.notify]] above the keys of each"),)
    tables = cast("list[object]", value)
    faults: list[Fault] = []
    channels: list[Channel] = []
    for number, table in enumerate(tables):
        found = list(_faults((number,), table))
        faults += found
        if not found:
            channel = _channel(cast("Table", table), [channel.name for channel in channels])
            if any(channel.name == other.name for other in channels):
                faults.append(Fault((number, "name"), "is the name of another channel"))
            channels.append(channel)
    return ((), tuple(faults)) if faults else (tuple(channels), ())


def _faults(path: KeyPath, value: object) -> Iterable[Fault]:
    yield from table_faults(path, value, _KEYS, "a channel")
    if not isinstance(value, dict):
        return
    table = cast("Table", value)
    if ("apprise" in table) == ("webhook" in table):
        yield Fault(path, "needs either apprise or webhook")
    if "apprise" in table and (fault := _secret_fault(table["apprise"])):
        yield Fault((*path, "apprise"), fault)
    if "webhook" in table:
        if fault := _webhook_fault(table["webhook"]):
            yield Fault((*path, "webhook"), fault)
        if "secret" not in table:
            yield Fault((*path, "secret"), f"is missing; a webhook is signed: write a reference: {REFERENCE_FORMS}")
    if "secret" in table:
        if "webhook" not in table:
            yield Fault((*path, "secret"), "is of a webhook alone; the url of Apprise holds its own")
        elif fault := _secret_fault(table["secret"]):
            yield Fault((*path, "secret"), fault)
    name = table.get("name", "x")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        yield Fault((*path, "name"), "must be letters, digits, _ and -, and begin with a letter or digit")
    if table.get("level", "warn") not in _LEVELS:
        yield Fault((*path, "level"), f"must be one of {', '.join(_LEVELS)}")


def _secret_fault(value: object) -> str | None:
    if not (isinstance(value, str) and is_reference(value)):
        return f"is a secret and must not stand here; write a reference to it: {REFERENCE_FORMS}"
    return reference_fault(value)


def _webhook_fault(value: object) -> str | None:
    if not isinstance(value, str) or not value:
        return "must be an address in quotes, or a reference to one"
    if is_reference(value):
        return reference_fault(value)
    try:
        origin_of(value)
    except ValueError as error:
        return str(error)
    return None


def _channel(table: Table, taken: list[str]) -> Channel:
    kind: Literal["apprise", "webhook"] = "apprise" if "apprise" in table else "webhook"
    name = cast("str", table.get("name", kind))
    number = 1
    while "name" not in table and name in taken:
        number += 1
        name = f"{kind}-{number}"
    return Channel(
        name=name,
        kind=kind,
        address=cast("str", table[kind]),
        secret=cast("str | None", table.get("secret")),
        level=_LEVELS[cast("str", table.get("level", "warn"))],
    )
