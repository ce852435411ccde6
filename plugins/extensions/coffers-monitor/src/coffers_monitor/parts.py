"""The whole table ``[monitor]``: what judges each room's part of it, and what all of them came to.

The only place where the parts stand side by side; every command checks the table with all of them, so that all faults
of a file come out at once.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

import attrs

from coffers import origin_of

from .config import Fault, Part, Settings
from .notify.channels import Channel, read_channels
from .rules import Rule, read_rules
from .store import Keep, read_database, read_keep

__all__ = ["PARTS", "Parts", "read_page"]


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
