"""Mollie's side of the protocol, for demos and tests: token and page are checked, errors answered as its pages show.

What no page tells is chosen here: a wrong path is 404, a wrong method 405, a wrong limit 400.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlencode

import attrs

from coffers.plugin import SandboxAccount, SandboxCall, SandboxProvider, SandboxReply, amount_to_text, reply_json

#: What is on its way in, by the sandbox's code of the balance; anything else waits for nothing.
PENDING: Final = {"EUR": Decimal("5.41")}
_DEFAULT_LIMIT: Final = "50"


def answer(call: SandboxCall, account: SandboxAccount) -> SandboxReply:
    """Answer one call."""
    if call.path != "/v2/balances":
        return _refused(404, "Not Found", "No entity exists at this path")
    if call.method != "GET":
        return _refused(405, "Method Not Allowed", "The method is not allowed here")
    if account.revoked or call.header("authorization") != f"Bearer {account.fields['token']}":
        return _refused(401, "Unauthorized Request", "Missing authentication, or failed to authenticate")
    asked, codes = dict(call.query), list(account.balances)
    limit = asked.get("limit", _DEFAULT_LIMIT)
    if not (limit.isascii() and limit.isdigit() and 1 <= int(limit) <= 250):
        return _refused(400, "Bad Request", "The limit is invalid", "limit")
    ids = [_id(code) for code in codes]
    if "from" in asked and asked["from"] not in ids:
        return _refused(400, "Bad Request", "Invalid cursor value", "from")
    start = ids.index(asked["from"]) if "from" in asked else 0
    end = start + int(limit)
    mode = "test" if asked.get("testmode") == "true" else "live"
    rows = [_row(code, account.balances[code], mode) for code in codes[start:end]]
    following = _link(asked | {"from": ids[end], "limit": limit}) if end < len(ids) else None
    links = {"documentation": _link({}), "self": _link(asked), "previous": None, "next": following}
    return _hal({"count": len(rows), "_embedded": {"balances": rows}, "_links": links})


def _id(code: str) -> str:
    return f"bal_madeUp{code.replace('-', '')}"


def _link(parameters: dict[str, str]) -> dict[str, str]:
    return {"href": f"https://api.mollie.com/v2/balances?{urlencode(parameters)}", "type": "application/hal+json"}


def _row(code: str, amount: Decimal, mode: str) -> dict[str, Any]:
    """One balance; a code is a currency, and for a further balance of that currency a dash and a name: ``EUR-SHOP``."""
    currency, _, name = code.partition("-")

    def money(value: Decimal) -> dict[str, str]:
        return {"currency": currency, "value": amount_to_text(value)}

    return {
        "resource": "balance",
        "id": _id(code),
        "mode": mode,
        "createdAt": "2022-07-12T09:50:21+00:00",
        "currency": currency,
        "description": name or "Primary balance",
        "availableAmount": money(amount),
        "pendingAmount": money(PENDING.get(code, Decimal("0.00"))),
        "transferFrequency": "daily",
        "transferThreshold": money(Decimal("5.00")),
        "transferReference": None,
        "transferDestination": {"type": "bank-account", "beneficiaryName": "Nobody", "bankAccount": "***"},
        "status": "active",
        "_links": {"self": _link({})},
    }


def _refused(status: int, title: str, detail: str, field: str | None = None) -> SandboxReply:
    said = {"status": status, "title": title, "detail": detail} | ({"field": field} if field else {})
    page = {"href": "https://docs.mollie.com/errors", "type": "text/html"}
    return _hal(said | {"_links": {"documentation": page}}, status)


def _hal(body: object, status: int = 200) -> SandboxReply:
    return attrs.evolve(reply_json(body, status=status), content_type="application/hal+json")


#: The sandbox part; its token has the form of a real one and opens nothing.
SANDBOX: Final = SandboxProvider(
    id="mollie",
    fields={"token": "access_madeUpTokenThatOpensNothing"},
    balances={"EUR": "905.25", "EUR-SHOP": "3.82", "CHF": "0.00"},
    answer=answer,
)
