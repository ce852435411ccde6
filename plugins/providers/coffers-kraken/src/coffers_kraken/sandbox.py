"""The provider's side of the protocol: key, signature and nonce are checked, errors answered as the pages show them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from typing import Any, Final

from coffers.plugin import SandboxAccount, SandboxCall, SandboxProvider, SandboxReply, amount_to_text, reply_json

#: What open orders hold.
HOLDS: Final = {"ZUSD": "8249.76", "XXBT": "0.8423"}


def answer(call: SandboxCall, account: SandboxAccount) -> SandboxReply:
    """Answer one call. In which order Kraken looks at key, signature and nonce is not published."""
    if call.path != "/0/private/BalanceEx" or call.method != "POST":
        return _refusal("EGeneral:Unknown method")
    if account.revoked or call.header("api-key") != account.fields["api_key"]:
        return _refusal("EAPI:Invalid key")
    nonce = call.form.get("nonce", "")
    if call.content_type != "application/x-www-form-urlencoded" or not _is_signed(call, nonce, account):
        return _refusal("EAPI:Invalid signature")
    if not re.fullmatch("[0-9]{1,20}", nonce) or not account.memory.get("nonce", -1) < int(nonce) < 2**64:
        return _refusal("EAPI:Invalid nonce")
    account.memory["nonce"] = int(nonce)
    rows = {
        code: {"balance": amount_to_text(amount), "hold_trade": HOLDS.get(code, "0.0000000000")}
        for code, amount in account.balances.items()
    }
    return _reply([], rows)


def _is_signed(call: SandboxCall, nonce: str, account: SandboxAccount) -> bool:
    inner = hashlib.sha256(nonce.encode() + call.body)
    key = base64.b64decode(account.fields["private_key"])
    signature = hmac.new(key, call.path.encode() + inner.digest(), hashlib.sha512).digest()
    return hmac.compare_digest(base64.b64encode(signature), (call.header("api-sign") or "").encode())


def _refusal(error: str) -> SandboxReply:
    return _reply([error], {})


def _reply(errors: list[str], result: dict[str, Any]) -> SandboxReply:
    return reply_json({"error": errors, "result": result})


SANDBOX = SandboxProvider(
    id="kraken",
    fields={
        "api_key": "made-up-api-key",
        "private_key": base64.b64encode(b"a made-up private key of 64 bytes, as long as Kraken's own are!!").decode(),
    },
    balances={
        "ZUSD": "25435.21",
        "XXBT": "1.2435",
        "XBT.F": "0.0150000000",
        "XTZ": "120.5",
        "EUR.HOLD": "250.0000",
        "KFEE": "1873.18",
    },
    answer=answer,
)
