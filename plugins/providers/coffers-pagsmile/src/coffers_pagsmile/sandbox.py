"""The provider's side of the protocol: signature and clock are checked, errors answered as the pages show them."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from coffers.plugin import SandboxAccount, SandboxCall, SandboxProvider, SandboxReply, amount_to_text, reply_json

from .sign import signed_text

#: How old or early a timestamp may be. Ours: the provider publishes no bound.
WINDOW_S = 60


def answer(call: SandboxCall, account: SandboxAccount) -> SandboxReply:
    """Answer one call."""

    def reply(status: int, code: int, msg: str, data: Any) -> SandboxReply:
        return reply_json({"code": code, "msg": msg, "time": int(call.time_s), "data": data}, status=status)

    app_id, signature, sent = call.header("appid"), call.header("authorization"), call.json
    if call.path != "/api/balance" or call.method != "POST":
        return reply(404, 4004004, "not found", {})
    if not app_id:
        return reply(401, 4004100, "MerchantId or AppId is required", {})
    if not signature:
        return reply(401, 4004101, "Authorization is required", {})
    if call.content_type != "application/json" or not isinstance(sent, dict):
        return reply(400, 4001000, "invalid parameter", {"err": "the body must be JSON"})  # our words
    body: dict[str, Any] = call.json
    if account.revoked or app_id != account.fields["app_id"] or not _signed(body, account.fields["app_key"], signature):
        return reply(401, 4004003, "permission denied", {})
    timestamp = body.get("timestamp")
    if type(timestamp) is not int:
        return reply(400, 4001000, "invalid parameter", {"err": "timestamp must be a whole number"})  # our words
    if abs(call.time_s - timestamp) > WINDOW_S:
        return reply(400, 4001000, "invalid parameter", {"err": "request has expired"})
    rows = [{"currency": name, "amount": amount_to_text(amount)} for name, amount in account.balances.items()]
    return reply(200, 200, "success", rows)


def _signed(body: dict[str, Any], app_key: str, signature: str) -> bool:
    try:
        expected = hashlib.sha256(signed_text(body, app_key).encode()).hexdigest()
    except TypeError:  # a member that nobody knows how to sign
        return False
    return hmac.compare_digest(expected.encode(), signature.encode())


SANDBOX = SandboxProvider(
    id="pagsmile",
    fields={"app_id": "made-up-app", "app_key": "made-up-app-key"},
    balances={"USD": "551.38", "GBP": "0", "EUR": "0", "BRL": "99002.23", "MXN": "0"},
    answer=answer,
)
