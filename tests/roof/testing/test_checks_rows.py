"""The checks of rows and their currencies find what is wrong in plugins that recorded their own faults."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from coffers.plugin import BadResponseError, Balance, Query, Response, Snapshot, amount_from_text, parse_json
from tests.roof.testing.toys import (
    JSON,
    NONE,
    RIGHT,
    ROWS,
    STRICT,
    SYMBOLS,
    WORDS,
    Parse,
    amount,
    by_symbol,
    fault,
    in_words,
    reading,
    snapshot,
)

# --- currency-is-never-guessed -------------------------------------------------------------------------------------


def columns(response: Response, query: Query[Any]) -> Snapshot:
    return snapshot(Balance(row[0], total=amount(row[1])) for row in parse_json(response.body))


COLUMNS = {"columns": [["EUR", "1.50", 3], ["USD", "2", 4]]}
CODES = {"one": {"data": [{"currency": "EUR", "code": "EUR", "amount": "12.50"}]}}


@pytest.mark.parametrize(
    ("parse", "answers"),
    [
        (RIGHT, JSON),
        (in_words(STRICT, amount_from_text), WORDS),
        (by_symbol, SYMBOLS),
        (reading(currency=lambda row: row["currency"] or row["code"]), CODES),
        (reading(currency=lambda row: str(row["currency"]) if type(row["currency"]) is int else row["currency"]), JSON),
        (
            reading(currency=lambda row: {"€": "EUR", "$": "USD"}[row["sign"]]),
            {"a": {"data": [{"sign": "€", "amount": 1}]}},
        ),
        (columns, COLUMNS),
        (reading(currency=lambda row: {"EUR": "EUR", "USD": "USD"}[row["currency"]]), JSON),
    ],
)
def test_named_currencies_pass(parse: Parse, answers: dict[str, Any], tmp_path: Path) -> None:
    assert fault(tmp_path, "currency-is-never-guessed", parse, answers) is None


@pytest.mark.parametrize(
    ("parse", "answers", "words"),
    [
        (
            reading(currency=lambda row: row.get("currency", "USD")),
            JSON,
            r"two: \$\.data\[0\]\.currency left out: a currency is guessed: USD \(total 12\.50",
        ),
        (reading(currency=lambda row: row["currency"] or "EUR"), JSON, r"replaced by null: a currency is guessed: EUR"),
        (reading(currency=lambda row: str(row["currency"])), JSON, r"replaced by null: a currency is guessed: NONE"),
        (
            reading(data=lambda answer: [row for row in answer["data"] if row.get("currency")]),
            JSON,
            r"\$\.data\[0\]\.currency left out: a row is gone without a word: ",
        ),
        (
            in_words(r"(?P<amount>[0-9.]+) (?P<currency>[A-Z]{3})?", amount_from_text, "UAH"),
            WORDS,
            r"'UAH' in the text left out: a currency is guessed: UAH",
        ),
        (
            lambda response, query: snapshot(
                Balance(name or "EUR", total=amount(value)) for name, value in parse_json(response.body).items()
            ),
            {"symbols": {"EUR": 1, "USD": 2}},
            r"the key 'EUR' at \$\.EUR emptied: a currency is guessed: EUR",
        ),
        (
            reading(currency=lambda row: {"EUR": "EUR", "USD": "USD", None: "EUR"}[row["currency"]]),
            JSON,
            r"\$\.data\[0\]\.currency replaced by null: a currency is guessed: EUR",
        ),
    ],
)
def test_guessed_currencies_are_named(parse: Parse, answers: dict[str, Any], words: str, tmp_path: Path) -> None:
    assert re.search(words, fault(tmp_path, "currency-is-never-guessed", parse, answers) or "")


# --- rows-are-never-merged -----------------------------------------------------------------------------------------


def few(response: Response, query: Query[Any]) -> Snapshot:
    rows = [Balance("EUR", total=amount(row["left"])) for row in parse_json(response.body)]
    if any(row.total is None or not -9 < row.total < -5 for row in rows):
        raise BadResponseError("out of bounds")
    return snapshot(rows)


def summed(rows: list[Balance]) -> list[Balance]:
    sums: dict[str, Decimal] = {}
    for row in rows:
        assert row.total is not None
        sums[row.currency] = sums.get(row.currency, Decimal(0)) + row.total
    return [Balance(currency, total=total) for currency, total in sums.items()]


def only_one(data: list[Any]) -> list[Any]:
    if len(data) != 1:
        raise BadResponseError("one is due")
    return data


def buckets(response: Response, query: Query[Any], *, unknown: Decimal | None = None) -> Snapshot:
    """A list for each figure, each naming a currency once; `unknown` stands for what a list does not name."""
    answer = parse_json(response.body)
    free, coming = ({row["currency"]: amount(row["amount"]) for row in answer[name]} for name in ("free", "coming"))
    if len(free) + len(coming) != len(answer["free"]) + len(answer["coming"]):
        raise BadResponseError("a currency occurs twice")
    return snapshot(
        Balance(currency, available=free.get(currency, unknown), pending=coming.get(currency, unknown))
        for currency in sorted({*free, *coming})
    )


BUCKETS = {
    "buckets": {
        "free": [{"currency": "EUR", "amount": "12.50"}, {"currency": "USD", "amount": "3"}],
        "coming": [{"currency": "EUR", "amount": "1.25"}, {"currency": "USD", "amount": "4"}],
    }
}


@pytest.mark.parametrize(
    ("parse", "answers"),
    [
        (RIGHT, JSON),
        (buckets, BUCKETS),
        (reading(data=lambda answer: only_one(answer["data"])), CODES),
        (columns, COLUMNS),
        (few, {"below": [{"left": -6}, {"left": -8}]}),
    ],
)
def test_rows_of_their_own_pass(parse: Parse, answers: dict[str, Any], tmp_path: Path) -> None:
    assert fault(tmp_path, "rows-are-never-merged", parse, answers) is None


@pytest.mark.parametrize(
    ("parse", "words"),
    [
        (
            reading(rows=lambda rows: list({row.currency: row for row in rows}.values())),
            r"two: \$\.data: with one item more, USD \(total 0\) is gone and there is USD .*merged or overwritten",
        ),
        (reading(rows=summed), r"two: \$\.data: with one item more, USD \(total 0\) is gone .*merged"),
        (
            reading(
                rows=lambda rows: [
                    row for n, row in enumerate(rows) if row.currency not in {r.currency for r in rows[:n]}
                ]
            ),
            r"one item more gives no row more; a row is lost",
        ),
        (reading(data=lambda answer: answer["data"][:2]), r"one item more gives no row more"),
        (
            reading(rows=lambda rows: [Balance(row.currency, total=rows[0].total) for row in rows]),
            r"in the opposite order there is (EUR|USD) \(total 0\) instead of",
        ),
        (
            reading(rows=lambda rows: [Balance(rows[-1].currency, total=row.total) for row in rows]),
            r"without \$\.data\[1\] there is EUR \(total 12\.50\); rows are made of several items",
        ),
    ],
)
def test_merged_rows_are_named(parse: Parse, words: str, tmp_path: Path) -> None:
    assert re.search(words, fault(tmp_path, "rows-are-never-merged", parse, JSON) or "")


def test_a_figure_that_a_list_does_not_name_is_not_made_up(tmp_path: Path) -> None:
    words = r"without \$\.free\[1\] there is USD \(available 0, pending 4\); rows are made of several items"
    found = fault(tmp_path, "rows-are-never-merged", partial(buckets, unknown=Decimal(0)), BUCKETS)
    assert re.search(words, found or "")


# --- nothing-is-no-balance -----------------------------------------------------------------------------------------


def discovery(response: Response, query: Query[Any]) -> Snapshot:
    answer = parse_json(response.body)
    if query.step == "balances":
        return Snapshot(next=[query.then("wallet", {"id": wallet["id"]}) for wallet in answer["wallets"]])
    return snapshot([Balance(answer["currency"], total=amount(answer["amount"]))])


STEPS = {"list": {"wallets": [{"id": "w1"}]}, "one@wallet": {"currency": "EUR", "amount": "1.50"}}


def lax_symbols(response: Response, query: Query[Any]) -> Snapshot:
    data = parse_json(response.body)["data"] or {}
    return snapshot(Balance(name, total=amount(value["now"])) for name, value in data.items())


@pytest.mark.parametrize(
    ("parse", "answers"),
    [
        (RIGHT, JSON),
        (by_symbol, SYMBOLS | {"none": {"data": {}}}),
        (
            lax_symbols,
            {"one": {"data": {"EUR": {"now": 1}}}}
            | {
                name: {"data": value}
                for name, value in {"a": {}, "b": [], "c": "", "d": 0, "e": False, "f": None}.items()
            },
        ),
        (reading(data=lambda answer: only_one(answer["data"])), CODES),
        (in_words(STRICT, amount_from_text), WORDS),
    ],
)
def test_nothing_that_is_recorded_passes(parse: Parse, answers: dict[str, Any], tmp_path: Path) -> None:
    assert fault(tmp_path, "nothing-is-no-balance", parse, answers) is None


@pytest.mark.parametrize(
    ("parse", "answers", "words"),
    [
        (
            reading(data=lambda answer: answer["data"] or []),
            JSON,
            r"two: \$\.data replaced by \{\}: read as no balances, and no recorded case says so",
        ),
        (reading(data=lambda answer: answer.get("data", [])), JSON, r"two: \$\.data left out: read as no balances"),
        (RIGHT, {"two": ROWS}, r"two: \$\.data replaced by \[\]: read as no balances"),
        (
            reading(data=lambda answer: [row for row in answer["data"] if row]),
            CODES | {"none": NONE},
            r"\$\.data\[0\] replaced by \{\}: read as no balances",
        ),
        (discovery, STEPS, r"list: \$\.wallets replaced by \{\}: read as no balances"),
        (
            lambda response, query: (
                in_words(STRICT, amount_from_text)(response, query) if response.text.strip() else Snapshot()
            ),
            WORDS,
            r"words: '' as the whole answer: read as no balances",
        ),
    ],
)
def test_silence_taken_for_nothing_is_named(parse: Parse, answers: dict[str, Any], words: str, tmp_path: Path) -> None:
    assert re.search(words, fault(tmp_path, "nothing-is-no-balance", parse, answers) or "")
