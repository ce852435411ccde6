"""JSON pointers (RFC 6901): what is where in an answer, and errors that name the place.

``#`` is the whole value, the form that the RFC's empty pointer has in an address: a config takes no empty text.
Nothing here shows a value of the answer.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final, TypeVar

from jsonpointer import EndOfList, JsonPointer, JsonPointerException

from coffers.plugin import BadResponseError, structure

__all__ = ["NAME", "WHOLE", "due", "find", "is_pointer", "joined"]

T = TypeVar("T")

#: The pointer to the value itself.
WHOLE: Final = "#"
#: Not a place but the name of the member that a row is; so relative JSON pointers write it.
NAME: Final = "0#"


def is_pointer(text: str) -> bool:
    """Whether `text` is a JSON pointer."""
    try:
        _compiled(text)
    except JsonPointerException:
        return False
    return True


def find(value: Any, pointer: str) -> Any:
    """What is at `pointer` in `value`; None where nothing is, or null."""
    found = _compiled(pointer).resolve(value, None)
    return None if isinstance(found, EndOfList) else found


def due(value: Any, cls: type[T], place: str) -> T:
    """`value` as a `cls`, strictly.

    Args:
        value: what `find` answered.
        cls: a type as for `coffers.plugin.structure`.
        place: the pointer that led to it, for the error.

    Raises:
        BadResponseError: nothing is there, or something else; `field` is the place.
    """
    if value is None:
        raise BadResponseError(f"{place}: nothing is there, or null", field=place)
    try:
        return structure(value, cls)
    except BadResponseError as error:
        reason = error.message.partition(": ")[2]
    raise BadResponseError(f"{place}: {reason}", field=place)


def joined(*pointers: str) -> str:
    """One pointer made of several, each beginning where the one before it leads."""
    return "".join(pointer for pointer in pointers if pointer not in (WHOLE, NAME)) or WHOLE


@lru_cache(maxsize=256)
def _compiled(pointer: str) -> JsonPointer:
    return JsonPointer("" if pointer == WHOLE else pointer)
