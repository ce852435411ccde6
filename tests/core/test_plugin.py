"""The plugin author's door: what is behind it, and its few functions."""

from __future__ import annotations

from typing import Any

import pytest

from coffers import hookspecs, plugin
from coffers.errors import AuthError, CoffersError, ConfigError, RateLimitedError, RejectedError
from coffers.messages import Response
from coffers.plugin import basic, bearer, refusal
from coffers.secret import Secret


@pytest.mark.parametrize("name", plugin.__all__)
def test_every_name_is_there(name: str) -> None:
    assert getattr(plugin, name) is not None


def test_another_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Purse'"):
        _ = plugin.Purse


def test_the_names_are_told_once_and_in_order() -> None:
    assert len(set(plugin.__all__)) == len(plugin.__all__)
    assert {cls.__name__ for cls in CoffersError.__subclasses__() if cls.__module__ == "coffers.errors"} < set(
        plugin.__all__
    )


@pytest.mark.parametrize("verb", ["coffers_provider", "coffers_request", "coffers_sign", "coffers_parse"])
def test_every_hook_has_its_page(verb: str) -> None:
    page = getattr(hookspecs, verb).__doc__
    assert "MUST" in page
    assert "@hookimpl" in page
    assert verb in hookspecs.__all__


def test_authorization_headers() -> None:
    assert bearer(Secret("t0ken")) == ("Authorization", "Bearer t0ken")
    assert basic("Aladdin", Secret("open sesame")) == ("Authorization", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==")
    assert basic("test", Secret("123£")) == ("Authorization", "Basic dGVzdDoxMjPCow==")  # RFC 7617, section 2.1
    assert basic("", Secret("a:b")) == ("Authorization", "Basic OmE6Yg==")


@pytest.mark.parametrize(("user", "password"), [("a:b", "p"), ("a", "CANARY\udcff"), ("CANARY\udcff", "p")])
def test_what_basic_cannot_carry(user: str, password: str) -> None:
    with pytest.raises(ConfigError) as caught:
        basic(user, Secret(password))
    assert "CANARY" not in repr(caught.value)
    assert caught.value.__context__ is caught.value.__cause__ is None


TABLE: dict[str | int, type[CoffersError]] = {101: AuthError, "slow": RateLimitedError}


@pytest.mark.parametrize(
    ("status", "message", "code", "cls", "words"),
    [
        (200, "bad key", 101, AuthError, "bad key"),
        (500, "bad key", 101, AuthError, "bad key"),
        (200, None, "slow", RateLimitedError, "refused with code slow"),
        (200, "no", 7, RejectedError, "no"),
        (200, None, 7, RejectedError, "refused with code 7"),
        (200, None, None, RejectedError, "refused without a reason"),
        (200, "", None, RejectedError, "refused without a reason"),
        (302, "no", None, RejectedError, "no"),
        (401, None, None, AuthError, "HTTP 401 Unauthorized"),
        (401, "no", 7, AuthError, "no"),
        (429, None, 7, RateLimitedError, "HTTP 429 Too Many Requests"),
        (400, "no", ["odd"], RejectedError, "no"),
        (200, None, ["odd"], RejectedError, "refused without a reason"),
        (401, ["no"], 7, AuthError, "HTTP 401 Unauthorized"),
        (200, {"text": "no"}, 101, AuthError, "refused with code 101"),
    ],
)
def test_what_a_refusal_means(status: int, message: Any, code: Any, cls: type[CoffersError], words: str) -> None:
    headers = (("Retry-After", "9"), ("X-Request-Id", "r-1"))
    error = refusal(Response(status, headers), message, code, TABLE)
    assert type(error) is cls
    assert (error.message, error.retry_after_s, error.request_id) == (words, 9.0, "r-1")
    assert error.code == (str(code) if isinstance(code, str | int) else None)


def test_a_refusal_needs_no_table() -> None:
    assert type(refusal(Response(200), "no", 101)) is RejectedError
