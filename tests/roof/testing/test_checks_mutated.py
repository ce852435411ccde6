"""The checks of altered and enormous answers find what is wrong in plugins that recorded their own faults."""

from __future__ import annotations

import json
import re
import sys
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest

from coffers.plugin import AccessToken, Balance, Query, Response, Secret, Snapshot, amount_from_text, parse_json
from coffers.testing.mutations import enlarged, mutated, structural_mutants
from tests.roof.testing.toys import (
    CENTS,
    DERIVED,
    JSON,
    RIGHT,
    STRICT,
    WORDS,
    Parse,
    amount,
    cents,
    derived,
    fault,
    in_words,
    reading,
    snapshot,
)

SAFELY = "any-mutant-is-read-safely"


def token(response: Response, query: Query[Any]) -> AccessToken | Snapshot:
    answer = parse_json(response.body)
    if query.step != "token":
        return RIGHT(response, query)
    return AccessToken(Secret(answer["token"]), 60)


TOKEN = {"token@token": {"token": "abc/def"}, **JSON}


def constant(response: Response, query: Query[Any]) -> Snapshot:
    return snapshot([Balance("UAH", total=amount(parse_json(response.body)["left"]))])


def signs(response: Response, query: Query[Any]) -> Snapshot:
    codes = {"€": "EUR", "$": "USD"}
    return snapshot(Balance(codes[row["sign"]], total=amount(row["left"])) for row in parse_json(response.body))


def renamed(response: Response, query: Query[Any]) -> Snapshot:
    """Codes of the provider's own: one has a letter in front, one shares none with the usual code."""
    codes = {"ZEUR": "EUR", "XDG": "DOGE"}
    rows = parse_json(response.body)["held"]
    return snapshot(Balance(codes[code], total=amount(rows[code]), details={"asset": code}) for code in rows)


def renamed_or_usual(response: Response, query: Query[Any]) -> Snapshot:
    try:
        return renamed(response, query)
    except Exception:  # noqa: BLE001  the fault in question
        return snapshot([Balance("DOGE", total=Decimal(1), details={"asset": "unknown"})])


RENAMED = {"two": {"held": {"ZEUR": "12.50", "XDG": "7"}}, "one": {"held": {"ZEUR": "1"}}}


def priced(response: Response, query: Query[Any]) -> Snapshot:
    answer = parse_json(response.body)
    return snapshot([Balance("EUR", total=amount(answer["count"]) * amount(answer["price"]))])


def number_alone(response: Response, query: Query[Any]) -> Snapshot:
    return snapshot([Balance("UAH", total=amount_from_text(response.text.strip()))])


@pytest.mark.parametrize(
    ("parse", "answers"),
    [
        (RIGHT, JSON),
        (cents(lambda count: count.scaleb(-2)), CENTS),
        (derived(lambda answer: amount(answer["limit"]) - amount(answer["used"])), DERIVED),
        (in_words(STRICT, amount_from_text), WORDS),
        (token, TOKEN),
        (constant, {"one": {"left": "12.50"}, "other": {"left": 0}}),
        (signs, {"one": [{"sign": "€", "left": 1}], "other": [{"sign": "$", "left": 2}]}),
        (renamed, RENAMED),
        (priced, {"one": {"count": 31, "price": "0.07"}}),
        (number_alone, {"one": "31.17"}),
    ],
)
def test_safe_reading_passes(parse: Parse, answers: dict[str, Any], tmp_path: Path) -> None:
    assert fault(tmp_path, SAFELY, parse, answers) is None


def leaving(response: Response, query: Query[Any]) -> Snapshot:
    if not parse_json(response.body).get("time"):
        sys.exit("no time")
    return RIGHT(response, query)


def silent(response: Response, query: Query[Any]) -> Snapshot | None:
    try:
        return RIGHT(response, query)
    except Exception:  # noqa: BLE001  the fault in question
        return None


def usual(response: Response, query: Query[Any]) -> Snapshot:
    try:
        return RIGHT(response, query)
    except Exception:  # noqa: BLE001  the fault in question
        return snapshot([Balance("XAU", total=Decimal(1))])


def usual_words(response: Response, query: Query[Any]) -> Snapshot:
    return in_words(STRICT, amount_from_text)(response, query) if "You" in response.text else usual(response, query)


def stale(response: Response, query: Query[Any]) -> Snapshot:
    try:
        return RIGHT(response, query)
    except Exception:  # noqa: BLE001  the fault in question
        return snapshot([Balance("EUR", total=Decimal("867.5309"))])


def any_token(response: Response, query: Query[Any]) -> AccessToken | Snapshot:
    if query.step != "token":
        return RIGHT(response, query)
    return AccessToken(Secret(str(parse_json(response.body).get("token", "anonymous"))), 60)


@pytest.mark.parametrize(
    ("parse", "answers", "words"),
    [
        (leaving, JSON, r"altered to HTTP 200 .*: coffers_parse raised SystemExit"),
        (silent, JSON, r"coffers_parse must answer a Snapshot or an AccessToken"),
        (usual, JSON, r"the currency of XAU \(total 1\) was not sent"),
        (usual_words, WORDS, r"words, altered to .*: the currency of XAU \(total 1\) was not sent"),
        (renamed_or_usual, RENAMED, r"the currency of DOGE \(total 1\) was not sent"),
        (stale, JSON, r"EUR total = 867\.5309 was not sent"),
        (any_token, TOKEN, r"token, altered .*: the access token it answers was not sent"),
        (
            reading(total=lambda row: amount(row["amount"] or 0)),
            {"one": {"data": [{"currency": "EUR", "amount": 1}]}},
            r"EUR total = 0 was not sent",
        ),
        (
            derived(lambda answer: amount(answer["limit"]) - amount(answer["used"] or 77)),
            DERIVED,
            r"EUR available = 23\.00 was not sent",
        ),
    ],
)
def test_unsafe_reading_is_named(parse: Parse, answers: dict[str, Any], words: str, tmp_path: Path) -> None:
    assert re.search(words, fault(tmp_path, SAFELY, parse, answers) or "", re.DOTALL)


