"""The flow over several steps: pages, discovery, ends, tokens."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from coffers import (
    AuthError,
    BadResponseError,
    PluginError,
    RejectedError,
    Response,
    Secret,
    Snapshot,
)
from coffers.flow import HeldToken, NeedToken, fetch_token
from coffers.plugin import AccessToken, Balance, Query, status_error
from tests.core import toy
from tests.core.driver import KEY, OK, Driver

# --- steps: pages, discovery, ends ---------------------------------------------------------------------------------


def paged(response: Response, query: Query[Any]) -> Snapshot:
    page, last = query.get("page", "1"), response.header("last") == "yes"
    row = Balance("USD", total=Decimal(page), wallet=f"w{page}")
    as_of = datetime(2026, 1, 10 - int(page), tzinfo=UTC)
    return Snapshot([row], as_of, next=() if last else (query.then("balances", {"page": str(int(page) + 1)}),))


def test_pages_are_read_in_order_and_the_oldest_time_counts() -> None:
    driver = Driver(toy.plugin(parse=paged))
    snapshot = driver(OK, OK, Response(200, (("last", "yes"),)))
    assert [row.wallet for row in snapshot.balances] == ["w1", "w2", "w3"]
    assert [sent.target for sent in driver.sent] == ["/balances", "/balances?page=2", "/balances?page=3"]
    assert snapshot.as_of == datetime(2026, 1, 7, tzinfo=UTC)
    assert snapshot.next == ()


def guarded_pages(response: Response, query: Query[Any]) -> Snapshot:
    if response.status != 200:
        raise status_error(response)
    return paged(response, query)


def test_a_page_is_tried_again_alone() -> None:
    driver = Driver(toy.plugin(parse=guarded_pages))
    driver(OK, Response(503), Response(200, (("last", "yes"),)))
    assert [sent.target for sent in driver.sent] == ["/balances", "/balances?page=2", "/balances?page=2"]


def test_a_read_is_all_or_nothing() -> None:
    driver = Driver(toy.plugin(parse=guarded_pages))
    assert isinstance(driver.failure(OK, Response(401)), AuthError)


def test_a_query_asked_twice_is_an_error() -> None:
    def parse(response: Response, query: Query[Any]) -> Snapshot:
        return Snapshot(next=(query,))

    error = Driver(toy.plugin(parse=parse)).failure(OK)
    assert isinstance(error, BadResponseError)
    assert "the same step again" in error.message


def test_a_read_ends_after_fifty_steps() -> None:
    driver = Driver()

    def parse(response: Response, query: Query[Any]) -> Snapshot:
        return Snapshot(next=(query.then("balances", {"page": str(len(driver.sent))}),))

    driver.plugin = toy.plugin(parse=parse)
    assert "more than 50 steps" in driver.failure(*[OK] * 50).message


def test_a_read_has_at_most_ten_thousand_rows() -> None:
    rows = tuple(Balance("USD", total=Decimal(1), wallet=str(number)) for number in range(10_001))
    error = Driver(toy.plugin(parse=lambda response, query: Snapshot(rows))).failure(OK)
    assert "more than 10000 balances" in error.message


# --- tokens --------------------------------------------------------------------------------------------------------


def with_token(response: Response, query: Query[Any]) -> Snapshot | AccessToken:
    if response.status != 200:
        raise status_error(response)
    return AccessToken(Secret("fetched-token"), 60) if query.step == "token" else toy.parse(response, query)


FRESH = HeldToken(AccessToken(Secret("token-one"), 60), kept=False)
KEPT = HeldToken(AccessToken(Secret("token-two"), 60), kept=True)


def test_a_step_that_needs_a_token_asks_for_one_first() -> None:
    driver = Driver(toy.plugin(parse=with_token, token_step="token"), tokens=[FRESH])
    assert driver(OK).balances
    assert ("Authorization", "Bearer token-one") in driver.sent[0].headers
    assert driver.needs == [NeedToken(None)]


def test_the_token_step_itself_is_signed_without_one() -> None:
    driver = Driver(toy.plugin(parse=with_token, token_step="token"))
    token = driver(OK, flow=fetch_token)
    assert token == AccessToken(Secret("fetched-token"), 60)
    assert ("Authorization", f"Bearer {KEY}") in driver.sent[0].headers
    assert driver.needs == []


def test_a_refused_kept_token_is_refreshed_once() -> None:
    driver = Driver(toy.plugin(parse=with_token, token_step="token"), tokens=[KEPT, FRESH])
    assert driver(Response(401), OK).balances
    assert driver.needs == [NeedToken(None), NeedToken(KEPT.token)]


def test_a_refused_new_token_is_final() -> None:
    driver = Driver(toy.plugin(parse=with_token, token_step="token"), tokens=[FRESH])
    assert isinstance(driver.failure(Response(401)), AuthError)


def test_a_second_refusal_is_final_even_for_a_kept_token() -> None:
    driver = Driver(toy.plugin(parse=with_token, token_step="token"), tokens=[KEPT, KEPT])
    assert isinstance(driver.failure(Response(401), Response(401)), AuthError)


def test_a_token_is_kept_over_a_retry() -> None:
    driver = Driver(toy.plugin(parse=with_token, token_step="token"), tokens=[KEPT])
    assert driver(Response(503), OK).balances


def test_a_token_that_comes_back_in_a_refusal_is_scrubbed() -> None:
    def echoing(response: Response, query: Query[Any]) -> Snapshot:
        raise RejectedError(f"unknown token {response.text}", code=response.text, request_id=f"r-{response.text}")

    driver = Driver(toy.plugin(parse=echoing, token_step="token"), tokens=[FRESH])
    error = driver.failure(Response(400, (), b"token-one, key " + KEY.encode()))
    assert (error.message, error.code) == ("unknown token ***, key ***", "***, key ***")
    assert error.request_id == "r-***, key ***"


def test_answers_of_the_wrong_sort_are_plugin_faults() -> None:
    token_for_balances = toy.plugin(parse=lambda response, query: AccessToken(Secret("t"), 1))
    assert isinstance(Driver(token_for_balances).failure(OK), PluginError)
    balances_for_token = toy.plugin(parse=toy.parse, token_step="token")
    assert isinstance(Driver(balances_for_token).failure(OK, flow=fetch_token), PluginError)
