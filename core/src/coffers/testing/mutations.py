"""Mutations: a documented answer with each of its parts in turn left out or replaced by junk, with accidents at
random, or grown large.

Roof: pure functions. A provider's `parse` must refuse each mutant, or read it without inventing an amount.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Sequence
from decimal import Decimal
from random import Random
from typing import Any, Final, cast

__all__ = ["CONTENT_TYPES", "JUNK", "STATUSES", "enlarged", "mutants", "mutated", "structural_mutants"]

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


def structural_mutants(body: bytes) -> Iterator[bytes]:
    """`mutants` of a body that is JSON; of any other none. Numbers keep their digits."""
    try:
        value: Any = json.loads(body, parse_float=Decimal)
    except (ValueError, RecursionError):
        return
    yield from (_dumped(mutant).encode("utf-8", "surrogatepass") for mutant in mutants(value))


# --- at random -----------------------------------------------------------------------------------------------------

#: What may stand in an answer by accident; no number and no currency, for those would be amounts and currencies.
_SCRAPS: Final = (
    b"",
    b" ",
    b"\n",
    b"\x00",
    b"\xff",
    b"\xef\xbb\xbf",
    b'"',
    b"'",
    b",",
    b":",
    b".",
    b"-",
    b"{",
    b"}",
    b"[",
)
_MORE_SCRAPS: Final = (
    b"]",
    b"null",
    b"NaN",
    b"-Infinity",
    b"\\u",
    b"\\ud800",
    b"<html>",
    b"e",
    b"%",
    b"&",
    b"\xd0\xb3",
)
_ENCODINGS: Final = ("utf-16", "utf-16-le", "utf-32", "latin-1", "utf-8-sig", "utf-7")
#: Chosen more often where they stand more often.
STATUSES: Final = (*(200,) * 8, 201, 202, 204, 206, 302, 400, 401, 403, 404, 418, 429, 500, 502, 503, 599)
CONTENT_TYPES: Final = (
    *("application/json", "application/json; charset=utf-16", "text/html", "text/plain; charset=koi8-r"),
    *("application/octet-stream", "multipart/form-data", "", "application/json; charset=none-such"),
)


def mutated(body: bytes, others: Sequence[bytes], random: Random) -> bytes:
    """A documented body with one to four accidents: within its JSON, or to its bytes.

    Args:
        body: the body.
        others: other documented bodies, one of which may be cut in.
        random: makes the choices.
    """
    for _ in range(random.randint(1, 4)):
        body = random.choice((_in_json, _in_json, _in_bytes, _spliced, _encoded))(body, others, random)
    return body


def _in_json(body: bytes, others: Sequence[bytes], random: Random) -> bytes:
    """One part of it left out, repeated, turned round, or replaced by junk or by another part."""
    try:
        value: Any = json.loads(body, parse_float=Decimal)
    except (ValueError, RecursionError):
        return _in_bytes(body, others, random)
    holder: dict[str, Any] = {"": value}
    inner, place = random.choice(list(_slots(holder, "")))
    match random.randrange(6):
        case 0 if inner is not holder:
            del inner[place]
        case 1 if isinstance(inner, list):
            _list(inner).append(copy.deepcopy(_list(inner)[place]))
        case 2 if isinstance(inner[place], list):
            inner[place].reverse()
        case 3:
            other, there = random.choice(list(_slots(holder, "")))
            inner[place] = copy.deepcopy(other[there])
        case 4 if isinstance(inner, dict):
            inner[random.choice(("", "x", place.upper(), f"{place}_"))] = inner[place]
            if inner is not holder:
                del inner[place]
        case _:
            inner[place] = copy.deepcopy(random.choice(JUNK))
    return _dumped(holder[""]).encode("utf-8", "surrogatepass")


def _slots(holder: Any, place: Any) -> Iterator[tuple[Any, Any]]:
    """Every place of a value, with what it is in."""
    yield holder, place
    for inner in _places(holder[place]):
        yield from _slots(holder[place], inner)


def _dumped(value: Any) -> str:
    """JSON, with the digits that decimals have."""
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(name)}: {_dumped(item)}" for name, item in _items(value)) + "}"
    return "[" + ", ".join(map(_dumped, _list(value))) + "]" if isinstance(value, list) else json.dumps(value)


def _items(value: Any) -> list[tuple[str, Any]]:
    return list(value.items())


def _list(value: Any) -> list[Any]:
    return cast("list[Any]", value)


def _in_bytes(body: bytes, others: Sequence[bytes], random: Random) -> bytes:
    """Cut short, a byte flipped, a stretch repeated or left out, a scrap put in."""
    start, end = sorted((random.randint(0, len(body)), random.randint(0, len(body))))
    match random.randrange(5):
        case 0:
            return body[:end]
        case 1 if start < len(body):
            return body[:start] + bytes([body[start] ^ 1 << random.randrange(8)]) + body[start + 1 :]
        case 2:
            return body[:end] + body[start:end] + body[end:]
        case 3:
            return body[:start] + body[end:]
        case _:
            return body[:start] + random.choice(_SCRAPS + _MORE_SCRAPS) + body[start:]


def _spliced(body: bytes, others: Sequence[bytes], random: Random) -> bytes:
    """The beginning of one and the end of another."""
    other = random.choice(others)
    return body[: random.randint(0, len(body))] + other[random.randint(0, len(other)) :]


def _encoded(body: bytes, others: Sequence[bytes], random: Random) -> bytes:
    """In another encoding."""
    return body.decode("utf-8", "replace").encode(random.choice(_ENCODINGS), "replace")


# --- as large as they get ------------------------------------------------------------------------------------------


def enlarged(body: bytes, size: int) -> Iterator[bytes]:
    """The body grown to about `size` bytes: each array and object of it in turn, or the text.

    Args:
        body: a documented body.
        size: in bytes.
    """
    try:
        value: Any = json.loads(body, parse_float=Decimal)
    except (ValueError, RecursionError):
        yield from (body * (size // (len(body) or 1)), b"a:" * (size // 2), body.strip() + b" a:1" * (size // 4))
        yield from (body + b"," * size, b"1" * size, body + b" " * size, b"\n" * size)
        return
    holder = {"": value}
    for inner, place in list(_slots(holder, "")):
        whole = inner[place]
        inner[place] = _GAP
        begin, end = _dumped(holder[""]).split(json.dumps(_GAP))
        yield from (f"{begin}{larger}{end}".encode() for larger in _larger(whole, size))
        inner[place] = whole
    yield from (b"[" * size, b'{"a":' * (size // 5), b'"' * size, b"1" * size, b"[1.1," * (size // 5), b" " * size)


#: Marks a place in a JSON text.
_GAP: Final = "a gap"


#: More items in one array or object are refused unread, so these many cost most.
_MOST_ITEMS: Final = 9_999


def _larger(value: Any, size: int) -> Iterator[str]:
    """JSON of at most about `size` bytes to stand where `value` stood: of right parts and of wrong ones."""
    if isinstance(value, list):
        for item in (*map(_dumped, _list(value)[:1]), "{}", "1"):
            items = ", ".join([item] * min(_MOST_ITEMS, size // (len(item) + 2)))
            yield from (f"[{items}]", f"[{items}, null]")
        yield f"[{', '.join(['1'] * (size // 3))}]"
    elif isinstance(value, dict):
        for item in (*(_dumped(item) for _, item in _items(value)[:1]), '"1"', "{}"):
            count = min(_MOST_ITEMS, size // (len(item) + 10)) - len(_items(value))
            more = ", ".join(f'"A{number}": {item}' for number in range(count))
            yield f"{_dumped(value)[:-1]}{', ' if value else ''}{more}}}"
    elif isinstance(value, str):
        yield from (json.dumps(text) for text in (value * (size // (len(value) or 1)), "1" * size, " " * size))
