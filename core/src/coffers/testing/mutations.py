"""Mutations: a documented answer with each of its parts in turn left out or replaced by junk.

Roof: a pure function. A provider's `parse` must refuse each mutant, or read it without inventing an amount.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import Any, Final

__all__ = ["JUNK", "mutants"]

#: What stands where something else is due: the empty and the nearly right. No plain number: that would be an amount.
JUNK: Final[Sequence[Any]] = (
    *(None, {}, [], "", "x", "None", "1,000.00", "1 000"),
    *(False, True, [None], [[]], {"amount": None}),
)


def mutants(value: Any, junk: Sequence[Any] = JUNK) -> Iterator[Any]:
    """Every mutant of a JSON value, the value itself replaced included.

    Args:
        value: objects, arrays, texts, numbers, true, false, null.
        junk: what parts are replaced by.
    """
    yield from copy.deepcopy(list(junk))
    for place in _places(value):
        shorter = copy.deepcopy(value)
        del shorter[place]
        yield shorter
        for part in mutants(value[place], junk):
            changed = copy.deepcopy(value)
            changed[place] = part
            yield changed


def _places(value: object) -> list[Any]:
    if isinstance(value, dict):
        return list(value)  # pyright: ignore[reportUnknownArgumentType]  any JSON object
    return list(range(len(value))) if isinstance(value, list) else []  # pyright: ignore[reportUnknownArgumentType]  any
