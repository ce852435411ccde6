"""DeepSeek's side of the protocol, for demos and tests.

What no page tells is chosen here: a wrong path is HTTP 404, a wrong method 405, both without a body.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from coffers.plugin import (
    SandboxAccount,
    SandboxCall,
    SandboxProvider,
    SandboxReply,
    amount_to_text,
    exact,
    reply_json,
)

#: What of a fresh account's balance was granted; the rest was topped up.
_GRANTED: Final[Mapping[str, Decimal]] = {"CNY": Decimal("10.00")}
_NOTHING: Final = Decimal("0.00")


def answer(call: SandboxCall, account: SandboxAccount) -> SandboxReply:
    """Check path, method and key as documented, then answer every currency."""
    if call.path != "/user/balance":
        return SandboxReply(b"", status=404)
    if call.method != "GET":
        return SandboxReply(b"", status=405)
    scheme, _, key = (call.header("authorization") or "").partition(" ")
    if scheme != "Bearer" or not key:
        return SandboxReply(b"Authentication Fails (governor)", status=401, content_type="text/plain")
    if key != account.fields["key"] or account.revoked:
        return _error(401, f"Authentication Fails, Your api key: ****{key[-4:]} is invalid", "authentication_error")
    rows = [_row(currency, total, account.memory) for currency, total in account.balances.items()]
    is_available = any(total > 0 for total in account.balances.values())
    return reply_json({"is_available": is_available, "balance_infos": rows})


def _error(status: int, message: str, kind: str) -> SandboxReply:
    error = {"message": message, "type": kind, "param": None, "code": "invalid_request_error"}
    return reply_json({"error": error}, status=status)


def _row(currency: str, total: Decimal, memory: dict[str, Any]) -> dict[str, str]:
    """One row. What was granted is used up before what was topped up, as the price page says."""
    granted, before = memory.get(currency, (_GRANTED.get(currency, _NOTHING), total))
    with exact():
        used = max(before - total, _NOTHING)
        granted = max(granted - used, _NOTHING)
        topped_up = total - granted
    memory[currency] = (granted, total)
    figures = {"total_balance": total, "granted_balance": granted, "topped_up_balance": topped_up}
    return {"currency": currency, **{name: amount_to_text(amount) for name, amount in figures.items()}}


#: The sandbox part; its key has the form of a real one and opens nothing.
SANDBOX: Final = SandboxProvider(
    id="deepseek",
    fields={"key": "sk-made-up-deepseek-key"},
    balances={"CNY": "110.00", "USD": "0.00"},
    answer=answer,
)
