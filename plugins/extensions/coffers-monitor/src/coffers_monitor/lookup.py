"""What a reference stands for, by the same rules as an account's: with the core's own checks of files and commands."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import attrs

from coffers import Account, ConfigError, Provider, Resolver, Secret

__all__ = ["look_up"]


@attrs.frozen
class _Whole:
    value: Secret


#: The core looks up references for providers alone. This one is asked nothing; it lends the lookup its shape.
_SHAPE: Final[Provider[Any, _Whole]] = Provider(
    id="reference",
    title="a reference of the monitor",
    docs="https://localhost",
    base_urls={"api": "https://localhost"},
    credentials=(_Whole,),
)


def look_up(reference: str, folder: Path | None = None) -> Secret:
    """The value itself, looked up anew.

    Args:
        reference: ``env:NAME``, ``file:PATH``, ``keyring:SERVICE/USER`` or ``cmd:PROGRAM ARGS``.
        folder: what a relative file is relative to; None is the working directory.

    Raises:
        ConfigError: it is no reference, or leads nowhere; says what to do, and never the value.
    """
    try:
        found = Resolver().resolve(Account("reference", "reference", {"value": reference}, folder=folder), _SHAPE)
    except ConfigError as error:
        reason = error.message.removeprefix("value: ")
    else:
        whole: _Whole = found.credentials
        return whole.value
    raise ConfigError(reason)
