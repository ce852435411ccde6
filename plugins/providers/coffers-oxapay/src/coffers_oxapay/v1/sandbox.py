"""The provider's side of v1. The envelope's status is HTTP's too; the words and keys of errors are made up."""

from __future__ import annotations

from typing import Any

from coffers.plugin import SandboxAccount, SandboxCall, SandboxProvider, SandboxReply, reply_json
from coffers_oxapay.coins import COINS


def answer(call: SandboxCall, account: SandboxAccount) -> SandboxReply:
    """Check path, method, key and symbol, then answer the balances as numbers by symbol.

    Content types are not checked: the page wants one, the vendor's own clients send none.
    """
    if call.path != "/v1/general/account/balance" or call.method != "GET":
        return _refusal(404, "not_found", "The requested resource could not be found.")
    if account.revoked or call.header("general_api_key") != account.fields["key"]:
        return _refusal(401, "invalid_api_key", "The provided API key is invalid.")
    symbol = dict(call.query).get("currency", "").upper()  # the vendor's own clients send it empty
    if symbol and symbol not in COINS | account.balances.keys():
        return _refusal(400, "invalid_currency", "The provided currency is invalid.")
    held = {code: amount for code, amount in account.balances.items() if symbol in ("", code)}
    return _reply(200, "Operation completed successfully!", held, {})


def _refusal(status: int, key: str, message: str) -> SandboxReply:
    return _reply(status, "The operation was not completed.", {}, {"type": "request", "key": key, "message": message})


def _reply(status: int, message: str, data: Any, error: Any) -> SandboxReply:
    envelope = {"data": data, "message": message, "error": error, "status": status, "version": "1.0.0"}
    return reply_json(envelope, status=status)


SANDBOX = SandboxProvider(
    id="oxapay-v1",
    fields={"key": "made-up-general-key"},
    balances={
        "USDT": "1250.50",
        "BTC": "0.04518231",
        "SHIB": "21715327.987896618",
        "DOGS": "3237160.709744972",
        "LTC": "0",
    },
    answer=answer,
)
