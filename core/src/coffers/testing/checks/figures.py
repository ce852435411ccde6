"""What an amount is made of: the sign of the provider's figure, and how many figures. Roof.

Found out by asking, as with the digits: a figure in a recorded answer is raised, and what goes up or down with it is
looked at.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import Final

import attrs

from coffers.testing.answers import Place
from coffers.testing.checking import check, require
from coffers.testing.probes import FIELDS, Reader, Row, digits_of, readers, report, rows_of
from coffers.testing.subject import Subject

#: Two figures that an answer may hold, the first that both are taken.
_PAIRS: Final = (("1739.25", "2841.5"), ("1739", "2841"), ("173", "284"), ("1.73", "2.84"), ("3", "4"))
#: The fields that say what is left; their sign is what a positive figure of the provider means.
_LEFT: Final = ("total", "available")


@attrs.frozen
class _Influence:
    """How an amount follows a figure.

    Attributes:
        place: the figure.
        is_alone: whether the amount is that figure, its sign and its point aside.
        is_turned: whether the amount falls when the figure rises.
    """

    place: Place
    is_alone: bool
    is_turned: bool


def _influences(reader: Reader) -> dict[tuple[int, str], list[_Influence]]:
    """What the four amounts of each row follow, by row and field."""
    found: dict[tuple[int, str], list[_Influence]] = defaultdict(list)
    for place in reader.numbers:
        for lower, higher in _PAIRS:
            one, two = (_rows(reader, place, number) for number in (lower, higher))
            if one and two:
                for index, field, low, high in _moved(one, two):
                    is_alone = digits_of(low) == digits_of(Decimal(lower))
                    found[index, field].append(_Influence(place, is_alone, high < low))
                break
    return found


def _rows(reader: Reader, place: Place, number: str) -> tuple[Row, ...]:
    comma = place.text.count(",") == 1 and "." not in place.text
    snapshot = reader.edited((place.start, place.end, number.replace(".", ",") if comma else number))
    rows = rows_of(snapshot) if snapshot else ()
    return rows if len(rows) == len(reader.rows) else ()


def _moved(one: tuple[Row, ...], two: tuple[Row, ...]) -> Iterator[tuple[int, str, Decimal, Decimal]]:
    for index, (before, after) in enumerate(zip(one, two, strict=True)):
        for field, low, high in zip(FIELDS[:4], before.amounts, after.amounts, strict=False):
            if low is not None and high is not None and low != high:
                yield index, field, low, high


@check("exactness")
def derived_amounts_are_marked(subject: Subject) -> None:
    """An amount that `parse` makes of several of the provider's figures (a sum, a difference) is no word of the
    provider: say so, `Balance(..., derived=("total",))`, with the names of all such amounts.
    """
    report(fault for reader in readers(subject) for fault in _unmarked(reader))


def _unmarked(reader: Reader) -> Iterator[str]:
    for (index, field), influences in _influences(reader).items():
        balance = reader.base.balances[index]
        places = list(_figures([influence.place for influence in influences]))
        if len(places) > 1 and field not in balance.derived:
            named = " and ".join(map(str, places[:3]))
            yield f"{reader.case.name}: {balance.currency} {field} is made of {named}; name it in `derived`"


def _figures(places: list[Place]) -> Iterator[Place]:
    """The places, those but once that a comma or a point alone parts: 31,17 is one figure."""
    ends: set[int] = set()
    for place in sorted(places, key=lambda place: place.start):
        if place.start - 1 not in ends:
            yield place
        ends.add(place.end)


@check("exactness")
def signs_follow_the_polarity(subject: Subject) -> None:
    """What is left is positive, what is owed negative. Where a positive figure of the provider is owed, the manifest
    says so once, `polarity="owed"`, and `parse` turns the sign of `total` and `available`, of both or of none in a row.
    Where a figure is held, no sign is turned.
    """
    if subject.provider.manifest.polarity == "held":
        report(fault for reader in readers(subject) for fault in _turned(reader))
        return
    left = [(reader, [*_left(reader)]) for reader in readers(subject)]
    report(fault for reader, influences in left for fault in _half_turned(reader, influences))
    signs = [influence.is_turned for _, influences in left for _, _, influence in influences]
    require(
        not signs or any(signs),
        'the manifest says polarity="owed", yet no total or available falls when a figure rises: turn its sign',
    )


def _left(reader: Reader) -> Iterator[tuple[int, str, _Influence]]:
    for (index, field), influences in _influences(reader).items():
        if field in _LEFT:
            for influence in influences:
                yield index, field, influence


def _turned(reader: Reader) -> Iterator[str]:
    for index, field, influence in _left(reader):
        if influence.is_alone and influence.is_turned:
            name = f"{reader.rows[index].currency} {field}"
            yield f'{reader.case.name}: {influence.place}: {name} has the other sign; say polarity="owed" or keep it'


def _half_turned(reader: Reader, influences: list[tuple[int, str, _Influence]]) -> Iterator[str]:
    alone = [(index, field, influence) for index, field, influence in influences if influence.is_alone]
    turned = {index for index, _, influence in alone if influence.is_turned}
    for index, field, influence in alone:
        if index in turned and not influence.is_turned:
            name = f"{reader.rows[index].currency} {field}"
            yield f"{reader.case.name}: {influence.place}: {name} keeps the sign that the row's other amount turns"
