"""Amounts keep the digits they were sent with, and an unknown one is never a number. Roof.

Both are found out by asking: a number in a recorded answer is replaced, and the amounts made of it are looked at. The
recorded snapshots are not asked, for they may have been written by the very fault.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal, localcontext
from typing import Any, Final

import attrs

from coffers.plugin import Snapshot
from coffers.testing.answers import Edit, Node, Place, path_of
from coffers.testing.checking import check
from coffers.testing.probes import FIELDS, WORKING, Reader, Row, digits_of, is_named_by, readers, report, rows_of
from coffers.testing.subject import Subject

#: What a number is replaced by, the most demanding first; each ends in a zero, which must not be lost.
_FRACTIONS: Final = (
    *("1234567898765432.12345678987640", "12345678765.12345640", "1.1234567898765432123456787640"),
    *("0.1234567898765432123456787640", "0.0000000000123456787640", "1234.567840", "123.40", "12.30", "1.20", "0.120"),
)
_LAST_DIGIT: Final = re.compile(r"[1-8](?=[0.]*$)")
_INTEGERS: Final = (
    *("123456789876543212345678787640", "12345678987654321240", "1234567840", "123450", "1230", "120", "20", "10"),
)

#: What stands where an amount is due and is not known.
JUNK: Final[tuple[Any, ...]] = (None, "", "N/A", "-", False, True, [], {})
_NO_NUMBERS: Final = ("", "N/A", "-", "null", "None", "false", "true")


# --- digits --------------------------------------------------------------------------------------------------------


@check("exactness")
def digits_are_kept(subject: Subject) -> None:
    """An amount has every digit that was sent and none that was not, zeros at its end included. Declare money fields
    as `Amount` and read the answer with `read_json` or `parse_json`; in a text use `amount_from_text`. Never `float`,
    `int` of a fraction, `round`, `quantize` or `normalize`. Shift minor units with `amount.scaleb(-2)`: a division
    drops zeros (`Decimal(1230) / 100` is 12.3). Plus, minus and `scaleb` are exact here.
    """
    with localcontext(WORKING):
        report(fault for reader in readers(subject) for place in reader.numbers for fault in _digits(reader, place))


@attrs.frozen
class _Probe:
    """A number of the answer replaced by others, and what is read then.

    Attributes:
        texts: one number, a higher one, and the first below zero.
        one: what is read of the first.
        two: what is read of the second.
        negative: what is read of the third, or None where it is refused.
    """

    texts: tuple[str, str, str]
    one: Snapshot
    two: Snapshot
    negative: Snapshot | None


def _digits(reader: Reader, place: Place) -> Iterator[str]:
    """What is wrong with the digits of the amounts made of a number."""
    fraction = bool(set(place.text) & set(".,eE"))
    long, short = (_FRACTIONS, ["7.0"]) if fraction else (_INTEGERS, ["70"])
    if place.node.kind == "number":
        short.append("73.50")  # a fraction where whole numbers are due must not be cut off
    demanding = next(_accepted(reader, place, long), None)
    if demanding is None:
        yield f"{reader.case.name}: {place}: an amount is made of it, yet every number of other digits is refused"
        return
    for probe in (demanding, *_accepted(reader, place, tuple(short))):
        for fault in _faults(reader, probe):
            yield f"{reader.case.name}: {place}: {fault}"
            return


def _accepted(reader: Reader, place: Place, numbers: tuple[str, ...]) -> Iterator[_Probe]:
    """A probe for each number that is not refused and makes a difference."""
    comma = place.text.count(",") == 1 and "." not in place.text
    for number in numbers:
        higher = _LAST_DIGIT.sub(lambda digit: str(int(digit[0]) + 1), number)
        texts = tuple(text.replace(".", ",") if comma else text for text in (number, higher, f"-{number}"))
        one, two, negative = (reader.edited((place.start, place.end, text)) for text in texts)
        if one is not None and two is not None and (any(reader.changes(one)) or any(reader.changes(two))):
            yield _Probe((texts[0], texts[1], texts[2]), one, two, negative)


def _faults(reader: Reader, probe: _Probe) -> Iterator[str]:
    text, higher, below = probe.texts
    sent = Decimal(text.replace(",", ".")), Decimal(higher.replace(",", "."))
    others = _others(reader)  # an amount that is one of these was chosen by the number, not made of it
    for index, field, before, one, two in _pairs(reader, probe.one, probe.two):
        name = f"{reader.rows[index].currency} {field}"
        if one == two != before and digits_of(one) not in others:
            yield f"{text} and {higher} are both read as {name} = {one}; digits are lost"
        elif one != two and len({digits_of(amount) for amount in (before, one, two)}) > 1:  # not just another point
            fault = _change(others, sent, (one, two), is_sum=(index, field) in reader.sums)
            if fault:
                yield f"{text} is read as {name} = {one}; {fault}"
    for index, field, before, one, negative in _pairs(reader, probe.one, probe.negative):
        if one == negative != before and digits_of(one) not in others:
            yield f"{below} is read as {reader.rows[index].currency} {field} = {negative}; the sign is lost"


def _pairs(reader: Reader, one: Snapshot, two: Snapshot | None) -> Iterator[tuple[int, str, Decimal, Decimal, Decimal]]:
    """An amount's row and field, and what it is as recorded and in either snapshot, where it is known in all three."""
    lists = [rows_of(snapshot) for snapshot in (one, two) if snapshot is not None]
    if [len(rows) for rows in lists] != [len(reader.rows)] * 2:
        return
    for index, rows in enumerate(zip(reader.rows, *lists, strict=True)):
        for field, *amounts in zip(FIELDS, *(row.amounts for row in rows), strict=True):
            known = [amount for amount in amounts if amount is not None]
            if len(known) == 3:
                yield index, field, known[0], known[1], known[2]


