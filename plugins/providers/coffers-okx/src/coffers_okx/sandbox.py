"""The provider's side of the protocol: headers, clock, key, passphrase, platform and signature, with OKX's codes.

What no page tells is chosen here: the order of the checks, and an empty 404 for an unknown path. The funding account's
currencies are those whose code begins with ``funding:``; an amount below 0 in the trading account is a debt.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlencode

from coffers.plugin import SandboxAccount, SandboxCall, SandboxProvider, SandboxReply, amount_to_text, reply_json

_TRADING, _FUNDING = "/api/v5/account/balance", "/api/v5/asset/balances"
_PREFIX: Final = "funding:"
#: Seconds that a timestamp may be off.
_WINDOW_S: Final = 30
#: What every private call must have, and the code without it.
_HEADERS: Final = {
    "OK-ACCESS-KEY": "50103",
    "OK-ACCESS-PASSPHRASE": "50104",
    "OK-ACCESS-SIGN": "50106",
    "OK-ACCESS-TIMESTAMP": "50107",
}


def answer(call: SandboxCall, account: SandboxAccount) -> SandboxReply:
    """Answer one call."""
    if call.path not in (_TRADING, _FUNDING):
        return SandboxReply(b"", 404)
    if call.method != "GET":
        return _refusal(405, "50115", "Invalid request method.")
    for name, code in _HEADERS.items():
        if not call.header(name):
            return _refusal(401, code, f'Request header "{name}" cannot be empty.')
    if refusal := _clock_refusal(call) or _key_refusal(call, account):
        return refusal
    if not hmac.compare_digest((call.header("ok-access-sign") or "").encode(), _signature(call, account)):
        return _refusal(401, "50113", "Invalid signature.")
    wanted = dict(call.query).get("ccy")
    held = {
        code: amount
        for code, amount in account.balances.items()
        if amount and (not wanted or code.removeprefix(_PREFIX) in wanted.split(","))
    }
    data = [_trading(held, call.time_s)] if call.path == _TRADING else _funding(held)
    return reply_json({"code": "0", "data": data, "msg": ""})


def _refusal(status: int, code: str, message: str) -> SandboxReply:
    return reply_json({"msg": message, "code": code, "data": []}, status=status)


def _clock_refusal(call: SandboxCall) -> SandboxReply | None:
    text = call.header("ok-access-timestamp") or ""
    try:
        sent = datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
    except ValueError:
        return _refusal(401, "50112", "Invalid OK-ACCESS-TIMESTAMP.")
    if abs(sent.timestamp() - call.time_s) > _WINDOW_S:
        return _refusal(401, "50102", "Timestamp request expired.")
    return None


def _key_refusal(call: SandboxCall, account: SandboxAccount) -> SandboxReply | None:
    if account.revoked or call.header("ok-access-key") != account.fields["api_key"]:
        return _refusal(401, "50119", "API key doesn't exist")
    if call.header("ok-access-passphrase") != account.fields["passphrase"]:
        return _refusal(401, "50105", 'Request header "OK-ACCESS-PASSPHRASE" incorrect.')
    platform = "demo" if call.header("x-simulated-trading") == "1" else "production"
    if platform != account.fields.get("environment", "production"):
        return _refusal(401, "50101", "APIKey does not match current environment.")
    return None


def _signature(call: SandboxCall, account: SandboxAccount) -> bytes:
    target = f"{call.path}?{urlencode(call.query, safe=',')}" if call.query else call.path
    text = f"{call.header('ok-access-timestamp')}{call.method}{target}".encode() + call.body
    return base64.b64encode(hmac.new(account.fields["secret_key"].encode(), text, hashlib.sha256).digest())


def _trading(held: dict[str, Decimal], time_s: float) -> dict[str, Any]:
    rows = [_trading_row(code, amount) for code, amount in held.items() if not code.startswith(_PREFIX)]
    unknown = dict.fromkeys(("adjEq", "availEq", "imr", "mgnRatio", "mmr", "ordFroz", "upl"), "")
    return {**unknown, "details": rows, "totalEq": "", "uTime": str(int(time_s * 1000))}


def _trading_row(code: str, amount: Decimal) -> dict[str, str]:
    text, debt = amount_to_text(amount), amount_to_text(max(-amount, Decimal(0)))
    inapplicable = dict.fromkeys(("availEq", "imr", "mgnRatio", "mmr", "notionalLever", "spotInUseAmt", "upl"), "")
    return {
        **inapplicable,
        "ccy": code,
        "cashBal": text,
        "eq": text,
        "availBal": "0" if amount < 0 else text,
        "frozenBal": "0",
        "liab": debt,
        "interest": "0",
        "stgyEq": "0",
        "eqUsd": "",
    }


def _funding(held: dict[str, Decimal]) -> list[dict[str, str]]:
    return [
        {
            "ccy": code.removeprefix(_PREFIX),
            "bal": amount_to_text(amount),
            "availBal": amount_to_text(amount),
            "frozenBal": "0",
        }
        for code, amount in held.items()
        if code.startswith(_PREFIX)
    ]


SANDBOX = SandboxProvider(
    id="okx",
    fields={"api_key": "made-up-okx-key", "secret_key": "made-up-okx-secret", "passphrase": "made-up-passphrase"},
    balances={"USDT": "4834.317093622894", "BTC": "0.50", "DOGE": "-40.25", f"{_PREFIX}ETH": "37.11827078"},
    answer=answer,
)
