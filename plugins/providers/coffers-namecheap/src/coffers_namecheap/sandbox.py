"""Namecheap's side of the protocol, for demos and tests: every global parameter is checked, errors have its numbers.

Parameters may stand in the query or in a form, their names in any letter case: its own clients and pages differ.
What no page tells is chosen here: the order of the checks, and how another command, path or method is refused.
"""

from __future__ import annotations

from typing import Final
from xml.sax.saxutils import escape, quoteattr

from coffers.plugin import SandboxAccount, SandboxCall, SandboxProvider, SandboxReply, amount_to_text

from .request import COMMAND

_MISSING: Final = {
    "apiuser": ("1010101", "Parameter APIUser is missing"),
    "apikey": ("1010102", "Parameter APIKey is missing"),
    "clientip": ("1010105", "Parameter ClientIP is missing"),
    "command": ("1010104", "Parameter Command is missing"),
}


def answer(call: SandboxCall, account: SandboxAccount) -> SandboxReply:
    """Answer one call."""
    if call.path != "/xml.response":
        return SandboxReply(b"<html><body>Not Found</body></html>", 404, "text/html")
    if call.method not in ("GET", "POST"):
        return SandboxReply(b"<html><body>Not Implemented</body></html>", 501, "text/html")
    sent = {name.lower(): value for name, value in (*call.query, *call.form.items())}
    for name, (number, words) in _MISSING.items():
        if not sent.get(name):
            return _refused(number, words)
    fields = account.fields
    if account.revoked or (sent["apiuser"], sent["apikey"]) != (fields["api_user"], fields["api_key"]):
        return _refused("1011102", "API Key is invalid or API access has not been enabled")
    if sent["clientip"] != fields["client_ip"]:
        return _refused("1011150", f"Invalid request IP: {sent['clientip']}")
    if sent.get("username") != fields["api_user"]:
        return _refused("1019103", "Parameter UserName is not available")
    if sent["command"].lower() != COMMAND.lower():
        return _refused("1010104", "Parameter Command is missing")
    if not account.balances:
        return _refused("4022312", "Balance information is not available")
    currency, amount = next(iter(account.balances.items()))  # an account has one currency
    funds = amount_to_text(amount)
    figures = {"Currency": currency, "AvailableBalance": funds, "AccountBalance": funds} | {
        "EarnedAmount": "381.70",
        "WithdrawableAmount": "1243.36",
        "FundsRequiredForAutoRenew": "0.00",
    }
    attributes = " ".join(f"{name}={quoteattr(value)}" for name, value in figures.items())
    result = f'<CommandResponse Type="{COMMAND}"><UserGetBalancesResult {attributes} /></CommandResponse>'
    return _document("OK", f"<Errors /><Warnings /><RequestedCommand>{COMMAND}</RequestedCommand>{result}")


def _refused(number: str, words: str) -> SandboxReply:
    error = f'<Error Number="{number}">{escape(words)}</Error>'
    return _document("ERROR", f"<Errors>{error}</Errors><Warnings /><RequestedCommand />")


def _document(status: str, content: str) -> SandboxReply:
    end = "<Server>SANDBOX</Server><GMTTimeDifference>--5:00</GMTTimeDifference><ExecutionTime>0</ExecutionTime>"
    root = f'<ApiResponse Status="{status}" xmlns="http://api.namecheap.com/xml.response">{content}{end}</ApiResponse>'
    return SandboxReply(f'<?xml version="1.0" encoding="utf-8"?>\n{root}'.encode(), 200, "text/xml; charset=utf-8")


#: The sandbox part; its key has the form of a real one and opens nothing.
SANDBOX: Final = SandboxProvider(
    id="namecheap",
    fields={"api_user": "made-up-user", "api_key": "00000000000000000000000000madeup", "client_ip": "192.0.2.1"},
    balances={"USD": "4932.96"},
    answer=answer,
)
