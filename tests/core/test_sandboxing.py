"""The provider's side of the protocol: what it sees of a call, and what it answers."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from coffers.reading import parse_json
from coffers.sandboxing import (
    SandboxAccount,
    SandboxCall,
    SandboxProvider,
    SandboxReply,
    amount_as_json_number,
    reply_json,
)


def call(body: bytes = b"", **headers: str) -> SandboxCall:
    pairs = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return SandboxCall("POST", "/v1", (("q", "1"),), pairs, body, 1_700_000_000.0)


def test_the_first_header_in_any_case() -> None:
    seen = SandboxCall("GET", "/", (), (("X-Key", "1"), ("x-key", "2")), b"", 0.0)
    assert seen.header("X-KEY") == "1"
    assert seen.header("none") is None


@pytest.mark.parametrize(
    ("given", "kept"),
    [("Application/JSON; charset=utf-8", "application/json"), (" text/plain ", "text/plain"), ("", "")],
)
def test_the_content_type_without_its_parameters(given: str, kept: str) -> None:
    assert call(Content_Type=given).content_type == kept
    assert call().content_type == ""


def test_a_form() -> None:
    assert call(b"a=1&b=%D0%B6+x&a=2&empty=").form == {"a": "2", "b": "ж x", "empty": ""}
    assert call(b"\xff=1").form == {"\ufffd": "1"}


@pytest.mark.parametrize(("body", "value"), [(b'{"a": [1]}', {"a": [1]}), (b"", None), (b"{", None), (b"\xff", None)])
def test_json(body: bytes, value: object) -> None:
    assert call(body).json == value


@pytest.mark.parametrize(
    "digits", ["10.50", "0", "0.00", "-3.10", "123456789012345678901234567890.123456789", "1000000"]
)
def test_an_amount_goes_out_as_a_number_with_its_digits(digits: str) -> None:
    assert amount_as_json_number(Decimal(digits)) == digits
    reply = reply_json({"data": [{"amount": Decimal(digits)}, (Decimal(digits),)]})
    assert reply.body == f'{{"data": [{{"amount": {digits}}}, [{digits}]]}}'.encode()


def test_a_reply() -> None:
    value: Any = {"ok": True, "none": None, "text": 'ж"\\', "list": [1, 2.5]}
    reply = reply_json(value, status=403, headers=(("Retry-After", "1"),))
    assert (reply.status, reply.content_type, reply.headers) == (403, "application/json", (("Retry-After", "1"),))
    assert parse_json(reply.body) == value | {"list": [1, Decimal("2.5")]}


def test_a_part_and_its_account() -> None:
    def answer(seen: SandboxCall, account: SandboxAccount) -> SandboxReply:
        account.memory["seen"] = seen.path
        return reply_json(account.balances)

    part = SandboxProvider(id="toy", fields={"key": "k"}, balances={"USD": "1.50"}, answer=answer)
    account = SandboxAccount(dict(part.fields), {name: Decimal(text) for name, text in part.balances.items()})
    assert part.answer(call(), account).body == b'{"USD": 1.50}'
    assert account.memory == {"seen": "/v1"}
    assert SandboxAccount({}, {}).memory is not SandboxAccount({}, {}).memory
