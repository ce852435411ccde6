"""An answer taken apart: where each of its values stands, so that one can be changed and all other bytes stay.

Roof: pure functions over recorded answers. A JSON answer becomes a tree of nodes; any other is one text.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from typing import Any, Final, Literal

import attrs

from coffers.plugin import Response

__all__ = ["Answer", "Edit", "Node", "Place", "path_of", "shape_of"]

#: From, to, and the text that stands there instead.
Edit = tuple[int, int, str]

_SPACE: Final = re.compile(r"[\ufeff \t\r\n]*")
#: A number as it may stand in a text, separators included; and without commas, which may separate two of them.
_WIDE: Final = re.compile(r"-?[0-9]+(?:[.,][0-9]+)*(?:[eE][+-]?[0-9]+)?")
_NARROW: Final = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
#: An object with more members is taken for a map: its members are alike, as the items of an array are.
_MANY_MEMBERS: Final = 20
_DECODER: Final = json.JSONDecoder()


@attrs.frozen
class Node:
    """A value of the answer.

    Attributes:
        path: keys and indexes from the root.
        kind: what it is; a `word` is ``true``, ``false`` or ``null``.
        start: where it begins in the text.
        end: where it ends.
        items: what lies directly in it.
        key: from where to where its own key stands, quotes included, if it is a member of an object.
        plain: whether it is the whole of an answer that is no JSON.
    """

    path: tuple[str | int, ...]
    kind: Literal["object", "array", "text", "number", "word"]
    start: int
    end: int
    items: tuple[Node, ...] = ()
    key: tuple[int, int] | None = None
    plain: bool = False

    def __iter__(self) -> Iterator[Node]:
        """Itself and everything in it."""
        yield self
        for item in self.items:
            yield from item

    @property
    def inside(self) -> tuple[int, int]:
        """From where to where its own characters stand, without quotes."""
        quotes = 1 if self.kind == "text" and not self.plain else 0
        return self.start + quotes, self.end - quotes

    @property
    def begin(self) -> int:
        """Where it begins, its key included."""
        return self.key[0] if self.key else self.start


@attrs.frozen
class Place:
    """A number, a word, a whole value or a key: something in the answer that can be swapped.

    Attributes:
        node: the value it is or stands in.
        start: where it begins in the text.
        end: where it ends.
        text: what stands there.
    """

    node: Node
    start: int
    end: int
    text: str

    @property
    def is_whole(self) -> bool:
        """Whether it is all of its node."""
        return (self.start, self.end) == self.node.inside

    def __str__(self) -> str:
        path = path_of(self.node)
        if (self.start, self.end) == self.node.key:
            return f"the key {self.text!r} at {path}"
        return path if self.is_whole and not self.node.plain else f"{self.text!r} in {path}"


@attrs.frozen(slots=False)
class Answer:
    """A recorded response.

    Args:
        response: as recorded.
    """

    response: Response

    @cached_property
    def _encoding(self) -> str:
        try:
            self.response.body.decode()
        except UnicodeDecodeError:
            return "latin-1"
        return "utf-8"

    @cached_property
    def text(self) -> str:
        """The body, with a byte-order mark if it has one."""
        return self.response.body.decode(self._encoding)

    @cached_property
    def root(self) -> Node:
        """The whole of it."""
        try:
            json.loads(self.text.lstrip("\ufeff"))
        except (ValueError, RecursionError):
            return Node((), "text", 0, len(self.text), plain=True)
        return _scan(self.text, 0, (), None)

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """Every value; of many alike that lie side by side, the first three."""
        return tuple(_few(self.root))

    def whole(self, node: Node) -> Place:
        """All of a text or a number."""
        start, end = node.inside
        return Place(node, start, end, self.text[start:end])

    def numbers(self, node: Node, *, wide: bool) -> Iterator[Place]:
        """The numbers in a text or number; `wide` takes commas for a part of them."""
        if node.kind in ("text", "number"):
            for match in (_WIDE if wide else _NARROW).finditer(self.text, *node.inside):
                yield Place(node, match.start(), match.end(), match[0])

    def parent(self, node: Node) -> Node | None:
        """What it lies directly in."""
        if not node.path:
            return None
        found = self.root
        for step in node.path[:-1]:
            found = next(item for item in found.items if item.path[-1] == step)
        return found

    def without(self, node: Node) -> Edit:
        """Leaves a member or an item out, with its comma. The root becomes nothing."""
        parent = self.parent(node)
        if parent is None:
            return (node.start, node.end, "")
        index = parent.items.index(node)
        if index + 1 < len(parent.items):
            return (node.begin, parent.items[index + 1].begin, "")
        return (parent.items[index - 1].end if index else node.begin, node.end, "")

    def raw(self, node: Node) -> str:
        """The characters of a value."""
        return self.text[node.start : node.end]

    def edited(self, *edits: Edit) -> Response:
        """The response with some of its text replaced."""
        text = self.text
        for start, end, new in sorted(edits, reverse=True):
            text = text[:start] + new + text[end:]
        return attrs.evolve(self.response, body=text.encode(self._encoding, "surrogatepass"))


def path_of(node: Node) -> str:
    """How people write where a value is: ``$.data[0].amount``."""
    if node.plain:
        return "the text"
    return "$" + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in node.path)


def shape_of(node: Node) -> Any:
    """What a value looks like whatever it says: keys, kinds, and the different shapes of an array's items."""
    if node.kind == "object":
        return ("object", *((item.path[-1], shape_of(item)) for item in node.items))
    if node.kind == "array":
        return ("array", frozenset(shape_of(item) for item in node.items))
    return node.kind


def _few(node: Node) -> Iterator[Node]:
    yield node
    seen: Counter[Any] = Counter()
    alike = node.kind == "array" or len(node.items) > _MANY_MEMBERS
    for item in node.items:
        shape = shape_of(item) if alike else item.path
        seen[shape] += 1
        if seen[shape] <= 3:
            yield from _few(item)


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _scan(text: str, at: int, path: tuple[str | int, ...], key: tuple[int, int] | None) -> Node:
    """The value at or behind `at`; the text is known to be JSON."""
    start = _skip(text, at)
    first = text[start]
    if first not in "{[":
        _, end = _DECODER.raw_decode(text, start)
        kind: Any = "text" if first == '"' else "number" if first in "-0123456789" else "word"
        return Node(path, kind, start, end, key=key)
    items: list[Node] = []
    at = _skip(text, start + 1)
    while text[at] not in "}]":
        if first == "{":
            name, end = _DECODER.raw_decode(text, at)
            item = _scan(text, _skip(text, end) + 1, (*path, name), (at, end))
        else:
            item = _scan(text, at, (*path, len(items)), None)
        items.append(item)
        at = _skip(text, item.end)
        if text[at] == ",":
            at = _skip(text, at + 1)
    return Node(path, "object" if first == "{" else "array", start, at + 1, tuple(items), key)
