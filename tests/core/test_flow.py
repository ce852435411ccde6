"""The flow of a read, driven by hand: no socket, no clock, no sleep."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime
from typing import Any

import attrs
import pytest

from coffers import (
    AuthError,
    BadResponseError,
    ClockError,
    CoffersError,
    ConfigError,
    NetworkError,
    PermissionDeniedError,
    PluginError,
    RateLimitedError,
    RejectedError,
    Response,
    SignedRequest,
    Snapshot,
    UnavailableError,
)
from coffers.plugin import Attempt, Balance, Query, Request
from tests.core import toy
from tests.core.driver import KEY, NOW_S, OK, Driver


def test_a_plain_success_takes_one_request() -> None:
    driver = Driver()
    snapshot = driver(OK)
    assert snapshot == Snapshot((Balance("USD", total=Decimal("1.50")),))
    assert str(snapshot.balances[0].total) == "1.50"
    [sent] = driver.sent
    assert (sent.method, sent.target, sent.host) == ("GET", "/balances", "api")
    assert ("Authorization", f"Bearer {KEY}") in sent.headers


def test_an_auth_refusal_takes_one_request_even_with_an_empty_body() -> None:
    driver = Driver()
    error = driver.failure(Response(401))
    assert isinstance(error, AuthError)
    assert (error.attempts, error.step, len(driver.sent), driver.pauses) == (1, "balances", 1, [])


# --- what an answer counts as --------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 307, 308, 399])
def test_a_redirect_is_never_an_answer_and_only_its_host_is_named(status: int) -> None:
    location = f"https://evil.example:444/login?key={KEY}"
    error = Driver().failure(Response(status, (("Location", location),), OK.body))
    assert isinstance(error, BadResponseError)
    assert "evil.example" in error.message
    assert "login" not in error.message
    assert "key" not in error.message


@pytest.mark.parametrize("location", [None, "", "/elsewhere", "http://[bad"])
def test_a_redirect_without_a_host_is_an_error_too(location: str | None) -> None:
    headers = () if location is None else (("Location", location),)
    assert "a redirect; redirects are never followed" in Driver().failure(Response(302, headers)).message


@pytest.mark.parametrize(
    ("response", "kind"),
    [
        (Response(403, (("Content-Type", "text/html"),), b"<html>blocked"), UnavailableError),
        (Response(403, (), b"{}"), PermissionDeniedError),
        (Response(400, (), b"no"), RejectedError),
        (Response(404, (), b"no"), RejectedError),
        (Response(200, (), b"<html>welcome"), BadResponseError),
        (Response(200, (), b""), BadResponseError),
        (Response(204, (), b""), BadResponseError),
    ],
)
def test_a_naive_parser_is_guarded(response: Response, kind: type[CoffersError]) -> None:
    def parse(response: Response, query: Query[Any]) -> Snapshot:
        raise KeyError(KEY)

    error = Driver(toy.plugin(parse=parse)).failure(response)
    assert type(error) is kind


def test_a_foreign_exception_tells_its_class_and_place_and_no_text() -> None:
    def parse(response: Response, query: Query[Any]) -> Snapshot:
        raise ValueError("4111 1111 1111 1111")

    message = Driver(toy.plugin(parse=parse)).failure(OK).message
    assert message.startswith("the answer has not the documented form (ValueError at tests.core.test_flow:")
    assert "4111" not in message


def test_the_providers_own_word_stands_whatever_the_status() -> None:
    def parse(response: Response, query: Query[Any]) -> Snapshot:
        raise PermissionDeniedError("address not allowed", code=104)

    error = Driver(toy.plugin(parse=parse)).failure(Response(500))
    assert isinstance(error, PermissionDeniedError)
    assert (error.code, error.message) == ("104", "address not allowed")


def test_no_figure_comes_from_an_error_status() -> None:
    def parse(response: Response, query: Query[Any]) -> Snapshot:
        return Snapshot([Balance("USD", total=Decimal(0))])

    assert isinstance(Driver(toy.plugin(parse=parse)).failure(Response(402)), RejectedError)


def test_an_empty_snapshot_from_an_error_status_is_no_answer() -> None:
    assert isinstance(
        Driver(toy.plugin(parse=lambda response, query: Snapshot())).failure(Response(404)), RejectedError
    )


def test_a_fallback_step_may_follow_an_error_status() -> None:
    def parse(response: Response, query: Query[Any]) -> Snapshot:
        return Snapshot(next=(query.then("other"),)) if response.status == 403 else toy.parse(response, query)

    driver = Driver(toy.plugin(parse=parse))
    assert driver(Response(403, (), b"{}"), OK).balances[0].currency == "USD"
    assert [sent.target for sent in driver.sent] == ["/balances", "/other"]


def test_amounts_are_exact_or_fail_inside_parse() -> None:
    def parse(response: Response, query: Query[Any]) -> Snapshot:
        return Snapshot([Balance("USD", total=-Decimal("0." + "1" * 39))])

    snapshot = Driver(toy.plugin(parse=parse))(OK)
    assert str(snapshot.balances[0].total) == "-0." + "1" * 39

    def inexact(response: Response, query: Query[Any]) -> Snapshot:
        return Snapshot([Balance("USD", total=Decimal(1) / Decimal(3))])

    assert isinstance(Driver(toy.plugin(parse=inexact)).failure(OK), BadResponseError)


@pytest.mark.parametrize("answer", [None, [], {}, "USD", Decimal(1)])
def test_parse_must_answer_a_snapshot(answer: object) -> None:
    error = Driver(toy.plugin(parse=lambda response, query: answer)).failure(OK)
    assert isinstance(error, PluginError)


def test_request_and_sign_that_raise_are_plugin_faults_without_text() -> None:
    def request(query: Query[Any]) -> Request:
        raise ValueError("text of a foreign exception")

    def sign(request: Request, credentials: toy.ByKey, attempt: Attempt) -> SignedRequest:
        raise ValueError(credentials.key.reveal())

    for plugin, verb in ((toy.plugin(request=request), "coffers_request"), (toy.plugin(sign=sign), "coffers_sign")):
        error = Driver(plugin).failure()
        assert isinstance(error, PluginError)
        assert error.message.startswith(f"{verb} raised ValueError at tests.core.test_flow:")
        assert "text" not in error.message


def test_a_secret_that_cannot_be_used_is_config() -> None:
    def sign(request: Request, credentials: toy.ByKey, attempt: Attempt) -> SignedRequest:
        return request.seal(headers=[("X-Key", credentials.key.reveal() + "\n")])

    assert isinstance(Driver(toy.plugin(sign=sign)).failure(), ConfigError)


@pytest.mark.parametrize(
    "plugin",
    [
        toy.plugin(request=lambda query: "GET /"),  # type: ignore[arg-type, return-value]  # wrong on purpose
        toy.plugin(request=lambda query: Request("GET", "/", host="elsewhere")),
        toy.plugin(sign=lambda request, credentials, attempt: request),  # type: ignore[arg-type, return-value]  # wrong on purpose
        toy.plugin(sign=lambda request, credentials, attempt: attrs.evolve(request.seal(), host="elsewhere")),
    ],
)
def test_wrong_values_from_request_and_sign_are_plugin_faults(plugin: object) -> None:
    assert isinstance(Driver(plugin).failure(), PluginError)


# --- secrets that a provider echoes --------------------------------------------------------------------------------


def test_an_echoed_secret_is_scrubbed_from_every_fact() -> None:
    def parse(response: Response, query: Query[Any]) -> Snapshot:
        raise RejectedError(f"unknown key {KEY}", code=KEY, request_id=f"r-{KEY}", field=f"$.{KEY}")

    error = Driver(toy.plugin(parse=parse)).failure(OK)
    assert (error.message, error.code, error.request_id) == ("unknown key ***", "***", "r-***")


def test_an_echoed_secret_in_a_header_is_scrubbed() -> None:
    error = Driver().failure(Response(401, (("X-Request-Id", KEY),)))
    assert error.request_id == "***"


def test_an_echoed_secret_in_details_is_scrubbed_and_as_a_name_refused() -> None:
    def details(response: Response, query: Query[Any]) -> Snapshot:
        return Snapshot([Balance("USD", total=Decimal(1), details={"note": f"for {KEY}", "plain": "kept"})])

    def wallet(response: Response, query: Query[Any]) -> Snapshot:
        return Snapshot([Balance("USD", total=Decimal(1), wallet=KEY.upper())])

    snapshot = Driver(toy.plugin(parse=details))(OK)
    assert dict(snapshot.balances[0].details) == {"note": "for ***", "plain": "kept"}
    assert isinstance(Driver(toy.plugin(parse=wallet)).failure(OK), BadResponseError)


# --- trying again --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "failure", [Response(500), Response(503), Response(408), Response(425), Response(429), NetworkError("cut")]
)
def test_passing_faults_are_tried_three_times_each_freshly_signed(failure: Response | CoffersError) -> None:
    driver = Driver()
    error = driver.failure(failure, failure, failure)
    assert (error.attempts, driver.pauses) == (3, [0.5, 1.0])
    nonces = [dict(sent.headers)["X-Nonce"] for sent in driver.sent]
    assert len(set(nonces)) == 3
    assert nonces == sorted(nonces)


def test_a_second_attempt_may_succeed() -> None:
    driver = Driver(random=0.25)
    assert driver(Response(502), OK).balances
    assert driver.pauses == [0.125]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_a_refusal_is_not_tried_again(status: int) -> None:
    driver = Driver()
    driver.failure(Response(status))
    assert len(driver.sent) == 1


def test_retry_after_is_obeyed_exactly_when_it_fits() -> None:
    driver = Driver()
    assert driver(Response(429, (("Retry-After", "7"),)), OK).balances
    assert driver.pauses == [7.0]


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_beyond_the_deadline_is_reported_at_once(status: int) -> None:
    driver = Driver()
    error = driver.failure(Response(status, (("Retry-After", "3600"),)))
    assert (error.retry_after_s, driver.pauses, len(driver.sent)) == (3600.0, [], 1)
    assert isinstance(error, RateLimitedError if status == 429 else UnavailableError)


def test_retry_after_reaches_an_error_that_parse_raised() -> None:
    def parse(response: Response, query: Query[Any]) -> Snapshot:
        raise RateLimitedError("slow down")

    error = Driver(toy.plugin(parse=parse)).failure(Response(200, (("Retry-After", "99"),)))
    assert error.retry_after_s == 99.0


def test_a_date_to_wait_for_counts_from_our_clock_where_the_server_tells_no_time() -> None:
    driver = Driver()
    until = format_datetime(datetime.fromtimestamp(int(NOW_S) + 3600, UTC), usegmt=True)
    error = driver.failure(Response(429, (("Retry-After", until),)))
    assert (error.retry_after_s, driver.pauses, len(driver.sent)) == (3600.0, [], 1)


def test_no_retry_when_the_backoff_would_pass_the_deadline() -> None:
    driver = Driver(deadline=0.5)
    error = driver.failure(Response(503))
    assert (error.kind, driver.pauses) == ("unavailable", [])


def test_the_kind_is_the_last_failures() -> None:
    assert isinstance(Driver().failure(Response(503), NetworkError("cut"), Response(429)), RateLimitedError)


def test_an_empty_budget_forbids_a_retry() -> None:
    driver = Driver(budget=1)
    driver.failure(Response(503), Response(503))
    assert len(driver.sent) == 2


def test_backoff_never_exceeds_five_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coffers.flow.MAX_ATTEMPTS", 8)
    driver = Driver(deadline=100.0)
    driver.failure(*[Response(503)] * 8)
    assert driver.pauses == [0.5, 1.0, 2.0, 4.0, 5.0, 5.0, 5.0]


# --- the clock -----------------------------------------------------------------------------------------------------


def wrong_clock(server_time: datetime | None = None) -> Callable[[Response, Query[Any]], Snapshot]:
    def parse(response: Response, query: Query[Any]) -> Snapshot:
        if response.status == 400:
            raise ClockError("request has expired", server_time=server_time)
        return toy.parse(response, query)

    return parse


DATE = Response(400, (("Date", "Tue, 14 Nov 2023 23:13:20 GMT"),))  # an hour after NOW_S


def stamps(driver: Driver) -> list[int]:
    return [int(dict(sent.headers)["X-Time"]) for sent in driver.sent]


def test_a_clock_error_is_mended_once_from_the_date_header_and_is_no_retry() -> None:
    driver = Driver(toy.plugin(parse=wrong_clock()), budget=0)
    assert driver(DATE, OK).balances
    assert stamps(driver) == [1_700_000_000_000, 1_700_003_600_000]
    assert driver.pauses == []
    assert driver.clock.offset_ms == 3_600_000


def test_the_offset_is_set_and_never_added_to() -> None:
    driver = Driver(toy.plugin(parse=wrong_clock()))
    driver(DATE, OK)
    driver(OK)
    assert stamps(driver)[-1] == 1_700_003_600_000
    driver(DATE, OK)
    assert stamps(driver)[-1] == 1_700_003_600_000


def test_a_second_clock_error_is_final() -> None:
    driver = Driver(toy.plugin(parse=wrong_clock()))
    error = driver.failure(DATE, DATE)
    assert (error.kind, error.retryable, error.attempts) == ("clock", True, 2)


def test_the_providers_own_time_goes_before_the_header() -> None:
    theirs = datetime.fromtimestamp(NOW_S, UTC) - timedelta(hours=2)
    driver = Driver(toy.plugin(parse=wrong_clock(theirs)))
    assert driver(DATE, OK).balances
    assert stamps(driver)[-1] == 1_699_992_800_000


@pytest.mark.parametrize("headers", [(), (("Date", "yesterday"),), (("Date", ""),)])
def test_without_a_usable_time_a_clock_error_is_raised(headers: tuple[tuple[str, str], ...]) -> None:
    driver = Driver(toy.plugin(parse=wrong_clock()))
    assert isinstance(driver.failure(Response(400, headers)), ClockError)
