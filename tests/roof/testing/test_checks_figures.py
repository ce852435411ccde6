"""The checks of what an amount is made of find plugins that turn signs unsaid, and sums that pass for told figures."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from coffers.plugin import Balance, Query, Response, Snapshot, parse_json
from tests.roof.testing.toys import CENTS, DERIVED, JSON, RIGHT, STRICT, WORDS, Parse, amount, cents, fault, in_words

MARKED, SIGNS = "derived-amounts-are-marked", "signs-follow-the-polarity"
BILL = {"bill": {"currency": "USD", "owed": "12.23", "with_usage": "23.44", "usage": "11.21"}}
PROMOTED = {"bill": {"currency": "USD", "owed": "12.23", "promotion": "50.00"}}


def row(**made: Callable[[Any], Any]) -> Parse:
    """One balance, each of its facts made of the whole answer."""

    def parse(response: Response, query: Query[Any]) -> Snapshot:
        answer = parse_json(response.body)
        return Snapshot([Balance(answer["currency"], **{name: make(answer) for name, make in made.items()})])

    return parse


def with_promotion(response: Response, query: Query[Any]) -> Snapshot:
    answer = parse_json(response.body)
    promotion = Balance("USD", total=amount(answer["promotion"]), wallet="promotion")
    return Snapshot([Balance("USD", total=-amount(answer["owed"])), promotion])


def left(*fields: str) -> Parse:
    def parse(response: Response, query: Query[Any]) -> Snapshot:
        answer = parse_json(response.body)
        used = amount(answer["limit"]) - amount(answer["used"])
        return Snapshot([Balance(answer["unit"], total=amount(answer["limit"]), available=used, derived=fields)])

    return parse


@pytest.mark.parametrize(
    ("parse", "answers"),
    [
        (RIGHT, JSON),
        (cents(lambda count: count.scaleb(-2)), CENTS),
        (in_words(STRICT, Decimal), WORDS),
        (in_words(r"(?P<amount>-?[0-9]+,[0-9]+)", lambda text: Decimal(text.replace(",", "."))), {"comma": "31,17"}),
        (left("available"), DERIVED),
        (row(total=lambda answer: -amount(answer["owed"])), BILL),
    ],
)
def test_what_is_told_needs_no_mark_and_what_is_marked_has_it(
    parse: Parse, answers: dict[str, Any], tmp_path: Path
) -> None:
    assert fault(tmp_path, MARKED, parse, answers) is None


@pytest.mark.parametrize("fields", [(), ("total",)])
def test_a_difference_that_passes_for_a_told_figure_is_named(fields: tuple[str, ...], tmp_path: Path) -> None:
    words = r"EUR available is made of \$\.limit and \$\.used; name it in `derived`"
    assert re.search(words, fault(tmp_path, MARKED, left(*fields), DERIVED) or "")


@pytest.mark.parametrize("parse", [RIGHT, left("available")])
def test_kept_signs_pass(parse: Parse, tmp_path: Path) -> None:
    assert fault(tmp_path, SIGNS, parse, JSON if parse is RIGHT else DERIVED) is None


@pytest.mark.parametrize("field", ["total", "available"])
def test_a_sign_turned_unsaid_is_named(field: str, tmp_path: Path) -> None:
    found = fault(tmp_path, SIGNS, row(**{field: lambda answer: -amount(answer["owed"])}), BILL)
    assert re.search(rf"\$\.owed: USD {field} has the other sign; say polarity=.owed.", found or "")


@pytest.mark.parametrize(
    ("parse", "answers"),
    [
        (
            row(
                total=lambda answer: -amount(answer["owed"]),
                available=lambda answer: -amount(answer["with_usage"]),
                reserved=lambda answer: amount(answer["usage"]),
            ),
            BILL,
        ),
        (row(total=lambda answer: -amount(answer["owed"]) - amount(answer["usage"])), BILL),
        (with_promotion, PROMOTED),
        (lambda response, query: Snapshot(), {"none": {}}),
    ],
    ids=["figures", "difference", "promotion", "nothing"],
)
def test_what_is_owed_is_turned(parse: Parse, answers: dict[str, Any], tmp_path: Path) -> None:
    assert fault(tmp_path, SIGNS, parse, answers, polarity="owed") is None


@pytest.mark.parametrize(
    ("parse", "words"),
    [
        (row(total=lambda answer: amount(answer["owed"])), "no total or available falls"),
        (
            row(
                total=lambda answer: -amount(answer["owed"]),
                available=lambda answer: amount(answer["with_usage"]),
            ),
            r"\$\.with_usage: USD available keeps the sign",
        ),
    ],
    ids=["none", "half"],
)
def test_what_is_owed_and_not_turned_is_named(parse: Parse, words: str, tmp_path: Path) -> None:
    assert re.search(words, fault(tmp_path, SIGNS, parse, BILL, polarity="owed") or "")
