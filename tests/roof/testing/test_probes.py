"""Probing: what a provider makes of an answer with one thing changed in it."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

from coffers.plugin import BadResponseError, Balance, Query, Response, Snapshot, parse_json
from coffers.testing import Conformance
from coffers.testing.probes import Reader, readers
from tests.core.toy import plugin
from tests.roof.testing.toys import JSON, RIGHT, ROWS, Parse, amount, fault, kit, snapshot


def reader(folder: Path, parse: Parse, body: Any) -> Reader:
    [found] = readers(kit(folder, parse, {"one": body}).subject)
    return found


def test_numbers_that_amounts_are_made_of_are_found(tmp_path: Path) -> None:
    found = reader(tmp_path, RIGHT, ROWS)
    assert [str(place) for place in found.numbers] == ["$.data[0].amount", "$.data[0].held", "$.data[1].amount"]
    assert [str(row) for row in found.rows] == ["EUR (total 12.50, reserved 1.5)", "USD (total 0)"]


def bounded(least: Decimal, most: Decimal) -> Parse:
    def parse(response: Response, query: Query[Any]) -> Snapshot:
        total = amount(parse_json(response.body)["left"])
        if not least <= total <= most:
            raise BadResponseError("out of bounds")
        return snapshot([Balance("EUR", total=total)])

    return parse


def test_a_distinct_number_is_one_that_is_taken_and_stands_nowhere_else(tmp_path: Path) -> None:
    found = reader(tmp_path, bounded(Decimal(0), Decimal(10000)), {"left": "12.50", "id": "x7391x"})
    edit, rows = found.distinct(found.numbers[0]) or (None, ())
    assert edit is not None
    assert edit[2] == "73.5"
    assert [str(row) for row in rows] == ["EUR (total 73.5)"]


def test_where_every_other_number_is_refused_there_is_no_distinct_one(tmp_path: Path) -> None:
    found = reader(tmp_path, bounded(Decimal(-9), Decimal(-5)), {"left": -6})
    assert len(found.numbers) == 1
    assert found.distinct(found.numbers[0]) is None
    parse = bounded(Decimal(-9), Decimal(-5))
    safely = fault(tmp_path / "again", "any-mutant-is-read-safely", parse, {"one": {"left": -6}})
    assert safely is None


def test_bounds_are_no_fault(tmp_path: Path) -> None:
    for name in ("digits-are-kept", "unknown-is-never-zero", "any-mutant-is-read-safely"):
        assert fault(tmp_path / name, name, bounded(Decimal(0), Decimal(2)), {"one": {"left": "1.50"}}) is None


def test_what_may_not_be_below_zero_is_no_fault(tmp_path: Path) -> None:
    """A free part of a limit; more used than there is, is refused."""

    def parse(response: Response, query: Query[Any]) -> Snapshot:
        answer = parse_json(response.body)
        free = amount(answer["limit"]) - amount(answer["used"])
        if free < 0:
            raise BadResponseError("more used than there is")
        return snapshot([Balance("EUR", total=amount(answer["limit"]), available=free)])

    answers = {"one": {"limit": "100.00", "used": "12.34"}}
    for name in ("digits-are-kept", "unknown-is-never-zero", "any-mutant-is-read-safely"):
        assert fault(tmp_path / name, name, parse, answers) is None


def test_a_row_that_one_number_decides_on_is_no_change_of_amounts(tmp_path: Path) -> None:
    """A number that only says which rows there are."""

    def parse(response: Response, query: Query[Any]) -> Snapshot:
        rows = [row for row in parse_json(response.body) if row["kind"] == 1 or amount(row["left"]) > 10**9]
        return snapshot(Balance("EUR", total=amount(row["left"])) for row in rows)

    found = reader(tmp_path, parse, [{"kind": 1, "left": "1.50"}, {"kind": 2, "left": "3"}])
    assert [str(place) for place in found.numbers] == ["$[0].left"]


def test_different_answers_are_probed_and_alike_ones_once(tmp_path: Path) -> None:
    made = kit(tmp_path, RIGHT, JSON | {"alike": ROWS, "other": {"data": ROWS["data"], "time": "now"}})
    assert sorted(found.case.name for found in readers(made.subject)) == ["alike", "none", "other"]


def test_what_answers_no_longer_as_recorded_has_nothing_to_probe(tmp_path: Path) -> None:
    kit(tmp_path, RIGHT, JSON)

    def refusing(response: Response, query: Query[Any]) -> Snapshot:
        raise BadResponseError("no")

    changed = Conformance(plugin("toy", parse=refusing), vectors=tmp_path)
    assert [found.rows for found in readers(changed.subject)] == [(), ()]
