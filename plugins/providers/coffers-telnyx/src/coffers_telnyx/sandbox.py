"""Telnyx's side of the protocol, for demos and tests: path, method and key are checked as it documents them.

The credit limit and the pending amount are made up and stay as they are; what is left of the credit follows from the
balance. Which code comes with a wrong method is not published; here it is the one of a wrong path.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from coffers.plugin import SandboxAccount, SandboxCall, SandboxProvider, SandboxReply, amount_to_text, exact, reply_json

CREDIT_LIMIT: Final = "100.00"
PENDING: Final = "10.00"


def answer(call: SandboxCall, account: SandboxAccount) -> SandboxReply:
    """Answer one call."""
    if (call.method, call.path) != ("GET", "/v2/balance"):
        return _refuse(404, "10005", "Resource not found", "The requested resource or URL could not be found.")
    if call.header("authorization") != f"Bearer {account.fields['key']}" or account.revoked:
        words = "The required authentication headers were either invalid or not included in the request."
        return _refuse(401, "10009", "Authentication failed", words)
    currency, balance = next(iter(account.balances.items()), ("USD", Decimal(0)))
    with exact():
        available = balance + Decimal(CREDIT_LIMIT)
    data = {
        "record_type": "balance",
        "pending": PENDING,
        "balance": amount_to_text(balance),
        "credit_limit": CREDIT_LIMIT,
        "available_credit": amount_to_text(available),
        "currency": currency,
    }
    return reply_json({"data": data})


def _refuse(status: int, code: str, title: str, detail: str) -> SandboxReply:
    return reply_json({"errors": [{"code": code, "title": title, "detail": detail}]}, status=status)


#: The sandbox part; its key opens nothing.
SANDBOX: Final = SandboxProvider(
    id="telnyx", fields={"key": "KEYmade-up-telnyx-key"}, balances={"USD": "300.00"}, answer=answer
)
