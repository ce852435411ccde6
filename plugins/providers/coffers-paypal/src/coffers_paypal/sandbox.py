"""PayPal's side of the protocol, for demos and tests: tokens are handed out, kept for their life, and asked for.

A code is a currency; ``USD.withheld`` is what is withheld of it, and then ``USD`` what is available. Figures are half
an hour old. The words for a wrong grant, path or method are ours.
"""

from __future__ import annotations

import base64
import hmac
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from coffers.plugin import (
    SandboxAccount,
    SandboxCall,
    SandboxProvider,
    SandboxReply,
    amount_to_text,
    exact,
    reply_json,
)

#: Seconds that a token lives: nine hours.
LIFETIME_S: Final = 32_400
SCOPE: Final = "https://uri.paypal.com/services/reporting/balances/read"
_AGE_S: Final = 1800


def answer(call: SandboxCall, account: SandboxAccount) -> SandboxReply:
    """Answer one call."""
    match call.method, call.path:
        case "POST", "/v1/oauth2/token":
            return _token(call, account)
        case "GET", "/v1/reporting/balances":
            return _balances(call, account)
        case _:
            return _refusal(404, "RESOURCE_NOT_FOUND", "The specified resource does not exist.")


def _token(call: SandboxCall, account: SandboxAccount) -> SandboxReply:
    pair = f"{account.fields['client_id']}:{account.fields['client_secret']}"
    expected = "Basic " + base64.b64encode(pair.encode()).decode()
    if account.revoked or not hmac.compare_digest(expected.encode(), (call.header("authorization") or "").encode()):
        return _oauth_refusal(401, "invalid_client", "Client Authentication failed")
    if call.content_type != "application/x-www-form-urlencoded" or call.form.get("grant_type") != "client_credentials":
        return _oauth_refusal(400, "unsupported_grant_type", "grant_type must be client_credentials")
    given: dict[str, float] = account.memory.setdefault("tokens", {})
    token = f"A21AA-made-up-{account.memory.setdefault('count', 0):04}"
    account.memory["count"] += 1
    given[token] = call.time_s + LIFETIME_S
    return reply_json(
        {
            "scope": SCOPE,
            "access_token": token,
            "token_type": "Bearer",
            "app_id": "APP-80W284485P519543T",
            "expires_in": LIFETIME_S,
            "nonce": "made-up-nonce",
        }
    )


def _balances(call: SandboxCall, account: SandboxAccount) -> SandboxReply:
    scheme, _, token = (call.header("authorization") or "").partition(" ")
    expires_s: float = account.memory.get("tokens", {}).get(token, 0.0)
    if account.revoked or scheme != "Bearer" or expires_s <= call.time_s:
        return _oauth_refusal(401, "invalid_token", "Access Token not found in cache")
    wanted = dict(call.query).get("currency_code")
    if wanted is not None and len(wanted) != 3:
        words = "Request is not well-formed, syntactically incorrect, or violates schema."
        return _refusal(400, "INVALID_REQUEST", words)
    held = [code for code in account.balances if "." not in code and wanted in (None, code)]
    return reply_json(
        {
            "balances": [_row(code, account.balances, primary=code == next(iter(account.balances))) for code in held],
            "account_id": "MADEUPACC7PAY",
            "as_of_time": _time(call.time_s),
            "last_refresh_time": _time(call.time_s - _AGE_S),
        }
    )


def _row(code: str, balances: dict[str, Decimal], *, primary: bool) -> dict[str, Any]:
    available, withheld = balances[code], balances.get(f"{code}.withheld", Decimal(0) * balances[code])
    with exact():
        total = available + withheld
    amounts = {"total_balance": total, "available_balance": available, "withheld_balance": withheld}
    money = {name: {"currency_code": code, "value": amount_to_text(amount)} for name, amount in amounts.items()}
    return {"currency": code, "primary": primary, **money}


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _refusal(status: int, name: str, message: str) -> SandboxReply:
    refused: dict[str, Any] = {
        "name": name,
        "message": message,
        "debug_id": "90957fca61718",
        "details": [],
        "links": [],
    }
    return reply_json(refused, status=status, headers=(("Paypal-Debug-Id", "90957fca61718"),))


def _oauth_refusal(status: int, error: str, description: str) -> SandboxReply:
    refused = {"error": error, "error_description": description}
    return reply_json(refused, status=status, headers=(("Paypal-Debug-Id", "90957fca61718"),))


#: The sandbox part; its app exists nowhere.
SANDBOX: Final = SandboxProvider(
    id="paypal",
    fields={"client_id": "made-up-client-id", "client_secret": "made-up-client-secret"},
    balances={"USD": "100.00", "EUR": "-12.50", "JPY": "9000"},
    answer=answer,
)
