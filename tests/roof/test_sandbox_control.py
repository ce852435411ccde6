"""Changing a sandbox account: from Python, from many threads, over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest

from coffers.sandbox import FAULTS, Sandbox, ServedAccount
from tests.roof.sandbox_toy import KEY, Reply, ask, balances_of, sandbox


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with sandbox(clock=lambda: 1_700_000_000) as running:
        yield running
        assert running.errors == ()


@pytest.fixture
def toy(box: Sandbox) -> ServedAccount:
    return box["toy"]


def _texts(account: ServedAccount) -> dict[str, str]:
    return {code: str(amount) for code, amount in account.balances.items()}


# --- from Python -------------------------------------------------------------------------------------------------


def test_balances_can_be_set_topped_up_and_spent(box: Sandbox, toy: ServedAccount) -> None:
    toy.top_up("USD", "0.005")
    toy.spend("BTC", Decimal("0.1"))
    toy.top_up("EUR", "3")
    toy.set_balance("UAH", "-1.10")
    assert _texts(toy) == {"USD": "12.505", "BTC": "0E-8", "EUR": "3", "UAH": "-1.10"}
    told = json.loads(balances_of(box).body, parse_float=str, parse_int=str)
    assert told == {"balances": {"USD": "12.505", "BTC": "0.00000000", "EUR": "3", "UAH": "-1.10"}}
    toy.set_balance("EUR", None)
    toy.set_balance("EUR", None)
    assert list(toy.balances) == ["USD", "BTC", "UAH"]


def test_arithmetic_keeps_fifty_digits(toy: ServedAccount) -> None:
    large = "1234567890123456789012345678901234567890.0000000001"
    toy.set_balance("WEI", large)
    toy.top_up("WEI", "0.0000000001")
    toy.spend("WEI", "0.0000000002")
    assert _texts(toy)["WEI"] == large[:-10] + "0000000000"
    with pytest.raises(ValueError, match="at most 50 digits"):
        toy.top_up("WEI", "0.00000000001")


@pytest.mark.parametrize("amount", [1.5, 1, True, b"1", None])
def test_an_amount_is_text_or_decimal(toy: ServedAccount, amount: Any) -> None:
    for change in (toy.top_up, toy.spend):
        with pytest.raises(TypeError, match="an amount is a text or a Decimal"):
            change("USD", amount)
    if amount is not None:
        with pytest.raises(TypeError):
            toy.set_balance("USD", amount)
    assert _texts(toy)["USD"] == "12.50"


@pytest.mark.parametrize("amount", ["", "1,5", "NaN", " 1", "1e99", Decimal("Infinity"), Decimal("NaN"), "1" * 51])
def test_an_amount_is_a_plain_number(toy: ServedAccount, amount: str | Decimal) -> None:
    for change in (toy.set_balance, toy.top_up, toy.spend):
        with pytest.raises(ValueError, match="plain decimal number"):
            change("USD", amount)
    assert _texts(toy)["USD"] == "12.50"


def test_nobody_spends_what_is_not_there(toy: ServedAccount) -> None:
    for code, amount in (("USD", "12.51"), ("EUR", "0.01"), ("EUR", "0")):
        with pytest.raises(ValueError, match="holds less"):
            toy.spend(code, amount)
    with pytest.raises(ValueError, match="not be negative"):
        toy.spend("USD", "-1")
    with pytest.raises(ValueError, match="not be negative"):
        toy.top_up("USD", "-1")
    assert _texts(toy) == {"USD": "12.50", "BTC": "0.10000000"}


@pytest.mark.parametrize("code", ["", "x" * 65, "A\nB", 5])
def test_a_code_is_a_short_text(toy: ServedAccount, code: Any) -> None:
    with pytest.raises(ValueError, match="code"):
        toy.set_balance(code, "1")


def test_several_changes_are_made_together_or_not_at_all(toy: ServedAccount) -> None:
    toy.change(balances={"USD": "1"}, top_up={"USD": "2"}, spend={"USD": "0.5"})
    assert _texts(toy)["USD"] == "2.5"
    with pytest.raises(ValueError, match="holds less"):
        toy.change(balances={"EUR": "1"}, top_up={"USD": "1"}, spend={"USD": "100"}, revoked=True)
    assert _texts(toy) == {"USD": "2.5", "BTC": "0.10000000"}
    assert not toy.revoked


def test_keys_can_be_revoked_and_restored(box: Sandbox, toy: ServedAccount) -> None:
    assert balances_of(box).status == 200
    toy.revoke_key()
    assert (toy.revoked, balances_of(box).status) == (True, 401)
    toy.restore_key()
    assert (toy.revoked, balances_of(box).status) == (False, 200)
    assert balances_of(box, key="wrong").status == 401
    assert toy.requests == 4
    assert toy.last is not None
    assert (toy.last.method, toy.last.status, toy.last.fault, toy.last.time_s) == ("GET", 401, None, 1_700_000_000)


def test_many_threads_lose_no_cent(box: Sandbox, toy: ServedAccount) -> None:
    toy.set_balance("USD", "100")

    def work(number: int) -> None:
        for _ in range(50):
            toy.top_up("USD", "0.07")
            toy.spend("USD", "0.04")
        body = json.dumps({"top_up": {"USD": "0.01"}, "spend": {"BTC": "0.0001"}}).encode()
        assert ask(box, "/-/accounts/toy", method="PATCH", body=body).status == 200
        assert balances_of(box).status == 200
        toy.misbehave("server_error" if number % 2 else None, times=1 if number % 2 else None)
        toy.misbehave(None)

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(work, range(48)))
    assert toy.balances == {
        "USD": Decimal(100) + 48 * (50 * Decimal("0.03") + Decimal("0.01")),
        "BTC": Decimal("0.1") - 48 * Decimal("0.0001"),
    }


def test_counted_faults_are_shared_out_exactly(box: Sandbox, toy: ServedAccount) -> None:
    toy.misbehave("server_error", times=10)
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda _: balances_of(box).status, range(30)))
    assert (statuses.count(503), statuses.count(200)) == (10, 20)
    assert toy.requests == 30


# --- over HTTP ---------------------------------------------------------------------------------------------------


def _patch(box: Sandbox, value: object) -> Reply:
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return ask(box, "/-/accounts/toy", method="PATCH", body=body, headers={"Content-Type": "application/json"})


def test_accounts_are_listed_without_secrets(box: Sandbox) -> None:
    balances_of(box)
    reply = ask(box, "/-/accounts")
    assert reply.headers["Content-Type"] == "application/json"
    assert json.loads(reply.body) == {
        "accounts": [
            {
                "name": "toy",
                "provider": "toy",
                "base_url": f"{box.url}/toy",
                "balances": {"USD": "12.50", "BTC": "0.10000000"},
                "revoked": False,
                "fault": None,
                "requests": 1,
                "last": {"method": "GET", "status": 200, "fault": None, "time": "2023-11-14T22:13:20Z"},
            }
        ]
    }
    assert KEY.encode() not in reply.body
    assert json.loads(ask(box, "/-/accounts/toy").body) == json.loads(reply.body)["accounts"][0]


def test_faults_are_listed(box: Sandbox) -> None:
    listed = json.loads(ask(box, "/-/faults").body)["faults"]
    assert list(listed) == list(FAULTS)
    assert listed["rate_limited"]["options"] == {"retry_after": 1}
    assert all(row["description"] for row in listed.values())


def test_one_patch_changes_all(box: Sandbox, toy: ServedAccount) -> None:
    reply = _patch(
        box,
        {
            "balances": {"USD": "5", "BTC": None},
            "top_up": {"USD": "0.10", "EUR": "2"},
            "spend": {"USD": "0.01"},
            "revoked": True,
            "fault": {"kind": "latency", "seconds": 0.25, "times": 3},
        },
    )
    assert reply.status == 200
    told = json.loads(reply.body)
    assert told["balances"] == _texts(toy) == {"USD": "5.09", "EUR": "2"}
    assert told["revoked"] is toy.revoked is True
    assert told["fault"] == {"kind": "latency", "seconds": 0.25, "times": 3}
    assert toy.requests == 0
    told = json.loads(_patch(box, {"fault": None, "revoked": False}).body)
    assert (told["fault"], told["revoked"], told["balances"]) == (None, False, {"USD": "5.09", "EUR": "2"})


def test_numbers_are_taken_digit_for_digit(box: Sandbox, toy: ServedAccount) -> None:
    assert _patch(box, b'{"balances": {"USD": 0.10000000000000000000000000000001, "JPY": 7}}').status == 200
    assert _texts(toy) == {"USD": "0.10000000000000000000000000000001", "BTC": "0.10000000", "JPY": "7"}


_NO_OBJECT = "the body must be a JSON object"
_NO_KEY = "the object has one or more of: balances, top_up, spend, revoked, fault"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (b"", _NO_OBJECT),
        (b"[]", _NO_OBJECT),
        (b"null", _NO_OBJECT),
        (b"{", _NO_OBJECT),
        (b"\xff\xfe", _NO_OBJECT),
        (b"[" * 100_000, _NO_OBJECT),
        (b'{"revoked": true, "revoked": false}', _NO_OBJECT),
        (b'{"balances": {"USD": NaN}}', _NO_OBJECT),
        (b'{"balances": {"USD": 1e999}}', _NO_OBJECT),
        ({}, _NO_KEY),
        ({"balance": {"USD": "1"}}, _NO_KEY),
        ({"revoked": True, "secret-looking": 1}, _NO_KEY),
        ({"balances": None}, 'balances: must be an object like {"USD": "12.50"} (null drops a code)'),
        ({"balances": {"USD": True}}, "balances: must be an object"),
        ({"balances": {"": "1"}}, "a currency's code is a text"),
        ({"top_up": {"USD": None}}, "top_up: must be an object"),
        ({"top_up": {"USD": "-1"}}, "must not be negative"),
        ({"spend": {"USD": "1,5"}}, "an amount is a plain decimal number"),
        ({"spend": {"USD": "13"}}, "it holds less of 'USD' than that"),
        ({"revoked": 1}, "revoked: must be true or false"),
        ({"revoked": None}, "revoked: must be true or false"),
        ({"fault": "hang"}, "fault: must be null or an object like"),
        ({"fault": {}}, "fault: must be null or an object like"),
        ({"fault": {"kind": 1}}, "fault: must be null or an object like"),
        ({"fault": {"kind": "hangs"}}, "fault: there is no such fault; did you mean 'hang'?"),
        ({"fault": {"kind": "hang", "cls": 1}}, "fault: the fault 'hang' has no such option; it has: times"),
        ({"fault": {"kind": "hang", "times": 1.5}}, "fault: times must be a whole number"),
        ({"fault": {"kind": "latency", "seconds": "x"}}, "fault: seconds must be a number from 0 to 3600"),
    ],
)
def test_a_wrong_patch_is_400_and_changes_nothing(box: Sandbox, toy: ServedAccount, value: object, words: str) -> None:
    before = toy.state()
    reply = _patch(box, value)
    assert reply.status == 400
    assert json.loads(reply.body)["error"].startswith(words) or words in json.loads(reply.body)["error"]
    assert b"secret-looking" not in reply.body
    assert toy.state() == before


def test_a_refused_change_leaves_the_others_of_its_patch_undone(box: Sandbox, toy: ServedAccount) -> None:
    assert _patch(box, {"balances": {"EUR": "1"}, "revoked": True, "spend": {"USD": "99"}}).status == 400
    assert _texts(toy) == {"USD": "12.50", "BTC": "0.10000000"}
    assert not toy.revoked


@pytest.mark.parametrize(
    ("method", "target", "status", "allow"),
    [
        ("GET", "/-/", 404, None),
        ("GET", "/-/elsewhere", 404, None),
        ("GET", "/-/accounts/nobody", 404, None),
        ("PATCH", "/-/accounts/nobody", 404, None),
        ("GET", "/-/faults/x", 404, None),
        ("POST", "/-/accounts", 405, "GET"),
        ("PATCH", "/-/accounts", 405, "GET"),
        ("POST", "/-/faults", 405, "GET"),
        ("DELETE", "/-/accounts/toy", 405, "GET, PATCH"),
    ],
)
def test_what_is_not_there_is_said(box: Sandbox, method: str, target: str, status: int, allow: str | None) -> None:
    reply = ask(box, target, method=method, body=b"{}")
    assert (reply.status, reply.headers["Allow"]) == (status, allow)
    assert json.loads(reply.body)["error"]
