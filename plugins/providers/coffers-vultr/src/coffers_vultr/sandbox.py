"""Vultr's side of the protocol, for demos and tests. The charges so far and all personal data are made up.

What no page tells is chosen here: the words for another path, and that another method of the same path is as unknown.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from coffers.plugin import SandboxAccount, SandboxCall, SandboxProvider, SandboxReply, reply_json

_PENDING: Final = Decimal("3.40")


def answer(call: SandboxCall, account: SandboxAccount) -> SandboxReply:
    """Check path, method and key as documented, then answer the account."""
    if (call.method, call.path) != ("GET", "/v2/account"):
        return reply_json({"error": "Not found.", "status": 404}, status=404)
    if call.header("authorization") != f"Bearer {account.fields['key']}" or account.revoked:
        return reply_json({"error": "Invalid API token.", "status": 401}, status=401)
    body = {
        "name": "Some One",
        "email": "someone@example.com",
        "acls": ["billing"],
        "balance": account.balances["USD"].copy_negate(),
        "pending_charges": _PENDING,
        "last_payment_date": "2026-10-02T00:48:05+00:00",
        "last_payment_amount": Decimal("-50.00"),
    }
    return reply_json({"account": body})


#: The sandbox part; its key has the form of a real one and opens nothing. A credit of 50 dollars is -50 there.
SANDBOX: Final = SandboxProvider(
    id="vultr",
    fields={"key": "MADEUPKEY0123456789ABCDEFGHIJKLMNOPQ"},
    balances={"USD": "50.00"},
    answer=answer,
)
