"""Documented answers with a text of ours in every place where a text can stand, as a server does that echoes secrets.

Roof: pure functions over recorded cases.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import quote

import attrs

from coffers import Response

from .texts import Place, places_of, with_texts
from .vectors import Case, read_response

__all__ = ["Echo", "echoes"]

_STATUSES: Final = (200, 400, 401, 403, 500)
#: Headers whose values programs like to quote.
_QUOTED: Final = ("X-Request-Id", "Retry-After", "WWW-Authenticate", "Date", "Content-Type")


@attrs.frozen
class Echo:
    """One such answer.

    Attributes:
        step: the step it answers.
        where: what was replaced, in words.
        response: the answer; None sends back what was asked.
    """

    step: str
    where: str
    response: Response | None = attrs.field(default=None, repr=False)


def echoes(cases: Iterable[Case], text: str, every: str) -> Iterator[Echo]:
    """Every such answer, each once.

    Args:
        cases: what the provider documents.
        text: goes to all places at once.
        every: likewise, and to each place in turn.
    """
    seen: set[tuple[str, int, bytes]] = set()
    for case in cases:
        step = str(case.json("query.json").get("step", "balances"))
        for where, response in _of_one(read_response(case.files["response.http"]), text, every):
            if (step, response.status, response.body) not in seen:
                seen.add((step, response.status, response.body))
                yield Echo(step, f"{where} of {case.name}", response)
    for status in _STATUSES:
        yield Echo("", f"a page with HTTP {status}", Response(status, (), f"<html><p>{every}</p></html>".encode()))
        headers = tuple((name, quote(text) if name == "Date" else text) for name in _QUOTED if text.isascii())
        yield Echo("", f"the headers with HTTP {status}", Response(status, headers, b"{}"))
    moved = (("Location", f"https://{quote(text, safe='')}.example/?key={quote(text)}"),)
    yield Echo("", "the place of a redirect", Response(302, moved))
    yield Echo("", "everything: what was asked comes back")


def _of_one(documented: Response, text: str, every: str) -> Iterator[tuple[str, Response]]:
    body = documented.body.decode("utf-8", "replace")
    places = places_of(body)
    values = [place for place in places if place.kind != "name"]
    texts = [place for place in places if place.kind in ("text", "word")]

    def changed(where: Iterable[Place], new: str, *, ascii_only: bool = True, status: int = 0) -> Response:
        content = with_texts(body, where, lambda _: new, ascii_only=ascii_only).encode()
        return attrs.evolve(documented, status=status or documented.status, body=content)

    for new in (text, every):
        for ascii_only in (True, False):
            yield "every text", changed(texts, new, ascii_only=ascii_only)
            yield "every value", changed(values, new, ascii_only=ascii_only)
        yield "everything", changed(places, new)
    for status in _STATUSES:
        yield f"every text, with HTTP {status},", changed(texts, every, status=status)
    for place in places:
        yield f"the {place.kind} {(place.name or place.text)!r}", changed([place], every)
