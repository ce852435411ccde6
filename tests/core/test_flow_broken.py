"""Verbs that do not end, leave, or answer nonsense: each is that account's error, and says which verb."""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, NoReturn

import attrs
import pytest

from coffers import (
    AuthError,
    BadResponseError,
    ClockError,
    CoffersError,
    PluginError,
    RejectedError,
    Response,
    SignedRequest,
    flow,
)
from coffers.bounds import bounded
from coffers.guard import parse_guarded
from coffers.plugin import AccessToken, Attempt, Balance, Query, Request, Secret, Snapshot, Valuation
from tests.core import toy
from tests.core.driver import KEY, OK, Driver, untraced

VERBS = ["request", "sign", "parse"]


def broken(verb: str, function: Callable[..., Any]) -> object:
    verbs: dict[str, Any] = {verb: function}
    return toy.plugin(**verbs)


def failure(verb: str, function: Callable[..., Any], **more: Any) -> CoffersError:
    """What a read with that verb fails with; it is the plugin's fault."""
    script = [OK] if verb == "parse" else []
    error = Driver(broken(verb, function), **more).failure(*script)
    assert isinstance(error, PluginError), repr(error)
    return error


@pytest.mark.parametrize("verb", VERBS)
def test_an_endless_loop_ends_and_is_named(verb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "LEAST_VERB_S", 0.05)

    def loop(*_: Any) -> NoReturn:
        while True:
            pass

    error = failure(verb, loop, deadline=0.01)
    assert error.message == f"coffers_{verb} did not end within 0.05 s"
    assert error.attempts == (1 if verb == "parse" else None)


def test_a_verb_has_what_is_left_of_the_read_and_a_little_in_any_case() -> None:
    def slow(response: Response, query: Query[Any]) -> Snapshot:
        time.sleep(0.15)
        return toy.parse(response, query)

    assert Driver(toy.plugin(parse=slow), deadline=0.0001)(OK).balances


def test_the_line_told_is_the_plugins_own_and_not_the_one_of_coffers_it_called() -> None:
    def sign(request: Request, credentials: Any, attempt: Attempt) -> SignedRequest:
        return request.seal(query={"key": credentials.key})

    message = failure("sign", sign).message
    assert message.startswith("coffers_sign raised TypeError at tests.core.test_flow_broken:")


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("raised", [SystemExit(3), GeneratorExit(), BaseException("made up")])
def test_a_verb_cannot_make_the_program_leave(verb: str, raised: BaseException) -> None:
    def leave(*_: Any) -> NoReturn:
        raise raised

    message = failure(verb, leave).message
    assert message.startswith(f"coffers_{verb} raised {type(raised).__name__} at tests.core.test_flow_broken:")
    assert "made up" not in message


@pytest.mark.parametrize("verb", VERBS)
def test_ctrl_c_during_a_verb_is_not_swallowed(verb: str) -> None:
    def interrupted(*_: Any) -> NoReturn:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Driver(broken(verb, interrupted))(OK)


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("raised", [RecursionError(), MemoryError()])
def test_too_deep_and_too_large_are_faults_of_the_verb(verb: str, raised: Exception) -> None:
    def fail(*_: Any) -> NoReturn:
        raise raised

    error = Driver(broken(verb, fail)).failure(*[OK] * (verb == "parse"))
    assert (error.kind, type(raised).__name__ in error.message) == (
        "bad_response" if verb == "parse" else "plugin",
        True,
    )


def test_the_time_of_a_call_around_it_is_not_swallowed_by_a_verb() -> None:
    def loop(*_: Any) -> NoReturn:
        while True:
            pass

    for verb in VERBS:
        driver = Driver(broken(verb, loop))
        with pytest.raises(PluginError, match=r"^all of it did not end within 0\.05 s$"):
            bounded(driver, *[OK] * (verb == "parse"), limit_s=0.05, complaint="all of it did not end within")


@pytest.mark.parametrize("answer", [None, 5, "text", {}, [], object(), OK, Snapshot])
@pytest.mark.parametrize("verb", VERBS)
def test_an_answer_of_another_type_is_refused(verb: str, answer: Any) -> None:
    assert failure(verb, lambda *_: answer).message.startswith(f"coffers_{verb} must answer ")


@pytest.mark.parametrize(
    "signed",
    [
        SignedRequest(b"GET", "api", "/", (), b""),  # type: ignore[arg-type]  # wrong on purpose
        SignedRequest("GET", "api", None, (), b""),  # type: ignore[arg-type]  # wrong on purpose
        SignedRequest("GET", "api", "/", (), "text"),  # type: ignore[arg-type]  # wrong on purpose
    ],
)
def test_a_message_of_wrong_parts_is_not_sent(signed: SignedRequest) -> None:
    assert failure("sign", lambda *_: signed).message == "coffers_sign must answer what request.seal() makes"


@pytest.mark.parametrize("host", [None, 5, ["api"], "elsewhere"])
def test_a_request_to_no_host_of_the_manifest_is_refused(host: Any) -> None:
    assert "host that is not in base_urls" in failure("request", lambda _: Request("GET", "/", host=host)).message


# --- what is too much ----------------------------------------------------------------------------------------------


class Endless(dict[str, str]):
    def keys(self) -> Any:
        return (str(number) for number in itertools.count())

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __getitem__(self, name: str) -> str:
        return name


@pytest.mark.parametrize(
    "parse",
    [
        lambda *_: Snapshot([Balance("USD", total=Decimal(1), details=Endless())]),
        lambda *_: Snapshot(next=(Query(None, "page", ((str(n), "") for n in itertools.count())),)),
    ],
)
def test_what_never_ends_ends_inside_parse(parse: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "LEAST_VERB_S", 0.05)
    error = untraced(lambda: failure("parse", parse, deadline=0.01))
    assert error.message == "coffers_parse did not end within 0.05 s"


