"""Values taken apart into tuples and texts, secrets revealed, so that two of them can be compared to the last digit.

Roof. For comparing only: the result is never shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import attrs

from coffers import Secret

__all__ = ["plain"]


def plain(value: Any) -> Any:
    """`value` as nested tuples: attrs classes by field, mappings by item, secrets revealed, decimals digit by digit."""
    if isinstance(value, Secret):
        return ("secret", value.reveal())
    if isinstance(value, Decimal):
        return ("decimal", str(value))  # 1.0 is not 1.00
    cls: Any = type(value)  # pyright: ignore[reportUnknownVariableType]  any class
    if attrs.has(cls):
        return (cls.__qualname__, *((field.name, plain(getattr(value, field.name))) for field in attrs.fields(cls)))
    if isinstance(value, Mapping):
        return tuple((name, plain(item)) for name, item in value.items())  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]  any mapping
    if isinstance(value, list | tuple):
        return tuple(plain(item) for item in value)  # pyright: ignore[reportUnknownVariableType]  any sequence
    return value
