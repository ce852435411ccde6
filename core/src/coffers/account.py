"""An account and the outcome of reading it: what goes into a client and what comes out.

Floor 2. An `Account` holds what a config table holds: references, not secrets. It pickles, hashes and compares.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

import attrs

from .errors import CoffersError, ConfigError
from .models import Snapshot
from .provider import RESERVED_KEYS, check_base_url
from .secret import Secret

__all__ = ["ACCOUNT_NAME", "Account", "FieldValue", "Outcome"]

#: Account names become labels of metrics and arguments of commands.
ACCOUNT_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")

#: A config value: a text (literal or reference), a number, a switch, or a secret given in code.
FieldValue = str | int | bool | Secret


def _to_fields(value: Mapping[str, FieldValue]) -> tuple[tuple[str, FieldValue], ...]:
    # A union with pairs would keep mypy from typing a literal with a secret and a text in it. Pairs do at run time.
    return tuple(sorted(dict(value).items(), key=lambda item: item[0]))


def _to_base_url(value: str | None) -> str | None:
    if value is None:
        return None
    try:
        return check_base_url(value)
    except ValueError as error:
        raise ConfigError(f"base_url {error}", field="base_url") from None


@attrs.frozen
class Account:
    """One account at one provider.

    Args:
        name: letters, digits and ``_ . -``, not beginning with one of these three.
        provider: the provider's id.
        fields: the provider's own config keys, a mapping; kept as pairs. A secret is a reference (``env:NAME``,
            ``file:PATH``, ``keyring:SERVICE/USER``, ``cmd:PROGRAM ARGS``) or a `Secret`; other texts may be references
            too.
        base_url: replaces scheme and host of every address of the provider; https unless loopback.
        ca_file: a PEM file of the certificate authorities to trust instead of the system's.
        timeout_s: seconds one read of this account may take; None takes the client's.
        folder: what a relative ``file:`` is relative to; None is the working directory.

    Raises:
        ConfigError: a part is wrong.
    """

    name: str
    provider: str
    fields: tuple[tuple[str, FieldValue], ...] = attrs.field(default=(), converter=_to_fields)
    base_url: str | None = attrs.field(default=None, kw_only=True, converter=_to_base_url)
    ca_file: Path | None = attrs.field(default=None, kw_only=True, converter=attrs.converters.optional(Path))
    timeout_s: float | None = attrs.field(default=None, kw_only=True)
    folder: Path | None = attrs.field(default=None, kw_only=True, converter=attrs.converters.optional(Path))

    def __attrs_post_init__(self) -> None:
        if not ACCOUNT_NAME.fullmatch(self.name):
            raise ConfigError("an account name is letters, digits and _ . - and begins with a letter or digit")
        if self.timeout_s is not None and not 0 < self.timeout_s <= 3600:
            raise ConfigError("timeout must be above 0 and at most 3600 seconds", field="timeout")
        for key, _ in self.fields:
            if key in RESERVED_KEYS:
                raise ConfigError(f"{key!r} is not a field of a provider", field=key)


@attrs.frozen
class Outcome:
    """What became of one account in `read_many`: a snapshot or an error, never both.

    Attributes:
        account: the account that was read.
        fetched_at: when the read ended, by our clock (aware, UTC).
        elapsed_s: seconds from the start of the read to its end.
        snapshot: what was found, or None.
        error: why nothing was found, or None.
        attempts: how many requests the read made, repeated ones too; None where it is not known: the read was given
            up, or was made in another process.
    """

    account: Account
    fetched_at: datetime
    elapsed_s: float = attrs.field(eq=False)
    snapshot: Snapshot | None = None
    error: CoffersError | None = None
    attempts: int | None = attrs.field(default=None, eq=False)

    def unwrap(self) -> Snapshot:
        """The snapshot.

        Raises:
            CoffersError: the read failed.
        """
        if self.error is not None:
            raise self.error
        assert self.snapshot is not None  # one of the two is there, see below
        return self.snapshot

    def __attrs_post_init__(self) -> None:
        if (self.snapshot is None) == (self.error is None):
            raise ValueError("an outcome is a snapshot or an error")
