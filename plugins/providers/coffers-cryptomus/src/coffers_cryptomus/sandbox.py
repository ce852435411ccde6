"""The provider's side of the protocol, for both. Merchant and signature are checked over the bytes that came."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

from coffers.plugin import SandboxAccount, SandboxCall, SandboxProvider, SandboxReply, amount_to_text, reply_json

#: Bodies of a call without parameters: as the pages sign it, as most clients send it, as PHP writes an empty array.
BODIES = (b"", b"{}", b"[]")


def answer(call: SandboxCall, account: SandboxAccount) -> SandboxReply:
    """Answer one call. Codes of the account are ``merchant:BTC`` and ``user:BTC``. The HTTP statuses are ours."""
    if call.path != "/v1/balance" or call.method != "POST":
        return reply_json({"message": "Not Found"}, status=404)
    if account.revoked or call.header("merchant") != account.fields["merchant"] or not _is_signed(call, account):
        return reply_json({"message": "Invalid Sign."}, status=401)
    if call.content_type != "application/json" or call.body not in BODIES:
        return reply_json({"state": 1, "errors": {"body": ["validation.json"]}}, status=422)  # our words
    held: dict[str, list[dict[str, Any]]] = {"merchant": [], "user": []}
    for code, amount in account.balances.items():
        row = {"uuid": _uuid(code), "balance": amount_to_text(amount), "currency_code": code.rpartition(":")[2]}
        held["user" if code.startswith("user:") else "merchant"].append(row)
    return reply_json({"state": 0, "result": [{"balance": held}]})


def _is_signed(call: SandboxCall, account: SandboxAccount) -> bool:
    text = base64.b64encode(call.body) + account.fields["key"].encode()
    expected = hashlib.md5(text, usedforsecurity=False).hexdigest()
    return hmac.compare_digest(expected.encode(), (call.header("sign") or "").encode())


def _uuid(code: str) -> str:
    digits = hashlib.sha256(code.encode()).hexdigest()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:32]))


def _part(provider_id: str, merchant: str) -> SandboxProvider:
    return SandboxProvider(
        id=provider_id,
        fields={"merchant": merchant, "key": f"made-up-{provider_id}-payment-key"},
        balances={
            "merchant:BTC": "0.57000000",
            "merchant:TRX": "23.57327446",
            "merchant:USDT": "5.00000000",
            "merchant:ETH": "0.00000000",
            "user:USDT": "117.40000000",
        },
        answer=answer,
    )


CRYPTOMUS = _part("cryptomus", "00000000-made-up0-0000-cryptomus0001")
HELEKET = _part("heleket", "00000000-made-up0-0000-heleket000001")
