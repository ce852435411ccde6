"""Pagsmile's sandbox part: it checks what the provider checks, and `coffers_parse` reads its answers exactly."""

from __future__ import annotations

import hashlib
import json
from decimal import Decimal
from typing import Any

import attrs
import pytest

import coffers_pagsmile
from coffers import parse_guarded
from coffers.plugin import (
    Attempt,
    AuthError,
    ClockError,
    Query,
    RejectedError,
    Response,
    SandboxAccount,
    SandboxCall,
    Secret,
    SignedRequest,
    Snapshot,
)
from coffers_pagsmile import App, Settings
from coffers_pagsmile.sandbox import SANDBOX, WINDOW_S

NOW_S = 1_642_075_807
QUERY = Query(Settings())


def account(balances: dict[str, str] | None = None) -> SandboxAccount:
    amounts = balances or dict(SANDBOX.balances)
    return SandboxAccount(dict(SANDBOX.fields), {name: Decimal(amount) for name, amount in amounts.items()})


def signed(app_id: str = "made-up-app", key: str = "made-up-app-key", time_s: int = NOW_S) -> SignedRequest:
    request = coffers_pagsmile.coffers_request(QUERY)
    return coffers_pagsmile.coffers_sign(request, App(app_id, Secret(key)), Attempt(time_s * 1000, 0))


def read(request: SignedRequest, state: SandboxAccount, **changes: Any) -> Snapshot:
    call = SandboxCall(request.method, request.target, (), request.headers, request.body, time_s=NOW_S + 0.9)
    reply = SANDBOX.answer(attrs.evolve(call, **changes), state)
    assert json.loads(reply.body).keys() == {"code", "msg", "time", "data"}
    answer = parse_guarded(coffers_pagsmile.coffers_parse, QUERY, Response(reply.status, reply.headers, reply.body))
    assert isinstance(answer, Snapshot)
    return answer


@pytest.mark.parametrize(
    "balances", [None, {"BRL": "-0.01"}, {"USD": "123456789012345678901234567890.10", "MXN": "0.00"}]
)
def test_parse_reads_exactly_what_the_sandbox_holds(balances: dict[str, str] | None) -> None:
    state = account(balances)
    snapshot = read(signed(), state)
    assert {balance.currency: str(balance.total) for balance in snapshot.balances} == {
        name: str(amount) for name, amount in state.balances.items()
    }
    assert snapshot.as_of is not None
    assert snapshot.as_of.timestamp() == NOW_S


def test_wrong_key_app_or_revoked_is_permission_denied() -> None:
    revoked = account()
    revoked.revoked = True
    for request, state in ((signed(key="wrong"), account()), (signed("other"), account()), (signed(), revoked)):
        with pytest.raises(AuthError, match="permission denied") as caught:
            read(request, state)
        assert caught.value.code == "4004003"


@pytest.mark.parametrize("body", [b'{"timestamp":1642075808}', b'{"timestamp":1642075807,"v":1}', b'{"timestamp":1.5}'])
def test_the_signature_covers_every_member(body: bytes) -> None:
    with pytest.raises(AuthError):
        read(signed(), account(), body=body)


def test_a_well_signed_body_still_needs_its_timestamp() -> None:
    request = coffers_pagsmile.coffers_request(QUERY)
    digest = hashlib.sha256(b"made-up-app-key").hexdigest()  # no member: the key alone is signed
    with pytest.raises(RejectedError, match="timestamp"):
        read(request.seal(headers={"AppId": "made-up-app", "Authorization": digest}), account())


@pytest.mark.parametrize("age_s", [WINDOW_S + 1, -WINDOW_S - 2])
def test_an_old_or_early_timestamp_has_expired(age_s: int) -> None:
    with pytest.raises(ClockError, match="request has expired") as caught:
        read(signed(time_s=NOW_S - age_s), account())
    assert caught.value.code == "4001000"
    assert caught.value.server_time is not None
    assert caught.value.server_time.timestamp() == NOW_S


@pytest.mark.parametrize("age_s", [WINDOW_S - 1, 1 - WINDOW_S])
def test_a_timestamp_within_the_window_is_taken(age_s: int) -> None:
    assert read(signed(time_s=NOW_S - age_s), account()).balances


def test_missing_headers_have_their_own_codes() -> None:
    headers = signed().headers
    for name, code in (("AppId", "4004100"), ("Authorization", "4004101")):
        with pytest.raises(AuthError) as caught:
            read(signed(), account(), headers=tuple(pair for pair in headers if pair[0] != name))
        assert caught.value.code == code


@pytest.mark.parametrize(
    "change",
    [{"path": "/api/other"}, {"method": "GET"}, {"body": b"["}, {"body": b"[]"}],
)
def test_other_requests_are_rejected(change: dict[str, Any]) -> None:
    with pytest.raises(RejectedError):
        read(signed(), account(), **change)


def test_another_content_type_is_rejected() -> None:
    headers = tuple(
        ("Content-Type", "text/plain") if name == "Content-Type" else (name, value) for name, value in signed().headers
    )
    with pytest.raises(RejectedError):
        read(signed(), account(), headers=headers)
