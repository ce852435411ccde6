"""What both calls share: the ``currency`` setting, and how symbols become rows."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final

import attrs

from coffers.plugin import BadResponseError, Balance, ConfigError, Snapshot

__all__ = ["Settings", "balance", "chosen", "wanted"]

#: Names of fields. Found where a symbol is due, the answer has a form that nobody documented.
_NOT_SYMBOLS: Final = frozenset(
    {"amount", "available", "balance", "code", "currency", "data", "error", "message", "pending", "result", "status"}
    | {"symbol", "total"}
)


def _is_symbol(_: Any, attribute: attrs.Attribute[str | None], value: str | None) -> None:
    # What no balance can be named would match none: an account full of money would look empty.
    if value and not re.fullmatch("[A-Z0-9._-]{1,32}", value.upper()):
        raise ConfigError("must be a symbol such as USDT", field=attribute.name)


@attrs.frozen
class Settings:
    """The settings of either call."""

    currency: str | None = attrs.field(
        default=None,
        validator=_is_symbol,
        metadata={"help": "a symbol, such as USDT, to read that balance alone"},
    )


def wanted(settings: Settings) -> str | None:
    """The symbol asked for, in upper case; None for all."""
    return settings.currency.upper() if settings.currency else None


def balance(
    symbol: str, *, total: Decimal | None = None, available: Decimal | None = None, pending: Decimal | None = None
) -> Balance:
    """One row; the symbol as sent is kept in `details`.

    Raises:
        BadResponseError: the symbol is the name of a field, or none of the amounts is known.
    """
    if symbol.lower() in _NOT_SYMBOLS:
        raise BadResponseError(f"$.data: {symbol.lower()!r} stands where a symbol is due", field="$.data")
    return Balance(symbol, total=total, available=available, pending=pending, unit="asset", details={"asset": symbol})


def chosen(rows: Iterable[Balance], settings: Settings) -> Snapshot:
    """All rows, or those of the symbol asked for: none where it is absent, for that is not the same as zero.

    A symbol told twice stays two rows; nothing is merged or summed.
    """
    symbol = wanted(settings)
    return Snapshot([row for row in rows if symbol is None or row.currency == symbol])
