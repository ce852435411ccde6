"""The provider's own time: the instant it named, or none. Roof."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, Final

import attrs

from coffers.plugin import Response
from coffers.testing.answers import path_of
from coffers.testing.checking import check
from coffers.testing.probes import Reader, readers, report
from coffers.testing.subject import Subject

_HOUR: Final = timedelta(hours=1)
#: What stands where a time is due and is none.
_NO_TIME: Final[tuple[Any, ...]] = (None, "", False, [], {})
#: Digits of a count of seconds, milliseconds, microseconds, nanoseconds.
_EPOCH: Final = re.compile(r"(?<![\w.])(?:[0-9]{10}|[0-9]{13}|[0-9]{16}|[0-9]{19})(?!\w)")
_CLOCK: Final = re.compile(r"(?<![0-9:+-])([01][0-9]|2[0-3])(?=:[0-5][0-9])")
_OFFSET: Final = re.compile(r"(?<=[0-9])(?:Z|[+-][01][0-9]:?[0-5][0-9])(?=$|[^0-9])")


@check("exactness")
def times_are_aware_and_exact(subject: Subject) -> None:
    """`as_of` is the instant that the answer names, with its zone: make it with `datetime.fromisoformat`, or
    `datetime.fromtimestamp(seconds, UTC)`. Never drop the zone or put another in its place (`replace(tzinfo=UTC)`).
    Where the answer names no time, `as_of` is None: never 1970, never another time.
    """
    report(fault for reader in readers(subject) if reader.base.as_of for fault in _times(reader, reader.base.as_of))


def _times(reader: Reader, told: datetime) -> Iterator[str]:
    for name, text, put, gone in _sources(reader):
        shifts = list(_shifted(text))
        if not any(_as_of(reader, put(other)) != told for other, _, _ in shifts):
            continue
        where = f"{reader.case.name}: {name}"
        for other, by, what in shifts:
            found = _as_of(reader, put(other))
            if found not in (None, told + by):
                yield (
                    f"{where}: with {what} as_of is {found - told} later"
                    if found != told
                    else (f"{where}: with {what} as_of stays the same; the time zone is lost")
                )
        for what, response in gone:
            found = _as_of(reader, response)
            if found not in (None, told):
                yield f"{where} {what}: as_of is {found}, a time that nobody named"
            elif found == told:
                yield f"{where} {what}: as_of stays as if it were there"


def _as_of(reader: Reader, response: Response) -> datetime | None:
    snapshot = reader.read(response)
    return snapshot.as_of if snapshot else None


def _sources(reader: Reader) -> Iterator[tuple[str, str, Callable[[str], Response], list[tuple[str, Response]]]]:
    """Every text, number and header: its name, what it says, how it is replaced, and answers without it."""
    answer = reader.answer
    for node in answer.nodes:
        if node.kind not in ("text", "number"):
            continue
        start, end = node.inside
        gone = [
            (f"replaced by {json.dumps(value)}", _swapped(reader, node.start, node.end, json.dumps(value)))
            for value in _NO_TIME
        ]
        if node.key:
            gone.insert(0, ("left out", answer.edited(answer.without(node))))
        yield path_of(node), answer.text[start:end], _putter(reader, start, end), [] if node.plain else gone
    for index, (name, value) in enumerate(answer.response.headers):
        put = _header(answer.response, index, name)
        headers = answer.response.headers
        gone = [("left out", attrs.evolve(answer.response, headers=headers[:index] + headers[index + 1 :]))]
        yield f"the header {name}", value, put, [*gone, ("emptied", put(""))]


def _swapped(reader: Reader, start: int, end: int, text: str) -> Response:
    return reader.answer.edited((start, end, text))


def _putter(reader: Reader, start: int, end: int) -> Callable[[str], Response]:
    return lambda text: _swapped(reader, start, end, text)


def _header(response: Response, index: int, name: str) -> Callable[[str], Response]:
    headers = response.headers
    return lambda text: attrs.evolve(response, headers=(*headers[:index], (name, text), *headers[index + 1 :]))


def _shifted(text: str) -> Iterator[tuple[str, timedelta, str]]:
    """The text with another time in it, how much later that is, and what was done."""
    for match in _EPOCH.finditer(text):
        later = str(int(match[0]) + 3600 * 10 ** (len(match[0]) - 10))
        yield text[: match.start()] + later + text[match.end() :], _HOUR, "an hour more"
    for match in _CLOCK.finditer(text):
        hour = int(match[0])
        step = -1 if hour in (11, 12, 23) else 1  # noon and midnight change their half of the day
        yield f"{text[: match.start()]}{hour + step:02}{text[match.end() :]}", step * _HOUR, f"{step:+} hour"
        offset = _OFFSET.search(text, match.end())
        if offset:
            zone = "+01:00" if offset[0] == "Z" else _east(offset[0])
            yield text[: offset.start()] + zone + text[offset.end() :], -_HOUR, f"the zone {zone}"


def _east(offset: str) -> str:
    """An offset one hour further east."""
    hours = int(offset[:3]) + 1
    return f"{'-' if hours < 0 else '+'}{abs(hours):02}{offset[3:]}"
