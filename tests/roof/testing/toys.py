"""Made-up providers for the tests of the kit's own checks: a way of reading, and answers recorded from that very way.

What is recorded agrees with the fault, as it does where an author records what his plugin happens to say.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from coffers.plugin import BadResponseError, Balance, Query, Response, Snapshot, amount_from_text, parse_json
from coffers.testing import Conformance
from coffers.testing.checking import CheckFailedError, run_check
from coffers.testing.vectors import load_cases, write_case
from tests.core.toy import plugin

Parse = Callable[[Response, Query[Any]], Any]


def text_of(body: Any) -> str:
    return body if isinstance(body, str) else json.dumps(body)


def kit(
    folder: Path, parse: Parse, answers: Mapping[str, Any], *, headers: str = "", polarity: str = "held"
) -> Conformance:
    """A provider that reads so, with the cases it makes of these answers; a key of `answers` is ``name`` or
    ``name@step``."""
    toy = plugin("toy", parse=parse, polarity=polarity)
    for key, body in answers.items():
        name, _, step = key.partition("@")
        case = folder / "toy" / name
        case.mkdir(parents=True)
        (case / "query.json").write_text(json.dumps({"step": step or "balances"}))
        (case / "response.http").write_text(f"HTTP/1.1 200 OK\n{headers}\n{text_of(body)}", newline="")
    for recorded in load_cases(folder):
        write_case(recorded, toy)
    return Conformance(toy, vectors=folder)


def fault(folder: Path, name: str, parse: Parse, answers: Mapping[str, Any], **more: str) -> str | None:
    """What the check of that name finds; None if it holds."""
    made = kit(folder, parse, answers, **more)
    [check] = [check for check, _ in made.checks() if check.name == name]
    try:
        run_check(check, made.subject, None)
    except CheckFailedError as failure:
        return str(failure)
    return None


def snapshot(rows: Any, **more: Any) -> Snapshot:
    return Snapshot(list(rows), **more)


# --- ways of reading, and what they read ---------------------------------------------------------------------------


ROWS = {
    "time": 1642075813,
    "data": [
        {"currency": "EUR", "amount": "12.50", "held": 1.5, "network": "N1"},
        {"currency": "USD", "amount": 0, "held": None, "network": None},
    ],
}
NONE = {"time": 1642075813, "data": []}
JSON = {"two": ROWS, "none": NONE}


def amount(value: Any) -> Decimal:
    if type(value) is str:
        return amount_from_text(value)
    if type(value) not in (int, Decimal):
        raise BadResponseError("no amount")
    return Decimal(value)


def known(value: Any) -> Decimal | None:
    return None if value is None else amount(value)


def reading(
    *,
    total: Callable[[Any], Any] = lambda row: amount(row["amount"]),
    reserved: Callable[[Any], Any] = lambda row: known(row.get("held")),
    currency: Callable[[Any], Any] = lambda row: row["currency"],
    data: Callable[[Any], Any] = lambda answer: answer["data"],
    rows: Callable[[list[Balance]], list[Balance]] = lambda rows: rows,
    as_of: Callable[[Any], Any] = lambda answer: None,
) -> Parse:
    """How JSON rows are read: rightly, but for what is given."""

    def parse(response: Response, query: Query[Any]) -> Snapshot:
        answer = parse_json(response.body)
        found = data(answer)
        if not isinstance(found, list):
            raise BadResponseError("an array is due")
        made = [
            Balance(currency(row), total=total(row), reserved=reserved(row), network=row.get("network"))
            for row in found
        ]
        return snapshot(rows(made), as_of=as_of(answer))

    return parse


RIGHT = reading()


def cents(factor: Callable[[Decimal], Decimal]) -> Parse:
    return reading(total=lambda row: factor(amount(row["cents"])), reserved=lambda row: None)


CENTS = {"cents": {"data": [{"currency": "EUR", "cents": 1250}]}, "none": NONE}


def derived(free: Callable[[Any], Decimal]) -> Parse:
    def parse(response: Response, query: Query[Any]) -> Snapshot:
        answer = parse_json(response.body)
        return snapshot([Balance(answer["unit"], total=amount(answer["limit"]), available=free(answer))])

    return parse


DERIVED = {"derived": {"unit": "EUR", "limit": "100.00", "used": "12.34"}}


def in_words(pattern: str, read: Callable[[str], Decimal], usual: str | None = None) -> Parse:
    def parse(response: Response, query: Query[Any]) -> Snapshot:
        match = re.search(pattern, response.text)
        if match is None:
            raise BadResponseError("not understood")
        found = match.groupdict()
        return snapshot([Balance(found.get("currency") or usual or "EUR", total=read(found["amount"]))])

    return parse


WORDS = {"words": "You have 31.17 UAH left.\n"}
STRICT = r"^You have (?P<amount>\S+) (?P<currency>[A-Z]{3}) left\.\s*$"


SYMBOLS = {"symbols": {"data": {"EUR": "1.50", "USD": "2"}}}


def by_symbol(response: Response, query: Query[Any]) -> Snapshot:
    return snapshot(Balance(name, total=amount(value)) for name, value in parse_json(response.body)["data"].items())
