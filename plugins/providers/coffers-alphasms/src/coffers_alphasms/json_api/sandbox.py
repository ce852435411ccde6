"""The provider's side of the JSON API. Texts that the provider does not publish are ours and say so."""

from __future__ import annotations

from typing import Any

from coffers.plugin import SandboxAccount, SandboxCall, SandboxProvider, SandboxReply, reply_json

ACCESS_DENIED = {"success": False, "error": "Access denied"}
INVALID = {"success": False, "error": "Invalid request"}  # our text: the provider's is not published


def answer(call: SandboxCall, account: SandboxAccount) -> SandboxReply:
    """Answer one call. Every verdict comes with HTTP 200."""
    if call.path != "/api/json.php":
        return SandboxReply(b"Not Found", status=404, content_type="text/plain")
    sent = call.json
    if call.method != "POST" or call.content_type != "application/json" or not isinstance(sent, dict):
        return reply_json(INVALID)
    body: dict[str, Any] = call.json
    if account.revoked or body.get("auth") != account.fields["key"]:
        return reply_json(ACCESS_DENIED)
    if not isinstance(body.get("data"), list):
        return reply_json(INVALID)
    return reply_json({"success": True, "data": [_item(item, account) for item in body["data"]]})


def _item(item: Any, account: SandboxAccount) -> dict[str, Any]:
    if item != {"type": "balance"}:
        return {"success": False, "error": "Unknown type", "data": {}}  # our text: the provider's is not published
    currency, amount = next(iter(account.balances.items()))
    return {"success": True, "data": {"amount": amount, "currency": currency}}


SANDBOX = SandboxProvider(
    id="alphasms",
    fields={"key": "made-up-alphasms-key"},
    balances={"UAH": "31.1683"},
    answer=answer,
)
