"""No secret gets out: every provider, against servers that echo it back in every form and fail in every way.

Names no provider: they are found among the installed ones, their made-up accounts come from their sandbox parts.
"""

from __future__ import annotations

import base64
import json
import logging
import pickle
import traceback
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from coffers import Account, Client, Outcome, Registry, Response, Secret
from coffers.sandbox import installed_parts
from coffers.testing.hostile import BEHAVIOURS, HostileServer
from tests.core.loopback import Asked, serve

#: Characters that every form writes differently: a slash, quotes, a space, percent, plus, a letter beyond ASCII.
CANARY = 'cAnArY/9f8e7d "q" %2B+b\'\\é'
#: Headers take ASCII only, so a key that goes into one is refused before it is sent; this one is sent.
PLAIN_CANARY = "cAnArY/9f8e7d6c5b4a+39=="

PARTS = installed_parts().found
REGISTRY = Registry()


def forms(canary: str) -> set[str]:
    raw = canary.encode()
    return {
        canary,
        quote(raw, safe=""),
        quote_plus(raw),
        json.dumps(canary)[1:-1],
        json.dumps(canary, ensure_ascii=False)[1:-1],
        json.dumps(canary)[1:-1].replace("/", "\\/"),
        base64.b64encode(raw).decode().rstrip("="),
        base64.urlsafe_b64encode(raw).decode().rstrip("="),
    }


def account(provider_id: str, canary: str, base_url: str, name: str = "shop") -> Account:
    """The provider's made-up account with canaries for secrets, the first complete alternative."""
    loaded = REGISTRY.load(provider_id)
    fields: dict[str, Any] = dict(PARTS[provider_id].fields)
    secrets = {name for name, field in loaded.fields.items() if field.secret}
    return Account(
        name,
        provider_id,
        {name: Secret(canary) if name in secrets else value for name, value in fields.items()},
        base_url=base_url,
        timeout_s=0.4,
    )


def assert_silent(outcome: Outcome, canary: str, *more: str) -> None:
    shown = [repr(outcome), str(outcome.error), repr(outcome.error), pickle.dumps(outcome).decode("latin-1"), *more]
    if outcome.error is not None:
        try:
            outcome.unwrap()
        except type(outcome.error) as error:
            told = traceback.TracebackException.from_exception(error, capture_locals=True)
            shown += [str(frame.locals) for frame in told.stack if "test_canaries" not in frame.filename]
            shown += [*told.format_exception_only(), repr(error.__cause__), repr(error.__context__)]
    for form in forms(canary):
        assert not any(form in text for text in shown), form


def echoes(asked: Asked, canary: str, status: int) -> Iterator[Response]:
    """Answers that hold the secret where a provider's words, codes and names stand."""
    every = " ".join(sorted(forms(canary)))
    for text in (canary, every):
        for body in (
            {"success": False, "error": text},
            {"success": True, "data": [{"success": False, "error": text, "data": {}}]},
            {"success": True, "data": [{"success": True, "data": {"amount": 1, "currency": text}}]},
            {"result": 103, "message": text},
            {"result": 100, "message": text, "data": {text: "1"}},
            {"data": {text: 1}, "message": text, "error": {"key": text, "message": text}, "status": status},
            {"detail": text},
            {"message": text},
            {"status": "error", "result": {text: text}},
            {"status": "error", "result": text},
            {"code": 4001000, "msg": text, "time": 1642078510, "data": {"err": text}},
            {"code": text, "msg": text, "time": text, "data": text},
        ):
            yield Response(status, (("X-Request-Id", "id"),), json.dumps(body).encode())
            yield Response(status, (), json.dumps(body).replace("/", "\\/").encode())
        yield Response(status, (("Content-Type", "text/html"),), f"<html>{text}</html>".encode())
        yield Response(status, (), f"errors:{text}\n".encode())
        yield Response(status, (), f"balance:1\ncurrency:{text}\n".encode())
    yield Response(status, (("X-Request-Id", PLAIN_CANARY), ("Retry-After", PLAIN_CANARY)), asked.body or b"{}")
    yield Response(302, (("Location", f"https://{quote_plus(canary)}.example/?k={quote_plus(canary)}"),), b"")


@pytest.mark.parametrize("status", [200, 400, 401, 403, 500])
@pytest.mark.parametrize("canary", [CANARY, PLAIN_CANARY], ids=["awkward", "plain"])
@pytest.mark.parametrize("provider_id", sorted(PARTS))
def test_an_echoed_secret_is_never_shown(
    provider_id: str, canary: str, status: int, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    turn = [0]

    def answer(asked: Asked) -> Response:
        return list(echoes(asked, canary, status))[turn[0]]

    count = len(list(echoes(Asked("GET", "/", {}, b""), canary, status)))
    with serve(answer) as server, Client(sleep=lambda seconds: None) as client:
        for turn[0] in range(count):
            [outcome] = client.read_many([account(provider_id, canary, server.base_url)])
            assert_silent(outcome, canary)
    printed = capfd.readouterr()
    for form in forms(canary):
        assert form not in caplog.text + printed.out + printed.err


@pytest.mark.parametrize("provider_id", sorted(PARTS))
def test_no_failure_shows_a_secret_or_takes_too_long(
    provider_id: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Every way a server can misbehave: a coffers error within the deadline, no traceback, no number, no secret."""
    caplog.set_level(logging.DEBUG)
    with ExitStack() as stack:
        client = stack.enter_context(Client(sleep=lambda seconds: None))
        servers = {name: stack.enter_context(HostileServer(name)) for name in BEHAVIOURS}
        accounts = [account(provider_id, PLAIN_CANARY, server.base_url, name) for name, server in servers.items()]
        outcomes = list(client.read_many(accounts, workers=16))
    assert {outcome.account.name for outcome in outcomes} == set(BEHAVIOURS)
    for outcome in outcomes:
        assert outcome.snapshot is None, outcome
        assert outcome.elapsed_s < 0.4 + 0.5, outcome
        assert_silent(outcome, PLAIN_CANARY)
    printed = capfd.readouterr()
    for form in forms(PLAIN_CANARY):
        assert form not in caplog.text + printed.out + printed.err
