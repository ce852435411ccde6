"""Nothing that was sent is left out: no row, no zero, no letter of a name; and no refusal is taken for nothing. Roof.

A recorded answer is read again with something else in it, as in the checks of amounts and rows.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

import attrs

from coffers import CoffersError, parse_guarded
from coffers.plugin import Response, Snapshot
from coffers.testing.answers import Answer, Place, path_of
from coffers.testing.checking import check
from coffers.testing.probes import Reader, Row, readers, report, rows_of
from coffers.testing.subject import Subject
from coffers.testing.vectors import Case, read_response

#: Amounts that somebody may think not worth a row; in minor units where no point is.
_SMALL: Final = {".": ("0.00", "-7.75", "0.00000001"), "": ("0", "-7", "1")}
#: A currency that nobody lists, and one that everybody does.
_UNLISTED: Final = ("ZZZ", "EUR")
#: A name that is spelt in one way only.
_NAME: Final = "Zz9kEpT4"
#: Codes that no list of refusals has.
_CODES: Final = {"number": ("98765", "987", "97"), "text": ('"NO_SUCH_CODE"', '"987"')}
_CODE: Final = re.compile(r"(?<![\w.])[0-9]{1,6}(?![\w.])")
#: What leads to a further page, and nothing else.
_NEXT: Final = re.compile(r"next(?:[_-]?(?:page|link|url|uri|cursor|token|page[_-]?token))?", re.IGNORECASE)
#: What is no answer at all.
_NO_ANSWER: Final = (b"\xff\xfe\xfa", b"<html><body>Welcome</body></html>", b"Welcome", b"{", b"[1, 2", b"\x00")


# --- rows ----------------------------------------------------------------------------------------------------------


@check("exactness")
def small_rows_are_kept(subject: Subject) -> None:
    """A row whose amount is 0, less than nothing or next to nothing is a row all the same: it says that the account has
    that currency, and how little of it is left. Never write `if row.amount`, and never leave dust out. A 0 that was
    sent is known: ask `is None`, never whether the amount is true.
    """
    report(fault for reader in readers(subject) for place in reader.numbers for fault in _small(reader, place))


def _small(reader: Reader, place: Place) -> Iterator[str]:
    distinct = reader.distinct(place)
    if distinct is None:
        return
    for number in _SMALL["." if "." in place.text else ""]:
        snapshot = reader.edited((place.start, place.end, number))
        if snapshot is None:
            continue
        found, where = rows_of(snapshot), f"{reader.case.name}: {place} replaced by {number}"
        if len(found) < len(distinct[1]):
            yield f"{where}: the row is left out"
        elif any(_forgotten(now, then) for now, then in zip(found, distinct[1], strict=False)):
            yield f"{where}: the amount is taken for unknown"


def _forgotten(now: Row, then: Row) -> bool:
    return any(one is None and two is not None for one, two in zip(now.amounts, then.amounts, strict=True))


@check("exactness")
def unlisted_currencies_are_kept(subject: Subject) -> None:
    """A provider adds a currency without telling anybody: its row must come out all the same, under its own code, or
    the answer be refused. Never pick the rows of currencies that you know, and never cut a code to three letters.
    """
    report(fault for reader in readers(subject) for fault in _unlisted(reader))


def _unlisted(reader: Reader) -> Iterator[str]:
    for place in _currencies(reader):
        for code in _UNLISTED:
            found = _renamed(reader, place, code)
            if found is not None and len(found) < len(reader.rows):
                yield f"{reader.case.name}: {place} replaced by {code}: the row is left out"
        found = _renamed(reader, place, "ZZZWXY")
        if found is not None and {"ZZZ", "ZZZW"} & {row.currency for row in found}:
            yield f"{reader.case.name}: {place} replaced by ZZZWXY: the currency's code is cut"


def _currencies(reader: Reader) -> Iterator[Place]:
    """Texts and keys that name the currency of a row; one that was asked for by its name may be the only one."""
    asked = reader.case.files.get("query.json", b"").decode().upper()
    codes = {row.currency for row in reader.rows if row.currency not in asked}
    for node in reader.answer.nodes:
        if node.key and str(node.path[-1]).upper() in codes:
            yield Place(node, *node.key, str(node.path[-1]))
        if node.kind == "text" and not node.plain:
            place = reader.answer.whole(node)
            if place.text.upper() in codes:
                yield place


def _renamed(reader: Reader, place: Place, code: str) -> tuple[Row, ...] | None:
    text = json.dumps(code) if reader.answer.text[place.start] == '"' else code
    snapshot = reader.edited((place.start, place.end, text))
    return None if snapshot is None else rows_of(snapshot)


@check("exactness")
def rows_of_a_text_are_never_merged(subject: Subject) -> None:
    """As `rows-are-never-merged`, for an answer that is no JSON: every row of the text is a balance of its own, also
    when another one has the same currency. Build a list; never a dict by currency, by wallet, by anything.
    """
    report(fault for reader in readers(subject) if reader.answer.root.plain for fault in _merged(reader))


def _merged(reader: Reader) -> Iterator[str]:
    """Repeats what lies between the amounts of two rows, with an amount of its own: a row more is due."""
    owned = list(_owned(reader))
    neighbours = [(one, two, number) for (one, row, _), (two, other, number) in pairwise(owned) if row != other]
    for one, two, number in neighbours:
        more = reader.answer.text[one.end : two.start] + number
        snapshot = reader.edited((one.end, one.end, more))
        if snapshot is not None and len(snapshot.balances) <= len(reader.rows):
            gone = Counter(reader.rows) - Counter(rows_of(snapshot))
            what = f"; {next(iter(gone))} is gone" if gone else ""
            yield f"{reader.case.name}: with {more!r} once more there is no row more{what}"


def _owned(reader: Reader) -> Iterator[tuple[Place, int, str]]:
    """Each number of which one row alone is made, that row, and another number to tell it by."""
    for place in reader.numbers:
        distinct = reader.distinct(place)
        changed = [index for index, row in enumerate(distinct[1]) if row != reader.rows[index]] if distinct else []
        if distinct and len(changed) == 1:
            yield place, changed[0], distinct[0][2]


@check("exactness")
def pages_keep_their_rows(subject: Subject) -> None:
    """A page has its own rows, and leads to the next one: answer `Snapshot(rows, next=...)`. Without the link to the
    next page there must not be more rows than with it.
    """
    report(fault for reader in readers(subject) if reader.base.next for fault in _pages(reader))


def _pages(reader: Reader) -> Iterator[str]:
    for node in reader.answer.nodes:
        if not node.key or node.plain or node.items:
            continue
        for edit in ((node.start, node.end, "null"), reader.answer.without(node)):
            snapshot = reader.edited(edit)
            if snapshot is not None and not snapshot.next and len(snapshot.balances) > len(reader.rows):
                yield f"{reader.case.name}: without {path_of(node)} there are rows that are forgotten with it"
                break


@check("exactness")
def further_pages_are_asked_for(subject: Subject) -> None:
    """Where an answer leads to a next page, so must the snapshot: `Snapshot(rows, next=[query.then(...)])`. What is on
    the other pages is missing else, and nobody sees that it is.
    """
    report(fault for reader in readers(subject) if reader.rows and not reader.base.next for fault in _ignored(reader))


def _ignored(reader: Reader) -> Iterator[str]:
    for node in reader.answer.nodes:
        start, end = node.inside
        if node.key and node.kind == "text" and end > start and _NEXT.fullmatch(str(node.path[-1])):
            yield f"{reader.case.name}: {path_of(node)} leads to a further page, and the snapshot has no next"


# --- names ---------------------------------------------------------------------------------------------------------


@check("exactness")
def names_are_kept(subject: Subject) -> None:
    """The network and the wallet of a row are the provider's own names, letter for letter: `tron` is not `TRON` to the
    one who looks it up. Pass them on as they are.
    """
    report(fault for reader in readers(subject) for fault in _names(reader))


def _names(reader: Reader) -> Iterator[str]:
    for place in _named(reader):
        snapshot = reader.edited((place.start, place.end, _NAME))
        for row in rows_of(snapshot) if snapshot else ():
            for what, text in (("network", row.network), ("wallet", row.wallet)):
                if text is not None and text != _NAME and text.casefold() == _NAME.casefold():
                    yield f"{reader.case.name}: {place}: {_NAME} is read as the {what} {text}"


def _named(reader: Reader) -> Iterator[Place]:
    """Texts; of an answer that is no JSON, what is a name of a row in any letter case."""
    answer = reader.answer
    for node in answer.nodes:
        if node.kind == "text" and not node.plain:
            yield answer.whole(node)
        for name in {name for row in reader.rows for name in (row.network, row.wallet) if name and node.plain}:
            for match in re.finditer(re.escape(name), answer.text, re.IGNORECASE):
                yield Place(node, *match.span(), match[0])


# --- refusals ------------------------------------------------------------------------------------------------------


@check("exactness")
def refusals_are_never_nothing(subject: Subject) -> None:
    """A refusal is an error, also one with a code that no list has and the documents do not name; and what is no answer
    at all is none. Let `refusal` make the error of every code. Never catch what reading raises and answer `Snapshot()`.
    """
    report(fault for case, kind in subject.errors if kind != "bad_response" for fault in _refusals(subject, case))
    report(fault for reader in readers(subject) if reader.rows for fault in _no_answers(reader))


def _refusals(subject: Subject, case: Case) -> Iterator[str]:
    answer = Answer(attrs.evolve(read_response(case.files["response.http"]), status=200))
    for node in answer.nodes:
        if node.plain:
            found = _CODE.finditer(answer.text)
            edits = [(*match.span(), code) for match in found for code in _CODES["number"]]
        else:
            edits = [(node.start, node.end, code) for code in _CODES.get(node.kind, ())]
        for edit in edits:
            if _is_nothing(subject, case, answer.edited(edit)):
                yield f"{case.name}: {path_of(node)} replaced by {edit[2]}: the refusal is read as no balances"


def _no_answers(reader: Reader) -> Iterator[str]:
    cut = reader.answer.response.body[: len(reader.answer.response.body) // 2]
    for body in (*_NO_ANSWER, cut):
        if _is_nothing(reader.subject, reader.case, Response(200, reader.answer.response.headers, body)):
            shown = json.dumps(body[:40].decode("utf-8", "replace"))
            yield f"{reader.case.name}: {shown} as the whole answer: read as no balances"


def _is_nothing(subject: Subject, case: Case, response: Response) -> bool:
    try:
        found = parse_guarded(subject.provider.parse, case.query(subject.provider.manifest), response)
    except CoffersError:
        return False
    return isinstance(found, Snapshot) and not found.balances and not found.next
