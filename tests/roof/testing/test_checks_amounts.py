"""The checks of amounts find what is wrong in plugins that recorded their own faults."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from coffers.plugin import BadResponseError, Balance, Query, Response, Snapshot, amount_from_text
from tests.roof.testing.toys import (
    CENTS,
    DERIVED,
    JSON,
    RIGHT,
    STRICT,
    SYMBOLS,
    WORDS,
    Parse,
    amount,
    by_symbol,
    cents,
    derived,
    fault,
    in_words,
    known,
    reading,
    snapshot,
)

# --- digits-are-kept -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parse", "answers"),
    [
        (RIGHT, JSON),
        (cents(lambda count: count.scaleb(-2)), CENTS),
        (derived(lambda answer: amount(answer["limit"]) - amount(answer["used"])), DERIVED),
        (in_words(STRICT, amount_from_text), WORDS),
        (in_words(r"(?P<amount>-?[0-9]+,[0-9]+)", lambda text: Decimal(text.replace(",", "."))), {"comma": "31,17\n"}),
        (
            reading(
                total=lambda row: Decimal(row["units"]).scaleb(-row["decimals"]) if row["decimals"] < 90 else None,
                reserved=lambda row: None,
            ),
            {"scaled": {"data": [{"currency": "ETH", "units": "1230", "decimals": 18}]}},
        ),
        (
            reading(total=lambda row: amount(row["count"]) * amount(row["price"]), reserved=lambda row: None),
            {"priced": {"data": [{"currency": "EUR", "count": 31, "price": "0.07"}]}},
        ),
        (
            reading(total=lambda row: amount(row["cash"]) + amount(row["bonus"]), reserved=lambda row: None),
            {"sum": {"data": [{"currency": "EUR", "cash": "12.5", "bonus": "0.00"}]}},
        ),
        (
            reading(total=lambda row: amount(row["now"] if row["is_live"] == 1 else row["then"])),
            {"chosen": {"data": [{"currency": "EUR", "is_live": 1, "now": "1.50", "then": "2.75"}]}},
        ),
    ],
    ids=["json", "minor-units", "derived", "words", "comma", "decimals", "price", "sum", "choice"],
)
def test_kept_digits_pass(parse: Parse, answers: dict[str, Any], tmp_path: Path) -> None:
    assert fault(tmp_path, "digits-are-kept", parse, answers) is None


@pytest.mark.parametrize(
    ("parse", "answers", "words"),
    [
        (
            reading(total=lambda row: Decimal(str(float(row["amount"])))),
            JSON,
            r"two: \$\.data\[0\]\.amount: 1234567898765432\.12345678987640 and .* EUR total = .*; digits are lost",
        ),
        (reading(total=lambda row: Decimal(float(row["amount"]))), JSON, r"digits are lost"),
        (reading(total=lambda row: round(amount(row["amount"]), 2)), JSON, r"\$\.data\[0\]\.amount: 7\.0 .*added"),
        (reading(total=lambda row: amount(row["amount"]).normalize()), JSON, r"digits are lost at its end"),
        (reading(total=lambda row: abs(amount(row["amount"]))), JSON, r"-1234\S+ is read as EUR total .* sign is lost"),
        (reading(reserved=lambda row: Decimal(int(row["held"] or 0))), JSON, r"\[0\]\.held: .* EUR reserved"),
        (cents(lambda count: count / 100), CENTS, r"\$\.data\[0\]\.cents: .* digits are lost at its end"),
        (cents(lambda count: Decimal(str(int(count) / 100))), CENTS, r"cents: .*digits are lost"),
        (
            derived(lambda answer: Decimal(str(float(answer["limit"]) - float(answer["used"])))),
            DERIVED,
            r"\$\.limit: .* EUR available = .*; digits are lost",
        ),
        (
            derived(lambda answer: amount(answer["limit"]) - 3 * amount(answer["used"])),
            DERIVED,
            r"\$\.used: .*invented",
        ),
        (in_words(STRICT, lambda text: Decimal(str(float(text)))), WORDS, r"'31\.17' in the text: .* UAH total"),
        (
            reading(total=lambda row: {"12.50": Decimal(1), "7": Decimal(2)}[row["amount"]], reserved=lambda row: None),
            {"one": {"data": [{"currency": "EUR", "amount": "12.50"}]}},
            r"every number of other digits is refused",
        ),
    ],
)
def test_lost_digits_are_named(parse: Parse, answers: dict[str, Any], words: str, tmp_path: Path) -> None:
    assert re.search(words, fault(tmp_path, "digits-are-kept", parse, answers) or "")


# --- unknown-is-never-zero -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parse", "answers"),
    [
        (RIGHT, JSON),
        (derived(lambda answer: amount(answer["limit"]) - amount(answer["used"])), DERIVED),
        (in_words(STRICT, amount_from_text), WORDS),
        (by_symbol, SYMBOLS),
        (
            reading(reserved=lambda row: known((row.get("held") or {}).get("now"))),
            {
                "two": {
                    "data": [
                        {"currency": "EUR", "amount": 1, "held": {"now": "0.50"}},
                        {"currency": "USD", "amount": 2},
                    ]
                }
            },
        ),
    ],
)
def test_unknown_that_stays_unknown_passes(parse: Parse, answers: dict[str, Any], tmp_path: Path) -> None:
    assert fault(tmp_path, "unknown-is-never-zero", parse, answers) is None


@pytest.mark.parametrize(
    ("parse", "answers", "words"),
    [
        (reading(total=lambda row: amount(row["amount"] or 0)), JSON, r"\$\.data\[0\]\.amount .*EUR total = 0"),
        (
            reading(total=lambda row: amount(row.get("amount", 0))),
            JSON,
            r"\$\.data\[0\]\.amount left out: read as EUR total = 0, which nobody sent",
        ),
        (reading(reserved=lambda row: amount(row.get("held") or 0)), JSON, r"held .*EUR reserved = 0"),
        (
            reading(total=lambda row: Decimal(row["amount"])),
            JSON,
            r"replaced by (false|true): read as EUR total = [01]",
        ),
        (
            reading(data=lambda answer: [row for row in answer["data"] if row.get("amount") is not None]),
            JSON,
            r"\$\.data\[0\]\.amount left out: a row is gone without a word",
        ),
        (
            reading(total=lambda row: amount(row.get("amount", row["held"]))),
            JSON,
            r"amount left out: read as EUR total = 1\.5, which nobody sent",
        ),
        (
            derived(lambda answer: amount(answer["limit"]) - amount(answer.get("used", 0))),
            DERIVED,
            r"\$\.used left out: read as EUR available = 100\.00",
        ),
        (
            in_words(r"(?P<amount>[0-9.]*) (?P<currency>[A-Z]{3})", lambda text: Decimal(text or 0)),
            WORDS,
            r"'31\.17' in the text left out: read as UAH total = 0",
        ),
        (
            reading(
                total=lambda row: amount(members.get("amount", 0) if (members := row.get("money") or {}) else 0),
                reserved=lambda row: None,
            ),
            {"deep": {"data": [{"currency": "EUR", "money": {"amount": "12.50"}}]}},
            r"\$\.data\[0\]\.money left out: read as EUR total = 0, which nobody sent",
        ),
    ],
)
def test_invented_amounts_are_named(parse: Parse, answers: dict[str, Any], words: str, tmp_path: Path) -> None:
    assert re.search(words, fault(tmp_path, "unknown-is-never-zero", parse, answers) or "")


def test_an_amount_that_is_read_without_its_number_is_named(tmp_path: Path) -> None:
    def parse(response: Response, query: Query[Any]) -> Snapshot:
        number = re.search(r"(?P<amount>[0-9]+\.[0-9]+)", response.text + " 12.50")
        assert number is not None
        return snapshot([Balance("EUR", total=Decimal(number[0]))])

    found = fault(tmp_path, "unknown-is-never-zero", parse, {"one": '{"amount": 12.50}'})
    assert found is not None
    assert "read as EUR total = 12.50" in found


def test_answers_are_changed_in_their_own_bytes(tmp_path: Path) -> None:
    """A provider that finds its amount by the blanks around it is probed all the same."""
    body = '{ "amount" :   12.50 ,\n "unit": "\\u0045UR"}'

    def parse(response: Response, query: Query[Any]) -> Snapshot:
        found = re.search(r'"amount" :   ([0-9.-]+) ,\n', response.text)
        if found is None:
            raise BadResponseError("not understood")
        return snapshot([Balance(json.loads(response.body)["unit"], total=Decimal(found[1]).normalize())])

    assert "digits are lost at its end" in (fault(tmp_path, "digits-are-kept", parse, {"one": body}) or "")
