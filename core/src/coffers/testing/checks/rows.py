"""Rows: each in its own currency, none merged with another, none taken for "no balances". Roof."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, Final

import attrs

from coffers.plugin import Query, Snapshot
from coffers.testing.answers import Answer, Edit, Node, Place, path_of
from coffers.testing.checking import check
from coffers.testing.probes import Reader, Row, is_named_by, readers, report, rows_of
from coffers.testing.subject import Subject
from coffers.testing.vectors import read_response

#: Other currencies; a plugin may refuse some.
_CURRENCIES: Final = ("ZZZ", "EUR", "BTC", "USD")
#: What stands where a currency is due and is none.
_NO_CURRENCY: Final[tuple[Any, ...]] = (None, "", " ", 7, False, True, [], {})
#: What stands where an array or an object is due.
_NOTHING: Final[tuple[Any, ...]] = ({}, "", None, [], 0, False)
#: What comes instead of a whole answer.
_NO_BODY: Final = ("", "\n", "null", "{}", "[]", '""', "0", "false")
_WORD: Final = re.compile(r"[A-Za-z][A-Za-z0-9]{1,11}")


# --- currencies ----------------------------------------------------------------------------------------------------


@check("exactness")
def currency_is_never_guessed(subject: Subject) -> None:
    """Where an answer names currencies, a missing, empty or wrong one is a fault of the answer: raise. Never put a
    usual one in its place (`.get("currency", "USD")`), never make a text of what is none (`str(None)`), never leave the
    row out. With `read_json`, `currency: str` sees to it.
    """
    report(fault for reader in readers(subject) for place in _texts(reader) for fault in _guesses(reader, place))


def _texts(reader: Reader) -> Iterator[Place]:
    """Texts and keys, and the words in them that name a currency of the answer."""
    answer = reader.answer
    for node in answer.nodes:
        if node.key:
            yield Place(node, *node.key, str(node.path[-1]))
        if node.kind != "text":
            continue
        if not node.plain:
            yield answer.whole(node)
        for match in _WORD.finditer(answer.text, *node.inside):
            place = Place(node, match.start(), match.end(), match[0])
            if match[0].upper() in {row.currency for row in reader.rows} and (node.plain or not place.is_whole):
                yield place


def _guesses(reader: Reader, place: Place) -> Iterator[str]:
    named = _renamed(reader, place)
    if named is None:
        return
    edits, rows = named
    for what, edit in _no_currency(reader, place):
        snapshot = reader.edited(*(other for other in edits if not _overlap(other, edit)), edit)
        if snapshot is None:
            continue
        found = rows_of(snapshot)
        where = f"{reader.case.name}: {place} {what}"
        other = Counter(row for row in found if row.currency != "7") - Counter(rows)  # 7 was sent, so it is no guess
        if other:
            yield f"{where}: a currency is guessed: {next(iter(other))}"
        elif len(found) < len(rows):
            yield f"{where}: a row is gone without a word: {next(iter(Counter(rows) - Counter(found)))}"


def _renamed(reader: Reader, place: Place) -> tuple[list[Edit], tuple[Row, ...]] | None:
    """A text, and all that say the same, replaced by another currency, and the rows then; None if no row is of it."""
    same = [other for other in _texts(reader) if other.text.upper() == place.text.upper()]
    for currency in _CURRENCIES:
        if currency == place.text.upper():
            continue
        for places in ([*same], [place]):
            edits = [(other.start, other.end, _like(reader, other, currency)) for other in places]
            snapshot = reader.edited(*edits)
            if snapshot is None or len(snapshot.balances) != len(reader.rows):
                continue
            rows = rows_of(snapshot)
            if any(row.currency != before.currency for row, before in zip(rows, reader.rows, strict=True)):
                return edits, rows
    return None


def _like(reader: Reader, place: Place, text: str) -> str:
    """`text` in quotes if what stands there is."""
    return json.dumps(text) if reader.answer.text[place.start] == '"' else text


def _overlap(one: Edit, two: Edit) -> bool:
    return one[0] < two[1] and two[0] < one[1]


def _no_currency(reader: Reader, place: Place) -> Iterator[tuple[str, Edit]]:
    node = place.node
    if (place.start, place.end) == node.key:
        yield "emptied", (place.start, place.end, '""')
    elif place.is_whole and not node.plain:
        if node.key:
            yield "left out", reader.answer.without(node)
        for value in _NO_CURRENCY:
            text = json.dumps(value)
            yield f"replaced by {text}", (node.start, node.end, text)
    else:
        yield "left out", (place.start, place.end, "")


# --- arrays --------------------------------------------------------------------------------------------------------


@check("exactness")
def rows_are_never_merged(subject: Subject) -> None:
    """Every row of the answer is a balance of its own, also when another one has the same currency: two networks, two
    wallets, twice the same. Build a list, row by row; never collect rows in a dict by currency, never add them up,
    never take the first or the last. An answer with more rows than there can be is an error. One that has a list for
    each figure (available, pending) gives a balance for each currency; what a list does not name is unknown there.
    """
    report(
        fault
        for reader in readers(subject)
        for node in reader.answer.nodes
        if node.kind == "array" and _holds_rows(reader, node)
        for fault in _merged(reader, node)
    )


def _holds_rows(reader: Reader, node: Node) -> bool:
    """Whether an array holds rows: alike objects or arrays, amounts in them. Others are columns, or rows themselves."""
    kinds = {item.kind for item in node.items}
    alike = kinds <= {"object"} or (kinds <= {"array"} and len({len(item.items) for item in node.items}) == 1)
    return bool(node.items) and alike and bool(reader.within(node))


def _merged(reader: Reader, node: Node) -> Iterator[str]:
    where = f"{reader.case.name}: {path_of(node)}"
    base = Counter(reader.rows)
    last = [item for item in node.items if reader.within(item)][-1]
    fewer = _counted(reader.edited(reader.answer.without(last)))
    made = base.total() - fewer.total() if fewer is not None else 0
    more = _more(reader, node, last)
    if more is not None:
        if base - more:
            yield (
                f"{where}: with one item more, {_first(base - more)} is gone and there is "
                f"{_first(more - base)}; rows are merged or overwritten"
            )
        elif more.total() < base.total() + max(made, 1):
            yield f"{where}: one item more gives no row more; a row is lost"
    turned = "[" + ", ".join(reader.answer.raw(item) for item in reversed(node.items)) + "]"
    backwards = _counted(reader.edited((node.start, node.end, turned)))
    if backwards is not None and backwards != base:
        new, old = _first(backwards - base), _first(base - backwards)
        yield f"{where}: in the opposite order there is {new} instead of {old}"
    others = Counter(row for row in fewer - base if not any(_is_part(row, whole) for whole in base)) if fewer else None
    if others:
        yield f"{where}: without {path_of(last)} there is {_first(others)}; rows are made of several items"


def _is_part(row: Row, whole: Row) -> bool:
    """Whether nothing but figures of `whole` are left: the answer has a list for each figure, one of them shorter."""
    figures = zip(row.amounts, whole.amounts, strict=True)
    return row[:3] == whole[:3] and all(figure in (None, told) for figure, told in figures)


def _more(reader: Reader, node: Node, last: Node) -> Counter[Row] | None:
    """The rows when an item is there once more, with other amounts; None where that is refused."""
    copy = reader.answer.raw(last)
    for place in sorted(reader.within(last), key=lambda place: -place.start):
        distinct = reader.distinct(place)
        if distinct:
            copy = copy[: place.start - last.start] + distinct[0][2] + copy[place.end - last.start :]
    end = node.items[-1].end
    for text in (copy, reader.answer.raw(last)):
        snapshot = reader.edited((end, end, f", {text}"))
        if snapshot is not None:
            return _counted(snapshot)
    return None


def _counted(snapshot: Snapshot | None) -> Counter[Row] | None:
    return None if snapshot is None else Counter(rows_of(snapshot))


def _first(rows: Counter[Row]) -> str:
    return str(next(iter(rows), "nothing"))


# --- no balances ---------------------------------------------------------------------------------------------------


@check("exactness")
def nothing_is_no_balance(subject: Subject) -> None:
    """An empty snapshot says "this account holds nothing", which is a strong word. Where an array or object is due, an
    empty or wrong value must be an error, unless the provider says "no balances" that way: then record that answer,
    with a `snapshot.json` that holds none. Never write `answer.get("data") or []`.
    """
    recorded = tuple(_recorded(subject))
    report(fault for reader in readers(subject) for fault in _empties(reader, recorded))


@attrs.frozen
class _Empty:
    """An empty value in a recorded answer without balances."""

    query: Query[Any]
    pattern: tuple[str | int, ...]
    text: str

    def allows(self, query: Query[Any], pattern: tuple[str | int, ...], text: str) -> bool:
        """Whether it shows that such a value there means "no balances"; under other settings it may be elsewhere."""
        if (self.query.step, self.text) != (query.step, text):
            return False
        return self.pattern == pattern or self.query.settings != query.settings


def _recorded(subject: Subject) -> Iterator[_Empty]:
    for case in subject.successes:
        if case.json("snapshot.json").get("balances"):
            continue
        answer = Answer(read_response(case.files["response.http"]))
        for node in answer.root:
            if not node.items:
                yield _Empty(case.query(subject.provider.manifest), _pattern(node), _written(answer, node))


def _pattern(node: Node) -> tuple[str | int, ...]:
    return tuple(step if isinstance(step, str) else 0 for step in node.path)


def _written(answer: Answer, node: Node) -> str:
    """A value without items, in one way of writing it."""
    return {"array": "[]", "object": "{}"}.get(node.kind) or answer.raw(node)


def _empties(reader: Reader, recorded: tuple[_Empty, ...]) -> Iterator[str]:
    answer = reader.answer
    if not reader.rows and not reader.base.next:
        return

    def is_recorded(node: Node, text: str) -> bool:
        return any(empty.allows(reader.query, _pattern(node), text) for empty in recorded)

    for node in answer.nodes:
        if node.kind not in ("object", "array") or not node.path:
            continue
        where = f"{reader.case.name}: {path_of(node)}"
        if node.key and _says_nothing(reader, answer.without(node)) and not _was_all(reader, node, is_recorded):
            yield f"{where} left out: read as no balances"
        for value in _NOTHING:
            text = json.dumps(value)
            if _says_nothing(reader, (node.start, node.end, text)) and not is_recorded(node, text):
                yield f"{where} replaced by {text}: read as no balances, and no recorded case says so"
    for text in _NO_BODY:
        if _says_nothing(reader, (answer.root.start, answer.root.end, text)) and not is_recorded(answer.root, text):
            yield f"{reader.case.name}: {text!r} as the whole answer: read as no balances, and no recorded case says so"


def _says_nothing(reader: Reader, edit: Edit) -> bool:
    """Whether the answer is then read as empty, where there were balances, or further queries."""
    snapshot = reader.edited(edit)
    return snapshot is not None and not snapshot.balances and not (snapshot.next and not reader.rows)


def _was_all(reader: Reader, node: Node, is_recorded: Callable[[Node, str], bool]) -> bool:
    """Whether a member was all there was: its key the name of each row, or what it was in is recorded as empty."""
    parent = reader.answer.parent(node)
    if parent is not None and len(parent.items) == 1 and is_recorded(parent, "{}"):
        return True
    return bool(reader.rows) and all(is_named_by(row, node) for row in reader.rows)
