"""The whole table ``[monitor]``: what judges each room's part of it, and what all of them came to.

The only place where the parts stand side by side; every command checks the table with all of them, so that all faults
of a file come out at once.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Final

import attrs

from coffers import InvalidConfigError, origin_of

from .config import TABLE, Fault, Part, Settings, read_settings
from .notify.channels import Channel, read_channels
from .rules import Rule, read_rules
from .store import Address, Keep, default_address, read_database, read_keep, resolved

__all__ = ["PARTS", "Parts", "read_page", "read_parts"]


def read_page(value: Any, *, accounts: Collection[str] = ()) -> tuple[str | None, tuple[Fault, ...]]:
    """The value of `page`: the address under which people reach the page, named in every message.

    Args:
        value: as tomllib reads it.
        accounts: not needed; every part of the table is asked alike.
    """
    if not isinstance(value, str):
        return None, (Fault((), 'must be an address in quotes, like "https://money.example.com/"'),)
    try:
        origin_of(value)
    except ValueError as error:  # in our words
        return None, (Fault((), str(error)),)
    return value, ()


#: What judges which key.
PARTS: Final[Mapping[str, Part]] = {
    "database": read_database,
    "keep": read_keep,
    "page": read_page,
    "rules": read_rules,
    "notify": read_channels,
}


@attrs.frozen(kw_only=True)
class Parts:
    """What the rooms made of their parts.

    Attributes:
        database: where reads are kept, for `coffers_monitor.store.resolved`; None is the usual file.
        keep: how long what is kept.
        page: the page's address for messages, or None.
        rules: what is worth knowing.
        channels: whom to tell.
    """

    database: str | None = None
    keep: Keep = attrs.field(factory=Keep)
    page: str | None = None
    rules: tuple[Rule, ...] = ()
    channels: tuple[Channel, ...] = ()

    @classmethod
    def of(cls, settings: Settings) -> Parts:
        """Those of settings that were read with `PARTS`."""
        made = dict(settings.parts)
        if "notify" in made:
            made["channels"] = made.pop("notify")
        return cls(**made)

    def address(self, folder: Path | None = None) -> Address:
        """Where reads are kept: the database that the config names, or the usual file.

        Args:
            folder: what a relative file is relative to; None is the working directory.

        Raises:
            StoreError: it is a reference that leads nowhere, or to no address.
        """
        return default_address() if self.database is None else resolved(self.database, folder)


def read_parts(whole: Mapping[str, Any], file: Path) -> Parts:
    """The parts of a config whose accounts nobody needs, so that no plugin is imported for it.

    Args:
        whole: the file, as tomllib reads it.
        file: its path, for messages.

    Raises:
        InvalidConfigError: the table has faults; all of them are in it.
    """
    known: Any = whole.get("accounts", {})
    names: list[str] = [*known] if isinstance(known, dict) else []  # pyright: ignore[reportUnknownArgumentType]  keys of TOML are texts
    settings, faults = read_settings(whole.get(TABLE, {}), accounts=names, parts=PARTS)
    if faults:
        problems = [f"{file}: {'.'.join(map(str, (TABLE, *fault.path)))}: {fault.text}" for fault in faults]
        raise InvalidConfigError(problems[0], problems=problems)
    return Parts.of(settings)
