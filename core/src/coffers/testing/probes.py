"""Probing a provider's `parse`: reading a recorded answer again with one thing changed in it.

Roof. What a change does to the result tells what the result is made of, without knowing the provider. Nothing here
judges; the checks do.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import Context, Decimal
from functools import cached_property, lru_cache
from itertools import islice
from typing import Any, Final, NamedTuple

import attrs

from coffers import CoffersError, parse_guarded
from coffers.plugin import Balance, Query, Response, Snapshot

from .answers import Answer, Edit, Node, Place, shape_of
from .checking import CheckFailedError
from .subject import Subject
from .vectors import Case, read_response

__all__ = ["FIELDS", "WORKING", "Reader", "Row", "digits_of", "is_named_by", "readers", "report", "rows_of"]

FIELDS: Final = ("total", "available", "pending", "reserved", "value.total", "value.available")
#: Arithmetic of the checks: more digits than any amount has.
WORKING: Final = Context(prec=1000)
#: Numbers that stand for "another one"; a plugin may refuse some.
_OTHERS: Final = ("7", "7.75", "77701", "0.77", "-7")
#: Distinct numbers to tell an amount by.
_DISTINCT: Final = ("739125.25", "739125", "7391", "73.5", "73", "7", "0.73")
#: As many different answers of a provider are probed; the rest look like one of them.
_MOST_CASES: Final = 12


class Row(NamedTuple):
    """A balance without what only describes it."""

    currency: str
    network: str | None
    wallet: str | None
    amounts: tuple[Decimal | None, ...]

    def __str__(self) -> str:
        known = [f"{field} {amount}" for field, amount in zip(FIELDS, self.amounts, strict=True) if amount is not None]
        return f"{self.currency} ({', '.join(known)})"


def rows_of(snapshot: Snapshot) -> tuple[Row, ...]:
    """The rows of a snapshot."""
    return tuple(_row(balance) for balance in snapshot.balances)


def _row(balance: Balance) -> Row:
    value = balance.valuation
    amounts = (balance.total, balance.available, balance.pending, balance.reserved)
    values = (value.total, value.available) if value else (None, None)
    return Row(balance.currency, balance.network, balance.wallet, amounts + values)


def is_named_by(row: Row, node: Node) -> bool:
    """Whether a member's key is the name of a row: its currency, network or wallet. Without the member it is gone."""
    key = str(node.path[-1]) if node.key else ""
    return row.currency in key.upper() or key in {row.network, row.wallet} - {None}


def digits_of(amount: Decimal) -> str:
    """The digits of an amount wherever its point is, without zeros before and behind."""
    return "".join(map(str, amount.as_tuple().digits)).strip("0")


def report(faults: Iterable[str]) -> None:
    """Raise for the first few faults.

    Raises:
        CheckFailedError: there is one.
    """
    found = list(islice(faults, 3))
    if found:
        raise CheckFailedError("\n".join(found))


@attrs.frozen(slots=False, eq=False)
class Reader:
    """One recorded success, to be read again and again.

    Attributes:
        subject: whose it is.
        case: the recorded case.
        answer: what came back.
        query: what had been asked.
    """

    subject: Subject
    case: Case
    answer: Answer
    query: Query[Any]

    def read(self, response: Response) -> Snapshot | None:
        """What the provider makes of an answer; None where it refuses it. What is no snapshot counts as refused."""
        try:
            found = parse_guarded(self.subject.provider.parse, self.query, response)
        except (CoffersError, SystemExit, GeneratorExit):
            return None  # leaving the program is a fault, too, of which another check tells
        return found if isinstance(found, Snapshot) else None

    def edited(self, *edits: Edit) -> Snapshot | None:
        """What the provider makes of the answer with some of its text replaced."""
        return self.read(self.answer.edited(*edits))

    @cached_property
    def base(self) -> Snapshot:
        """What it makes of the answer as it is; empty where it refuses it."""
        return self.read(self.answer.response) or Snapshot()

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """The rows of `base`."""
        return rows_of(self.base)

    @cached_property
    def numbers(self) -> tuple[Place, ...]:
        """The numbers of the answer that amounts are made of."""
        found: list[Place] = []
        for node in self.answer.nodes:
            wide = [place for place in self.answer.numbers(node, wide=True) if self._counts(place)]
            found += wide or [place for place in self.answer.numbers(node, wide=False) if self._counts(place)]
        return tuple(found)

    def _counts(self, place: Place) -> bool:
        for other in _OTHERS:
            snapshot = self.edited((place.start, place.end, other))
            for _, _, before, after in self.changes(snapshot):
                if digits_of(before) != digits_of(after):  # else it only says where the point is
                    return True
        return False

    @cached_property
    def sums(self) -> frozenset[tuple[int, str]]:
        """The amounts, by row and field, that are made of several numbers."""
        parts: dict[tuple[int, str], set[Place]] = defaultdict(set)
        for place in self.numbers:
            for other in _OTHERS:
                for index, field, _, _ in self.changes(self.edited((place.start, place.end, other))):
                    parts[index, field].add(place)
        return frozenset(amount for amount, places in parts.items() if len(places) > 1)

    def changes(self, snapshot: Snapshot | None) -> Iterator[tuple[int, str, Decimal, Decimal]]:
        """Amounts that are others than in `base`: row and field, before, and now. Same rows only."""
        if snapshot is None or len(snapshot.balances) != len(self.rows):
            return
        for index, (before, after) in enumerate(zip(self.rows, rows_of(snapshot), strict=True)):
            for field, old, new in zip(FIELDS, before.amounts, after.amounts, strict=True):
                if old is not None and new is not None and old != new:
                    yield index, field, old, new

    def distinct(self, place: Place) -> tuple[Edit, tuple[Row, ...]] | None:
        """The number replaced by one that occurs nowhere else, and the rows then; None where all are refused."""
        for number in _DISTINCT:
            if number in self.answer.text:
                continue
            edit = (place.start, place.end, number)
            snapshot = self.edited(edit)
            if any(self.changes(snapshot)) and snapshot is not None:
                return edit, rows_of(snapshot)
        return None

    def within(self, node: Node) -> tuple[Place, ...]:
        """The numbers that count and stand in a value."""
        return tuple(place for place in self.numbers if node.start <= place.start and place.end <= node.end)


@lru_cache(maxsize=8)
def readers(subject: Subject) -> tuple[Reader, ...]:
    """A reader for each different answer among the recorded successes, the fullest first."""
    found: dict[Any, Reader] = {}
    for case in subject.successes:
        query = case.query(subject.provider.manifest)
        reader = Reader(subject, case, Answer(read_response(case.files["response.http"])), query)
        root = reader.answer.root
        found.setdefault((query.step, root.plain and reader.answer.text, shape_of(root)), reader)
    fullest = sorted(found.values(), key=lambda reader: -len(reader.rows))
    return tuple(fullest[:_MOST_CASES])
