"""The provider's side of the protocol: key, timestamp and signature are checked, errors answered as the pages show.

What no page tells is chosen here: the statuses of a wrong key (401), path (404) and method (405), and the order of the
checks. The funding wallet's assets are those whose code begins with ``funding:``.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final
from urllib.parse import quote, urlencode

from coffers.plugin import SandboxAccount, SandboxCall, SandboxProvider, SandboxReply, amount_to_text, reply_json

_METHODS: Final = {"/api/v3/account": "GET", "/sapi/v1/asset/get-funding-asset": "POST"}
_FUNDING: Final = "funding:"
#: How far ahead a timestamp may be, how old unless the request says so, and how old at most; milliseconds.
_AHEAD_MS: Final = 1000
_WINDOW_MS: Final = 5000
_LONGEST_WINDOW_MS: Final = 60_000
#: A timestamp with more digits than milliseconds have in this age is in microseconds.
_FIRST_IN_MICROSECONDS: Final = 10**14


def answer(call: SandboxCall, account: SandboxAccount) -> SandboxReply:
    """Answer one call."""
    if call.path not in _METHODS:
        return SandboxReply(b"<html><h2>404 Not found</h2></html>", 404, "text/html")
    if call.method != _METHODS[call.path]:
        return SandboxReply(b"", 405)
    key = call.header("x-mbx-apikey")
    if not key:
        return _refusal(401, -2014, "API-key format invalid.")
    if account.revoked or key != account.fields["api_key"]:
        return _refusal(401, -2015, "Invalid API-key, IP, or permissions for action.")
    sent = call.form | dict(call.query)  # where both have a parameter, the query's counts
    if missing := next((name for name in ("timestamp", "signature") if not sent.get(name)), None):
        return _refusal(400, -1102, f"Mandatory parameter '{missing}' was not sent, was empty/null, or malformed.")
    if refusal := _clock_refusal(sent, call.time_s):
        return refusal
    if not hmac.compare_digest(sent["signature"].lower().encode(), _signature(call, account).encode()):
        return _refusal(400, -1022, "Signature for this request is not valid.")
    rows = _funding(account) if call.path.startswith("/sapi/") else _spot(account, sent.get("omitZeroBalances"))
    return reply_json(rows, headers=(("X-MBX-USED-WEIGHT-1M", "20"),))


def _refusal(status: int, code: int, message: str) -> SandboxReply:
    return reply_json({"code": code, "msg": message}, status=status)


def _clock_refusal(sent: Mapping[str, str], time_s: float) -> SandboxReply | None:
    try:
        timestamp, window = Decimal(int(sent["timestamp"])), Decimal(sent.get("recvWindow", _WINDOW_MS))
    except (ValueError, ArithmeticError):
        return _refusal(400, -1100, "Illegal characters found in a parameter.")
    if window > _LONGEST_WINDOW_MS:
        message = f"'recvWindow' contains unexpected value. Cannot be greater than {_LONGEST_WINDOW_MS}."
        return _refusal(400, -1102, message)
    age_ms = Decimal(int(time_s * 1000)) - (timestamp if timestamp < _FIRST_IN_MICROSECONDS else timestamp.scaleb(-3))
    if age_ms <= -_AHEAD_MS:
        return _refusal(400, -1021, "Timestamp for this request was 1000ms ahead of the server's time.")
    if age_ms > window:
        return _refusal(400, -1021, "Timestamp for this request is outside of the recvWindow.")
    return None


def _signature(call: SandboxCall, account: SandboxAccount) -> str:
    """Over the query and the body behind it, both without the signature."""
    query = urlencode([pair for pair in call.query if pair[0] != "signature"], quote_via=quote)
    body = call.body.decode("utf-8", "replace").partition("&signature=")[0]
    return hmac.new(account.fields["secret_key"].encode(), (query + body).encode(), hashlib.sha256).hexdigest()


def _spot(account: SandboxAccount, omit_zeros: str | None) -> dict[str, Any]:
    rows = [
        {"asset": asset, "free": amount_to_text(amount), "locked": "0.00000000"}
        for asset, amount in account.balances.items()
        if not asset.startswith(_FUNDING) and (amount or omit_zeros != "true")
    ]
    return {"canTrade": True, "accountType": "SPOT", "balances": rows, "permissions": ["SPOT"], "uid": 354937868}


def _funding(account: SandboxAccount) -> list[dict[str, str]]:
    return [
        {
            "asset": asset.removeprefix(_FUNDING),
            "free": amount_to_text(amount),
            "locked": "0",
            "freeze": "0",
            "withdrawing": "0",
        }
        for asset, amount in account.balances.items()
        if asset.startswith(_FUNDING)
    ]


SANDBOX = SandboxProvider(
    id="binance",
    fields={"api_key": "made-up-binance-key", "secret_key": "made-up-binance-secret", "funding": "true"},
    balances={"BTC": "0.41792381", "USDT": "1204.50", "BNB": "3.60175", f"{_FUNDING}USDT": "75"},
    answer=answer,
)
