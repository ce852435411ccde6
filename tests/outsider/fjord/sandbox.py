"""Fjord's side of the protocol: the signature is checked, the wallets come in pages of at most two."""

from __future__ import annotations

import hashlib
import hmac

from coffers.plugin import SandboxAccount, SandboxCall, SandboxProvider, SandboxReply, amount_to_text, reply_json

WINDOW_MS = 30_000


def answer(call: SandboxCall, account: SandboxAccount) -> SandboxReply:
    """Answer one call."""

    def refuse(status: int, code: str) -> SandboxReply:
        return reply_json({"ok": False, "error": {"code": code, "message": code.replace("_", " ")}}, status=status)

    if (call.method, call.path) != ("GET", "/v2/wallets"):
        return refuse(404, "not_found")
    if account.revoked or call.header("x-fjord-key") != account.fields["key_id"]:
        return refuse(401, "unknown_key")
    time = call.header("x-fjord-time") or ""
    parameters = "&".join(f"{name}={value}" for name, value in sorted(call.query))
    text = f"GET\n/v2/wallets\n{parameters}\n{time}"
    wanted = hmac.new(account.fields["secret"].encode(), text.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(wanted, call.header("x-fjord-signature") or ""):
        return refuse(401, "invalid_signature")
    if abs(call.time_s * 1000 - int(time)) > WINDOW_MS:
        return refuse(400, "stale_timestamp")
    asked = dict(call.query)
    start = int(asked.get("cursor", "0"))
    end = start + min(2, int(asked.get("page_size", "2")))
    rows = [
        {"wallet": f"wallet-{name.lower()}", "currency": name, "balance": amount_to_text(amount), "available": None}
        for name, amount in list(account.balances.items())[start:end]
    ]
    more = str(end) if end < len(account.balances) else None
    return reply_json({"ok": True, "as_of": "2026-11-21T03:00:00+01:00", "wallets": rows, "next": more})


SANDBOX = SandboxProvider(
    id="fjord",
    fields={"key_id": "made-up-key-id", "secret": "made-up-secret-half"},
    balances={"NOK": "1250.50", "SEK": "99002.23", "EUR": "0.00", "DKK": "-17.5", "ISK": "31168"},
    answer=answer,
)
