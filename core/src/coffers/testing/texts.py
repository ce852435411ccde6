"""The places of an answer where a text can stand, found in its bytes: names, texts, numbers; of JSON, or of any text.

Roof; standard library only. Nothing is parsed and written again, so every other byte stays as the provider sent it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from typing import Final, Literal

import attrs

__all__ = ["Place", "places_of", "with_texts"]

#: A text, a number or a word of JSON; and the colon that makes a text a name.
_JSON: Final = re.compile(r'"((?:[^"\\]|\\.)*)"(\s*:)?|(-?[0-9][0-9.eE+-]*|true|false|null)')
#: Everywhere else: what stands between separators.
_WORD: Final = re.compile(r"""[^\s:;,=<>"'&|]+""")


@attrs.frozen
class Place:
    """Where a text can stand.

    Attributes:
        start: its first character.
        end: behind its last character; quotes included.
        kind: ``name`` and ``text`` of JSON, ``literal`` for its numbers and words, ``word`` of what is no JSON.
        text: what stands there.
        name: the JSON name that it is the value of, as far as it stands right before; else empty.
    """

    start: int
    end: int
    kind: Literal["name", "text", "literal", "word"]
    text: str
    name: str = ""


def places_of(text: str) -> tuple[Place, ...]:
    """Every place of an answer's text, in order."""
    try:
        json.loads(text)
    except ValueError:
        return tuple(Place(*found.span(), "word", found[0]) for found in _WORD.finditer(text))
    places: list[Place] = []
    name = ""
    for found in _JSON.finditer(text):
        if found[3] is not None:
            places.append(Place(*found.span(3), "literal", found[3], name))
        elif found[2] is not None:
            name = str(json.loads(f'"{found[1]}"', strict=False))
            places.append(Place(found.start(), found.start(2), "name", name))
        else:
            places.append(Place(*found.span(), "text", str(json.loads(f'"{found[1]}"', strict=False)), name))
    return tuple(places)


def with_texts(text: str, places: Iterable[Place], new: Callable[[Place], str], *, ascii_only: bool = True) -> str:
    """`text` with something else in these places.

    Args:
        text: the answer.
        places: of this very text, in order.
        new: what goes to a place, unescaped.
        ascii_only: whether JSON is written with ``\\u``.
    """
    parts: list[str] = []
    end = 0
    for place in places:
        replacement = new(place)
        if place.kind != "word":
            replacement = json.dumps(replacement, ensure_ascii=ascii_only)
        parts += [text[end : place.start], replacement]
        end = place.end
    return "".join([*parts, text[end:]])
