"""Pagsmile's signature: the published vector, derived ones, and the edges on which its four samples disagree."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import coffers_pagsmile
from coffers.plugin import Attempt, ConfigError, Query, Request, Secret, SignedRequest
from coffers_pagsmile import App, Settings
from coffers_pagsmile.sign import signed_text

#: The example of the security page; its members in another order than they are signed in.
PUBLISHED = {
    "source_currency": "BRL",
    "payout_currency": "BRL",
    "notify_url": "https://www.pagsmile.com",
    "name": "Test User Name",
    "fee": "merchant",
    "document_type": "CPF",
    "document_id": "50284414727",
    "custom_code": "1234567",
    "branch": "0001",
    "bankcode": "001",
    "amount": "10.00",
    "additional_remark": "1234567_test",
    "account_type": "CHECKING",
    "account_number": "1234567",
    "account_digit": "4",
}
#: The brand that a copy of that page put into the address, keeping the digest.
REBRANDED = PUBLISHED | {"notify_url": "https://www.transfersmile.com"}

VECTORS: list[tuple[dict[str, Any], str, str]] = [
    (PUBLISHED, "ABCDE", "b15f900705867ecc3f66088054c14a80f9f12b1fb31c82320c4cbfe181876abb"),
    (REBRANDED, "ABCDE", "00a888b56097617a3fd4ac7fce84676317a766d77a3a1da09beb05db90e96eba"),
    ({"timestamp": 1642075807}, "ABCDE", "12d71e4a295418a902e8d460bbe33f2c29842d132a05f8701422d9d305e38b98"),
    ({"timestamp": 1628512575}, "ABCDE", "0dc074b879e443c3da50f692b3e61263317f863d991aee2dda5639c577ec3f68"),
    ({"timestamp": 1700000000}, "s3cr3t", "fe7a29a535fc65aadbec02755c08fd66fc87e4f137f7fbced1af7cde0548fff4"),
    ({"timestamp": 1642075807}, "ключ", "b2ece0967d4d711dbd36a0081fe18b2b843aa6541f99a5e8fb2df69cfa131619"),
    (
        {"timestamp": 1642075807, "currency": "BRL"},
        "ABCDE",
        "3ea6a14242eecb52f1a94bd00e7ef6d5c37ed896f1c904da4341ba9cdb5210e5",
    ),
]


def digest_of(request: SignedRequest) -> str:
    return dict(request.headers)["Authorization"]


def signed(request: Request, time_ms: int, key: str = "ABCDE") -> SignedRequest:
    return coffers_pagsmile.coffers_sign(request, App("made-up-app", Secret(key)), Attempt(time_ms, 0))


def balance_request(**settings: Any) -> Request:
    return coffers_pagsmile.coffers_request(Query(Settings(**settings)))


@pytest.mark.parametrize(("members", "key", "digest"), VECTORS)
def test_vectors(members: dict[str, Any], key: str, digest: str) -> None:
    assert hashlib.sha256(signed_text(members, key).encode()).hexdigest() == digest


def test_a_whole_payout_request_is_signed_by_the_same_rule() -> None:
    """The signer itself, over other members than the balance's: what is signed is what is sent."""
    request = signed(Request("POST", "/api/balance", json={"currency": "BRL"}), 1642075807999)
    assert json.loads(request.body) == {"currency": "BRL", "timestamp": 1642075807}
    assert digest_of(request) == VECTORS[-1][2]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("", "K"),
        (None, "K"),
        ("0", "v=0K"),
        (0, "v=0K"),
        (False, "v=falseK"),
        (True, "v=trueK"),
        ("a b:/&=ä", "v=a b:/&=äK"),
        ("ends with &", "v=ends with &K"),
    ],
)
def test_only_the_empty_text_and_null_are_left_out(value: object, text: str) -> None:
    assert signed_text({"v": value}, "K") == text


def test_names_are_sorted_by_their_bytes() -> None:
    assert signed_text({"ä": 1, "b": 2, "B": 3, "a_": 4, "aa": 5}, "") == "B=3&a_=4&aa=5&b=2&ä=1"


@pytest.mark.parametrize("value", [1.0, 1642075807.0, [], {}, b"x"])
def test_a_value_without_a_documented_form_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        signed_text({"v": value}, "K")


@given(st.integers(0, 4_102_444_800_000))
def test_a_fresh_timestamp_in_whole_seconds(time_ms: int) -> None:
    request = signed(balance_request(), time_ms)
    sent = json.loads(request.body)
    assert sent == {"timestamp": time_ms // 1000}
    assert type(sent["timestamp"]) is int
    assert digest_of(request) == hashlib.sha256(f"timestamp={time_ms // 1000}ABCDE".encode()).hexdigest()


def test_the_request_as_a_whole() -> None:
    request = signed(balance_request(), 1642075807000)
    assert (request.method, request.target, request.host) == ("POST", "/api/balance", "api")
    assert dict(request.headers) == {
        "Content-Type": "application/json; charset=UTF-8",
        "AppId": "made-up-app",
        "Authorization": VECTORS[2][2],
    }
    assert b"ABCDE" not in request.body


def test_the_environment_picks_the_host() -> None:
    hosts = coffers_pagsmile.coffers_provider().base_urls
    assert hosts[balance_request().host] == "https://api.transfersmile.com"
    assert hosts[balance_request(environment="sandbox").host] == "https://sandbox.transfersmile.com"


def test_an_app_id_that_no_header_can_carry_is_a_config_error() -> None:
    with pytest.raises(ConfigError, match="AppId") as caught:
        coffers_pagsmile.coffers_sign(balance_request(), App("прил", Secret("ABCDE")), Attempt(0, 0))
    assert "прил" not in str(caught.value)
