"""The provider's side of the legacy call. Every verdict comes with HTTP 200, as far as anybody published."""

from __future__ import annotations

from typing import Any, Final

from coffers.plugin import (
    SandboxAccount,
    SandboxCall,
    SandboxProvider,
    SandboxReply,
    amount_to_text,
    members,
    reply_json,
)
from coffers_oxapay.coins import COINS

#: The vendor's own examples send JSON as JSON, as a form and without any label, and a form as a form.
_CONTENT_TYPES: Final = frozenset({"application/json", "application/x-www-form-urlencoded", ""})


def answer(call: SandboxCall, account: SandboxAccount) -> SandboxReply:
    """Check path, method, encoding, key and symbol, then answer the balances as texts by symbol."""
    if call.path != "/api/balance" or call.method != "POST":
        return SandboxReply(b"Not Found", status=404, content_type="text/plain")  # ours: no page tells
    body: dict[str, Any] = members(call.json) or dict(call.form)
    if call.content_type not in _CONTENT_TYPES or not isinstance(body.get("key"), str) or not body["key"]:
        return _reply(101, "Validation problem")
    if account.revoked or body["key"] != account.fields["key"]:
        return _reply(103, "Invalid Payout API key")
    symbol = str(body.get("currency") or "").upper()
    if symbol and symbol not in COINS | account.balances.keys():
        return _reply(105, "Invalid currency")
    held = {code: amount_to_text(amount) for code, amount in account.balances.items() if symbol in ("", code)}
    return _reply(100, "Successful operation", data=held)


def _reply(result: int, message: str, **more: Any) -> SandboxReply:
    return reply_json({"result": result, "message": message, **more})


SANDBOX = SandboxProvider(
    id="oxapay",
    fields={"key": "made-up-payout-key"},
    balances={"USDT": "1250.50", "BTC": "0.04518231", "TRX": "100", "SHIB": "21715327.987896618", "LTC": "0"},
    answer=answer,
)