def _change(
    others: set[str], sent: tuple[Decimal, Decimal], found: tuple[Decimal, Decimal], *, is_sum: bool
) -> str | None:
    """What is wrong if two numbers are read as these two amounts; None if the digits are kept."""
    if digits_of(found[0]) == digits_of(sent[0]):
        read, given = ("".join(map(str, amount.as_tuple().digits)).lstrip("0") for amount in (found[0], sent[0]))
        if len(read) < len(given):
            return "digits are lost at its end"
        # A sum has as many places as the longest of its parts: 7.0 + 0.00 is 7.00.
        return None if read == given or is_sum else "digits are added at its end"
    factor = digits_of(found[1] - found[0])
    if factor == "1" or factor in others:
        return None
    return f"{sent[1] - sent[0]} more changes it by {found[1] - found[0]}; digits are lost or invented"


def _others(reader: Reader) -> set[str]:
    """The digits of every number of the answer but nothing: an amount may be another one times a price beside it."""
    root, answer = reader.answer.root, reader.answer
    return {digits_of(Decimal(place.text)) for node in root for place in answer.numbers(node, wide=False)} - {""}


@check("exactness")
def separators_are_not_guessed(subject: Subject) -> None:
    """`77,5` is no number to a provider that writes `77.5`: refuse it, as `Amount` and `amount_from_text` do. Whoever
    takes every comma away reads ten times as much. A provider that writes `1,234.50` shows it in a recorded answer.
    """
    report(fault for reader in readers(subject) if not _has_commas(reader) for fault in _separated(reader))


def _has_commas(reader: Reader) -> bool:
    return any("," in place.text for place in reader.numbers)


def _separated(reader: Reader) -> Iterator[str]:
    for place in reader.numbers:
        if place.node.kind != "text":
            continue
        for index, field, _, amount in reader.changes(reader.edited((place.start, place.end, "73,91"))):
            if amount == Decimal(7391):
                name = f"{reader.rows[index].currency} {field}"
                yield f"{reader.case.name}: {place} replaced by 73,91: read as {name} = {amount}"


# --- the unknown ---------------------------------------------------------------------------------------------------