LONG = "x" * 600_000


@pytest.mark.parametrize(
    "row",
    [
        {"network": LONG, "wallet": LONG},
        {"details": {LONG: LONG}},
        {"wallet": LONG, "details": {"note": LONG}, "valuation": Valuation("USD", total=Decimal(1))},
    ],
)
def test_texts_longer_than_any_answer_are_the_plugins(row: dict[str, Any]) -> None:
    error = failure("parse", lambda *_: Snapshot([Balance("USD", total=Decimal(1), **row)]))
    assert error.message == "coffers_parse made more than 1048576 characters of one answer"


def test_state_longer_than_any_answer_is_refused_too() -> None:
    message = failure("parse", lambda _, query: Snapshot(next=(query.then("page", {LONG: LONG}),))).message
    assert message == "coffers_parse made more than 1048576 characters of one answer"


def test_one_answer_that_leads_to_too_many_steps_is_refused_before_any_is_asked() -> None:
    def parse(_: Response, query: Query[Any]) -> Snapshot:
        return Snapshot(next=tuple(query.then("page", {"n": str(n)}) for n in range(51)))

    driver = Driver(toy.plugin(parse=parse))
    error = driver.failure(OK)
    assert (type(error), error.message, len(driver.sent)) == (
        BadResponseError, "the answer leads to more than 50 steps", 1,
    )  # fmt: skip


def test_answers_that_lead_to_too_many_steps_together_are_refused_as_soon_as_it_is_clear() -> None:
    def parse(_: Response, query: Query[Any]) -> Snapshot:
        return Snapshot(next=tuple(query.then("page", {"n": query.get("n") + str(n)}) for n in range(30)))

    driver = Driver(toy.plugin(parse=parse))
    assert (driver.failure(OK, OK).message, len(driver.sent)) == ("more than 50 steps", 2)


def test_answers_with_too_many_rows_together_are_refused() -> None:
    def parse(_: Response, query: Query[Any]) -> Snapshot:
        page = query.then("page", {"n": query.get("n") + "1"})
        return Snapshot([Balance("USD", total=Decimal(1))] * 6000, next=(page,))

    assert Driver(toy.plugin(parse=parse)).failure(OK, OK).message == "more than 10000 balances"


# --- what the flow could not go on with ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "token",
    [
        AccessToken("text", 60),  # type: ignore[arg-type]  # wrong on purpose
        AccessToken(Secret("t"), "60"),  # type: ignore[arg-type]  # wrong on purpose
        AccessToken(Secret("t"), Decimal(60)),  # type: ignore[arg-type]  # wrong on purpose
        AccessToken(Secret("t"), 10**400),
        AccessToken(Secret("t"), float("nan")),  # type: ignore[arg-type]  # wrong on purpose
    ],
)
def test_a_token_of_wrong_parts_is_refused(token: AccessToken) -> None:
    driver = Driver(toy.plugin(parse=lambda *_: token, token_step="token"))
    assert "a Secret and a number of seconds" in driver.failure(OK, flow=flow.fetch_token).message


def test_settings_that_cannot_be_hashed_are_named() -> None:
    error = failure("parse", lambda *_: Snapshot(next=(Query(settings=[]),)))
    assert error.message == "the settings of a query cannot be hashed (TypeError)"
    driver = Driver()
    bound = attrs.evolve(driver.bound(), settings=[])
    with pytest.raises(PluginError, match="cannot be hashed") as caught:
        next(flow.read(bound, flow.Run(1, lambda: 0, lambda: 0, driver.clock, driver.draw, driver.may_retry)))
    assert caught.value.account == "shop"


class OwnError(RejectedError):
    """As naive authors write one: not to be made again from its facts, and without some of them."""

    def __init__(self, number: int) -> None:
        Exception.__init__(self, f"number {number}")


class OwnClockError(ClockError):
    def __init__(self, server_time: Any) -> None:
        super().__init__("too late", server_time=server_time)


class OwnKindError(CoffersError):
    kind = "of its own"


def test_an_error_class_of_the_plugins_own_becomes_the_one_it_is_made_from() -> None:
    def parse(*_: Any) -> NoReturn:
        raise OwnError(7)

    error = Driver(toy.plugin(parse=parse)).failure(OK)
    assert (type(error), error.message) == (RejectedError, "OwnError")
    error = Driver(toy.plugin(request=parse)).failure()
    assert (type(error), error.message) == (RejectedError, "OwnError")


def test_an_error_of_no_known_kind_is_the_plugins_fault() -> None:
    def sign(*_: Any) -> NoReturn:
        raise OwnKindError(f"made up with {KEY}", code=5)

    error = Driver(toy.plugin(sign=sign)).failure()
    assert (type(error), error.message, error.code) == (PluginError, "made up with ***", "5")


@pytest.mark.parametrize("server_time", ["yesterday", 5, None])
def test_a_clock_error_with_a_time_that_is_none_mends_nothing(server_time: Any) -> None:
    def parse(*_: Any) -> NoReturn:
        raise ClockError("too late", server_time=server_time)

    assert isinstance(Driver(toy.plugin(parse=parse)).failure(OK), ClockError)


def test_a_known_error_stands_as_it_is() -> None:
    def parse(*_: Any) -> NoReturn:
        raise AuthError("who are you")

    with pytest.raises(AuthError, match="who are you"):
        parse_guarded(parse, Query(None), OK)


def test_leaving_is_told_whatever_the_status_is() -> None:
    def parse(*_: Any) -> NoReturn:
        sys.exit("made up")

    with pytest.raises(PluginError, match="coffers_parse raised SystemExit"):
        parse_guarded(parse, Query(None), Response(500))
