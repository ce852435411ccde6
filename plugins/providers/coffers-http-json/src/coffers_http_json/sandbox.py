"""A made-up service, for demos and tests: its address, answer and refusals are those of the README's first example."""

from __future__ import annotations

import hmac

from coffers.plugin import SandboxAccount, SandboxCall, SandboxProvider, SandboxReply, amount_to_text, reply_json


def answer(call: SandboxCall, account: SandboxAccount) -> SandboxReply:
    """Answer one call."""
    if call.path != "/v1/balances":
        return reply_json({"error": "not found"}, status=404)
    if call.method != "GET":
        return reply_json({"error": "method not allowed"}, status=405)
    expected = f"Bearer {account.fields['key']}".encode()
    if account.revoked or not hmac.compare_digest(expected, (call.header("authorization") or "").encode()):
        return reply_json({"error": "unknown key"}, status=401)
    rows = [{"currency": code, "amount": amount_to_text(amount)} for code, amount in account.balances.items()]
    return reply_json({"error": None, "time": int(call.time_s), "balances": rows})


SANDBOX = SandboxProvider(
    id="http-json",
    fields={
        "url": "https://api.acme.example/v1/balances",
        "key": "made-up-key",
        "rows": "/balances",
        "total": "/amount",
        "currency_at": "/currency",
        "as_of": "/time",
        "error_at": "/error",
    },
    balances={"EUR": "120.50", "USD": "0.00"},
    answer=answer,
)