@check("exactness")
def unknown_is_never_zero(subject: Subject) -> None:
    """An amount that is missing, null, empty or no number is not known: raise, or leave that amount `None`, and keep
    the row. Never write `or 0`, `.get("amount", 0)` or `float(value or 0)`, and never take another figure instead. With
    `read_json`, a field `amount: Amount` must be there and `amount: Amount | None = None` need not.
    """
    report(fault for reader in readers(subject) for fault in _unknown(reader))


def _unknown(reader: Reader) -> Iterator[str]:
    around: dict[tuple[int, int], tuple[Node, tuple[Row, ...]]] = {}
    for place in reader.numbers:
        distinct = reader.distinct(place)
        rows = distinct[1] if distinct else reader.rows
        for what, edit in _junk(reader, place):
            yield from _invented(reader, place, what, edit, rows)
        for node in reader.answer.nodes:
            if node.path and node.path != place.node.path and node.start <= place.start and place.end <= node.end:
                around[node.begin, node.end] = (node, reader.rows)
    for node in reader.answer.nodes:
        if node.kind == "number" and not reader.within(node) and _counts(reader, node):
            around[node.begin, node.end] = (node, reader.rows)
    for node, rows in around.values():
        for what, edit in _swaps(reader, node):
            snapshot = reader.edited(edit)
            extra = _amounts(snapshot, rows)
            if extra:
                yield f"{reader.case.name}: {path_of(node)} {what}: read as {extra}, which nobody sent"


def _counts(reader: Reader, node: Node) -> bool:
    """Whether a number says where the point of an amount is, or by how much it is multiplied."""
    return any(any(reader.changes(reader.edited((node.start, node.end, digit)))) for digit in "147")


def _junk(reader: Reader, place: Place) -> Iterator[tuple[str, Edit]]:
    if place.is_whole and not place.node.plain:
        yield from _swaps(reader, place.node)
        return
    for text in _NO_NUMBERS:
        yield f"replaced by {text!r}" if text else "left out", (place.start, place.end, text)


def _swaps(reader: Reader, node: Node) -> Iterator[tuple[str, Edit]]:
    """A value left out, and replaced by what is none."""
    if node.key:  # an item of an array is left out by a check of its own
        yield "left out", reader.answer.without(node)
    for value in JUNK:
        text = json.dumps(value)
        yield f"replaced by {text}", (node.start, node.end, text)


def _invented(reader: Reader, place: Place, what: str, edit: Edit, rows: tuple[Row, ...]) -> Iterator[str]:
    snapshot = reader.edited(edit)
    if snapshot is None:
        return
    found = rows_of(snapshot)
    where = f"{reader.case.name}: {place} {what}"
    extra = _facts(found) - _facts(rows)
    if extra:
        currency, _, _, field, amount = next(iter(extra))
        yield f"{where}: read as {currency} {field} = {amount}, which nobody sent; an unknown amount is not a number"
    elif len(found) < len(rows) and not (what == "left out" and _names_gone_row(place.node, found, rows)):
        yield f"{where}: a row is gone without a word; refuse the answer, or leave that amount unknown"


def _names_gone_row(node: Node, found: tuple[Row, ...], rows: tuple[Row, ...]) -> bool:
    """Whether a member was the row itself, its key the name of the row."""
    return all(is_named_by(row, node) for row in Counter(rows) - Counter(found))


def _facts(rows: tuple[Row, ...]) -> Counter[tuple[str, str | None, str | None, str, Decimal]]:
    return Counter(
        (row.currency, row.network, row.wallet, field, amount)
        for row in rows
        for field, amount in zip(FIELDS, row.amounts, strict=True)
        if amount is not None
    )


def _amounts(snapshot: Snapshot | None, rows: tuple[Row, ...]) -> str:
    """The first amount that none of `rows` has; labels may be gone with what held them."""
    known = {(row.currency, *fact) for row in rows for fact in zip(FIELDS, row.amounts, strict=True)}
    for row in rows_of(snapshot) if snapshot else ():
        for field, amount in zip(FIELDS, row.amounts, strict=True):
            if amount is not None and (row.currency, field, amount) not in known:
                return f"{row.currency} {field} = {amount}"
    return ""
