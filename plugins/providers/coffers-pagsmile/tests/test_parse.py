"""Pagsmile's answers: the rows of its pages and of their contradictions, one by one; the vectors hold the rest."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import coffers_pagsmile
from coffers import parse_guarded
from coffers.plugin import (
    AuthError,
    BadResponseError,
    ClockError,
    CoffersError,
    PermissionDeniedError,
    Query,
    RateLimitedError,
    RejectedError,
    Response,
    Snapshot,
    UnavailableError,
    amount_to_text,
)
from coffers.testing.mutations import mutants
from coffers.testing.vectors import load_cases, read_response
from coffers_pagsmile import Settings

QUERY = Query(Settings())
VECTORS = {case.name: case for case in load_cases(Path(__file__).parents[1] / "vectors")}
DOCUMENTED: dict[str, Any] = json.loads(read_response(VECTORS["balances"].files["response.http"]).body)
AMOUNTS = {"USD": "551.38", "GBP": "0", "EUR": "0", "BRL": "99002.23", "MXN": "0"}


def parse(body: object, status: int = 200) -> Snapshot:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = parse_guarded(coffers_pagsmile.coffers_parse, QUERY, Response(status, (), content))
    assert isinstance(answer, Snapshot)
    return answer


def failure(code: int, msg: str = "said so", data: object = None, status: int = 400, time: object = 0) -> CoffersError:
    with pytest.raises(CoffersError) as caught:
        parse({"code": code, "msg": msg, "time": time, "data": {} if data is None else data}, status)
    return caught.value


def test_the_documented_success() -> None:
    snapshot = parse(DOCUMENTED)
    assert {balance.currency: str(balance.total) for balance in snapshot.balances} == AMOUNTS
    assert all(balance.unit == "money" and balance.available is None for balance in snapshot.balances)
    assert snapshot.as_of == datetime(2022, 1, 13, 12, 10, 13, tzinfo=UTC)


@pytest.mark.parametrize(
    ("codes", "cls", "status"),
    [
        ([4004001, 4004002, 4004003, 4004100, 4004101], AuthError, 401),
        ([4004103], PermissionDeniedError, 401),
        ([4004004], RejectedError, 404),
        ([4004029, 429], RateLimitedError, 429),
        ([4001200, 4001203], AuthError, 400),
        ([4001201, 4001202], PermissionDeniedError, 400),
        (
            [400, *range(4001000, 4001015), *range(4001020, 4001024), *range(4001100, 4001112), 4001302],
            RejectedError,
            400,
        ),
        ([500, *range(5001000, 5001006), *range(5001100, 5001104)], UnavailableError, 500),
    ],
)
def test_the_code_table(codes: list[int], cls: type[CoffersError], status: int) -> None:
    for code in codes:
        error = failure(code, status=status)
        assert (type(error), error.code, error.message) == (cls, str(code), "said so")


@pytest.mark.parametrize("code", [4004003, 4004103, 4004029, 5001000])
def test_a_known_code_speaks_before_the_status(code: int) -> None:
    assert type(failure(code, status=200)) is type(failure(code, status=400)) is not RejectedError


@pytest.mark.parametrize("status", [200, 400, 401, 500])
@pytest.mark.parametrize("code", [4001000, 4001009, 4001011, 4001010, 123])
def test_request_has_expired_is_clock_under_any_code(code: int, status: int) -> None:
    for msg, data in (("request has expired", {}), ("invalid parameter", {"err": "Request has EXPIRED"})):
        error = failure(code, msg, data, status, 1642078510)
        assert isinstance(error, ClockError)
        assert error.server_time == datetime.fromtimestamp(1642078510, UTC)


@pytest.mark.parametrize("time", [None, "1642078510", 0, -1, 1642078510000, 1642078510.5, True, [], 10**40])
def test_a_time_that_makes_no_sense_is_no_time(time: object) -> None:
    error = failure(4001011, "request has expired", time=time)
    assert isinstance(error, ClockError)
    assert error.server_time is None
    assert parse(DOCUMENTED | {"time": time}).as_of is None


def test_the_words_beside_the_message_are_kept() -> None:
    assert failure(4001000, "invalid parameter", {"err": "timestamp"}).message == "invalid parameter: timestamp"
    assert failure(500, "system error", {"error": "db"}, 500).message == "system error: db"
    assert failure(4001000, "", {"err": 7, "secret": "x"}).message == "HTTP 400 Bad Request"


def test_success_code_0_needs_http_200_and_a_list() -> None:
    assert len(parse(DOCUMENTED | {"code": 0}).balances) == 5
    for data in ({}, None, "", {"err": "no"}):
        with pytest.raises(BadResponseError):
            parse(DOCUMENTED | {"code": 0, "data": data})
    with pytest.raises(BadResponseError):
        parse(DOCUMENTED | {"code": 0}, 201)
    with pytest.raises(UnavailableError):
        parse(DOCUMENTED | {"code": 0}, 500)


@pytest.mark.parametrize("code", ["200", 200.0, True, None, "", [200]])
def test_a_code_that_is_no_whole_number_is_not_understood(code: object) -> None:
    with pytest.raises(BadResponseError):
        parse(DOCUMENTED | {"code": code})


def test_no_figure_comes_from_an_error_status() -> None:
    with pytest.raises(UnavailableError):
        parse(DOCUMENTED, 500)


@given(
    st.decimals(allow_nan=False, allow_infinity=False, places=10, min_value=-(10**24), max_value=10**24), st.booleans()
)
def test_every_digit_of_an_amount_arrives(amount: Decimal, as_text: bool) -> None:
    text = amount_to_text(amount)
    written = f'"{text}"' if as_text else text
    (balance,) = parse(b'{"code": 200, "data": [{"currency": "USD", "amount": %b}]}' % written.encode()).balances
    assert balance.total is not None
    assert amount_to_text(balance.total) == text


def test_no_change_of_the_documented_answer_gives_another_amount() -> None:
    survivors = 0
    for mutant in mutants(DOCUMENTED):
        try:
            snapshot = parse(mutant)
        except CoffersError:
            continue
        survivors += 1
        # What is read is what the mutant says, row by row: none invented, none lost, none 0 that was not.
        assert [amount_to_text(balance.total or Decimal(0)) for balance in snapshot.balances] == [
            row["amount"] for row in mutant["data"]
        ]
        assert all(row["amount"] in AMOUNTS.values() for row in mutant["data"])
    assert survivors > 5


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode), st.sampled_from([200, 400, 401, 429, 500]))
def test_garbage_is_never_a_balance(body: bytes, status: int) -> None:
    with pytest.raises(CoffersError):
        parse(body, status)
