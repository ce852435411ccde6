"""Vonage's side of the protocol, for demos and tests: path, method and credentials are checked as it documents them.

It takes key and secret in the Basic header alone, as the current page wants them. What comes with a wrong path or
method is not published; the words are ours.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from coffers.plugin import SandboxAccount, SandboxCall, SandboxProvider, SandboxReply, Secret, basic, reply_json


def answer(call: SandboxCall, account: SandboxAccount) -> SandboxReply:
    """Answer one call; a balance is in euro and nothing else."""
    if call.path != "/account/get-balance":
        return _refuse(404, "not found")
    if call.method != "GET":
        return _refuse(405, "method not allowed")
    _, opening = basic(account.fields["api_key"], Secret(account.fields["api_secret"]))
    if call.header("authorization") != opening or account.revoked:
        return _refuse(401, "authentication failed")
    return reply_json({"value": account.balances.get("EUR", Decimal(0)), "autoReload": False})


def _refuse(status: int, label: str) -> SandboxReply:
    return reply_json({"error-code": str(status), "error-code-label": label}, status=status)


#: The sandbox part; its credentials open nothing.
SANDBOX: Final = SandboxProvider(
    id="vonage",
    fields={"api_key": "abcd1234", "api_secret": "made-up-vonage-secret"},
    balances={"EUR": "10.28"},
    answer=answer,
)
