"""The API: every answer held against its own description, balances against the command line's schema."""

from __future__ import annotations

import json
from decimal import Decimal
from importlib.resources import files
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator
from made_up_month import NOW, Month

from coffers import KINDS
from coffers_monitor.facts import Attempt
from coffers_monitor.web.api import openapi

BALANCES = json.loads(files("coffers").joinpath("schemas/balances-1.schema.json").read_text("utf-8"))
PATHS = [
    ("/api/v1/balances", "/api/v1/balances"),
    ("/api/v1/balances", "/api/v1/balances?account=payouts&account=gateway"),
    ("/api/v1/accounts", "/api/v1/accounts"),
    *[
        ("/api/v1/accounts/{account}", f"/api/v1/accounts/{name}")
        for name in ("payouts", "gateway", "empty", "new-one")
    ],
    ("/api/v1/accounts/{account}/history", "/api/v1/accounts/payouts/history"),
    ("/api/v1/accounts/{account}/history", "/api/v1/accounts/cold-wallet/history?currency=USDT&network=ERC20&days=7"),
    ("/api/v1/openapi.json", "/api/v1/openapi.json"),
]


def fits(value: Any, schema: dict[str, Any]) -> None:
    Draft202012Validator(openapi() | schema).validate(value)


@pytest.mark.parametrize(("described", "path"), PATHS)
def test_every_answer_is_as_described(page: httpx.Client, described: str, path: str) -> None:
    answer = page.get(path)
    assert answer.headers["content-type"] == "application/json"
    content = openapi()["paths"][described]["get"]["responses"][str(answer.status_code)]["content"]
    fits(answer.json(), content["application/json"]["schema"])


def test_everything_there_is_described_and_the_other_way_round(page: httpx.Client) -> None:
    assert {described for described, _ in PATHS} == set(openapi()["paths"])
    assert page.get("/api/v1/openapi.json").json() == openapi()
    schemas = openapi()["components"]["schemas"]
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)
    assert {name.removeprefix("balances.") for name in schemas if "." in name} == set(BALANCES["$defs"])


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1/accounts/nope", 404),
        ("/api/v1/accounts/nope/history", 404),
        ("/api/v1/balances?account=nope", 404),
        *[(f"/api/v1/accounts/payouts/history?days={days}", 400) for days in ("0", "367", "x", "-1", "1.5", "", "٣")],
    ],
)
def test_refusals_are_as_described(page: httpx.Client, path: str, status: int) -> None:
    answer = page.get(path)
    assert answer.status_code == status
    fits(answer.json(), {"$ref": "#/components/schemas/Error"})


def test_balances_are_those_of_the_command_line(page: httpx.Client) -> None:
    document = page.get("/api/v1/balances").json()
    Draft202012Validator(BALANCES).validate(document)
    assert document["schema"] == "coffers.balances/1"
    accounts = {one["account"]: one for one in document["accounts"]}
    assert list(accounts) == [
        "payouts", "chat-model", "hosting", "cold-wallet", "cards", "gateway", "sms-west", "reserve", "empty"
    ]  # fmt: skip
    assert accounts["payouts"] == {
        "account": "payouts",
        "provider": "acme",
        "status": "ok",
        "fetched_at": "2026-11-21T11:58:00Z",
        "as_of": "2026-11-21T11:58:00Z",
        "balances": [
            {
                "currency": "USD", "unit": "money", "network": None, "wallet": None, "total": "41.870000",
                "available": None, "pending": None, "reserved": None, "spendable": "41.870000", "value": None,
                "details": {}, "derived": [], "expires_at": None,
            }
        ],
    }  # fmt: skip
    assert accounts["gateway"]["error"]["kind"] == "timeout"
    assert "balances" not in accounts["gateway"]
    assert accounts["cold-wallet"]["balances"][2]["total"] == "98765.000000000000000010"


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_failure_can_be_told(page: httpx.Client, month: Month, kind: str) -> None:
    bad = Attempt("payouts", "acme", NOW, 1.0, None, error=kind, message="it said no", retry_after_s=1.2)
    month.replace("payouts", last=bad)
    document = page.get("/api/v1/balances", params={"account": "payouts"}).json()
    Draft202012Validator(BALANCES).validate(document)
    error = document["accounts"][0]["error"]
    assert (error["kind"], error["message"], error["retry_after"]) == (kind, "it said no", 2)


def test_a_failed_account_tells_its_last_known_figures_as_such(page: httpx.Client) -> None:
    account = page.get("/api/v1/accounts/gateway").json()
    assert (account["state"], account["current"]) == ("failed", False)
    assert account["error"] == {"kind": "timeout", "message": "no answer within 15 s"}
    assert account["last_success"] == "2026-11-21T11:10:00Z"
    assert account["balances"][0]["spendable"] == "930.00"
    assert account["balances"][0]["runway"]["verdict"] == "estimate"


def test_history_is_exact(page: httpx.Client, month: Month) -> None:
    answer = page.get("/api/v1/accounts/cold-wallet/history?currency=ETH").json()
    (series,) = answer["series"]
    assert (series["currency"], series["network"], series["wallet"]) == ("ETH", "ERC20", "main")
    assert {point["spendable"] for point in series["points"]} == {"98765.000000000000000010"}
    assert page.get("/api/v1/accounts/cold-wallet/history?network=").json()["series"] == []
    amounts = [
        Decimal(one["spendable"]) for one in page.get("/api/v1/accounts/payouts/history").json()["series"][0]["points"]
    ]
    assert amounts[-1] == Decimal("41.870000")
