"""Twilio's side of the protocol, for demos and tests: path, method and credentials are checked as it documents them.

Either pair of credentials opens the account that has it. An account without any balance answers null, as a
sub-account may.
"""

from __future__ import annotations

from typing import Final

from coffers.plugin import (
    SandboxAccount,
    SandboxCall,
    SandboxProvider,
    SandboxReply,
    Secret,
    amount_to_text,
    basic,
    reply_json,
)


def answer(call: SandboxCall, account: SandboxAccount) -> SandboxReply:
    """Answer one call."""
    if call.header("authorization") not in _opening(account) or account.revoked:
        return _refuse(401, 20003, "Authenticate")
    account_sid = account.fields["account_sid"]
    if call.path != f"/2010-04-01/Accounts/{account_sid}/Balance.json":
        return _refuse(404, 20404, f"The requested resource {call.path} was not found")
    if call.method != "GET":
        return _refuse(405, 20004, "Method not allowed")
    currency, amount = next(iter(account.balances.items()), (None, None))
    balance = None if amount is None else amount_to_text(amount)
    return reply_json({"account_sid": account_sid, "balance": balance, "currency": currency})


def _opening(account: SandboxAccount) -> list[str]:
    """The headers that open the account."""
    pairs = (("account_sid", "auth_token"), ("api_key", "api_key_secret"))
    held = [pair for pair in pairs if all(key in account.fields for key in pair)]
    return [basic(account.fields[user], Secret(account.fields[password]))[1] for user, password in held]


def _refuse(status: int, code: int, message: str) -> SandboxReply:
    more_info = f"https://www.twilio.com/docs/errors/{code}"
    return reply_json({"code": code, "message": message, "more_info": more_info, "status": status}, status=status)


#: The sandbox part; its credentials have the form of real ones and open nothing.
SANDBOX: Final = SandboxProvider(
    id="twilio",
    fields={
        "account_sid": "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "api_key": "SKbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
        "api_key_secret": "made-up-api-key-secret",
    },
    balances={"USD": "12.29"},
    answer=answer,
)