def test_a_long_answer_is_altered_fewer_times(tmp_path: Path) -> None:
    rows = [{"currency": f"C{number}", "amount": f"{number}.50"} for number in range(120)]
    for name in (SAFELY, "digits-are-kept", "unknown-is-never-zero", "rows-are-never-merged"):
        assert fault(tmp_path / name, name, RIGHT, {"long": {"data": rows}}) is None


def test_without_a_success_there_is_nothing_to_alter(tmp_path: Path) -> None:
    assert fault(tmp_path, SAFELY, RIGHT, {"broken": "<html>"}) is None


# --- how long it takes ---------------------------------------------------------------------------------------------


def work(steps: int) -> None:
    sum(number * number for number in range(steps))


def slow(response: Response, query: Query[Any]) -> Snapshot:
    work(3_000_000)
    return RIGHT(response, query)


def slow_on_refusals(response: Response, query: Query[Any]) -> Snapshot:
    answer = parse_json(response.body)
    if "error" in answer:
        work(3_000_000)
    return RIGHT(response, query)


def row_by_row(response: Response, query: Query[Any]) -> Snapshot:
    made = RIGHT(response, query)
    for _ in made.balances:
        work(100 * len(made.balances))
    return made


@pytest.mark.parametrize(
    ("parse", "answers", "words"),
    [
        (slow, JSON, r"\d+ ms for \d+ bytes, 50 ms are plenty: b'"),
        (slow_on_refusals, JSON | {"refused": {"error": "no"}}, r"refused: \d+ ms for 15 bytes"),
        (row_by_row, JSON, r"two: \d+ ms for 1\d{4} bytes"),
    ],
)
def test_slow_reading_is_named(parse: Parse, answers: dict[str, Any], words: str, tmp_path: Path) -> None:
    assert re.search(words, fault(tmp_path, "parse-takes-no-longer-than-50-ms", parse, answers) or "")


@pytest.mark.parametrize(
    ("parse", "answers"),
    [(RIGHT, JSON), (in_words(STRICT, amount_from_text), WORDS), (token, TOKEN)],
)
@pytest.mark.parametrize("name", ["parse-takes-no-longer-than-50-ms", "largest-answers-take-a-moment"])
def test_quick_reading_passes(name: str, parse: Parse, answers: dict[str, Any], tmp_path: Path) -> None:
    assert fault(tmp_path, name, parse, answers) is None


def long_looks(response: Response, query: Query[Any]) -> Snapshot:
    if len(response.body) > 500_000:
        work(3_000_000)
    return RIGHT(response, query)


def long_looks_at_words(response: Response, query: Query[Any]) -> Snapshot:
    if len(response.body) > 500_000:
        work(3_000_000)
    return in_words(STRICT, amount_from_text)(response, query)


@pytest.mark.parametrize(("parse", "answers"), [(long_looks, JSON), (long_looks_at_words, WORDS)])
def test_long_looks_at_the_largest_answers_are_named(
    parse: Parse, answers: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("coffers.testing.checks.mutated._MOMENT_S", 0.09)  # a second of work takes a second to test
    found = fault(tmp_path, "largest-answers-take-a-moment", parse, answers)
    assert found is not None
    assert "90 ms are plenty" in found


def test_a_busy_machine_is_no_fault(tmp_path: Path) -> None:
    """One slow reading among quick ones is measured again."""
    turns: list[int] = []

    def hiccup(response: Response, query: Query[Any]) -> Snapshot:
        turns.append(1)
        if len(turns) == 3:
            work(3_000_000)
        return RIGHT(response, query)

    assert fault(tmp_path, "parse-takes-no-longer-than-50-ms", hiccup, JSON) is None


# --- the mutations themselves --------------------------------------------------------------------------------------


BODY = b'{"data": [{"currency": "EUR", "amount": 31.170}, {"n": 7}]}'


def test_accidents_are_many_and_repeatable() -> None:
    many = {mutated(BODY, [b"balance:1"], Random(seed)) for seed in range(400)}
    assert len(many) > 300
    assert mutated(BODY, [BODY], Random(7)) == mutated(BODY, [BODY], Random(7))
    assert any(b"balance" in body for body in many)


def test_accidents_add_no_numbers_and_no_currencies() -> None:
    for seed in range(400):
        body = mutated(b'{"a": "x"}', [b'{"a": "x"}'], Random(seed))
        assert not re.search(rb"USD|EUR", body)


def test_structural_mutants_keep_the_digits() -> None:
    found = list(structural_mutants(BODY))
    assert b'{"data": [{"currency": null, "amount": 31.170}, {"n": 7}]}' in found
    assert list(structural_mutants(b"balance:1")) == []


@pytest.mark.parametrize("body", [BODY, b"balance:31.17\n", b"{}", b"[]", b""])
def test_enlarged_answers_are_as_large_as_said(body: bytes) -> None:
    sizes = [len(larger) for larger in enlarged(body, 10_000)]
    assert sizes
    assert max(sizes) < 25_000
    assert sum(size > 5_000 for size in sizes) >= len(sizes) // 2
    assert json.loads(next(enlarged(BODY, 1000)))
