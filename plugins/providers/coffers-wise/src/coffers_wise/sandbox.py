"""Wise's side of the protocol, for demos and tests: token, path and `types` are checked, two made-up profiles answer.

What no page tells is chosen here: a wrong path is 404, a wrong method 405, and the words of a wrong `types`.
"""

from __future__ import annotations

import re
import zlib
from decimal import Decimal
from typing import Any, Final

from coffers.plugin import SandboxAccount, SandboxCall, SandboxProvider, SandboxReply, exact, reply_json

#: The profiles by the word that a code of the sandbox begins with; no word is the business.
PROFILES: Final = {"": (14599371, "BUSINESS"), "personal": (14575282, "PERSONAL")}
#: What is held back, by the sandbox's code; nothing of any other.
RESERVED: Final = {"EUR": Decimal("12.30")}
_TYPES: Final = ("STANDARD", "SAVINGS")
_PROFILES: Final = re.compile(r"/(?:2026Q[34]|v[12])/profiles")
_BALANCES: Final = re.compile(r"/(?:2026Q[34]|v4)/profiles/([0-9]+)/balances")


def answer(call: SandboxCall, account: SandboxAccount) -> SandboxReply:
    """Answer one call."""
    balances = _BALANCES.fullmatch(call.path)
    if not balances and not _PROFILES.fullmatch(call.path):
        return reply_json({"error": "not_found", "message": "Not found"}, status=404)
    if call.method != "GET":
        return reply_json({"error": "method_not_allowed", "message": "Method not allowed"}, status=405)
    if account.revoked or call.header("authorization") != f"Bearer {account.fields['token']}":
        return reply_json({"error": "invalid_token", "error_description": "Invalid token"}, status=401)
    if not balances:
        return reply_json([_profile(number, kind) for number, kind in PROFILES.values()])
    word = next((word for word, (number, _) in PROFILES.items() if str(number) == balances[1]), None)
    if word is None:
        return reply_json({"error": "unauthorized", "message": "Unauthorized"}, status=403)
    types = dict(call.query).get("types", "").split(",")
    if not set(types) <= set(_TYPES):
        code = "NotNull" if types == [""] else "ERROR"
        return reply_json({"errors": [{"code": code, "message": "types", "path": "types"}]}, status=400)
    rows = [_row(code, amount) for code, amount in account.balances.items() if _word(code) == word]
    return reply_json([row for row in rows if row["type"] in types])


def _word(code: str) -> str:
    return code.rpartition("/")[0]


def _profile(number: int, kind: str) -> dict[str, Any]:
    return {"type": kind, "id": number, "fullName": "Nobody", "email": "nobody@example.com", "currentState": "VISIBLE"}


def _row(code: str, amount: Decimal) -> dict[str, Any]:
    """One balance. A code is ``EUR``; ``personal/EUR`` in the other profile; ``EUR-Holiday`` for a jar of that name."""
    currency, _, name = code.rpartition("/")[2].partition("-")
    reserved = RESERVED.get(code, Decimal(0))
    with exact():
        worth = amount + reserved

    def money(value: Decimal) -> dict[str, Any]:
        return {"value": value, "currency": currency}

    return {
        "id": zlib.crc32(code.encode()),
        "currency": currency,
        "type": "SAVINGS" if name else "STANDARD",
        "name": name or None,
        "icon": None,
        "investmentState": "NOT_INVESTED",
        "amount": money(amount),
        "reservedAmount": money(reserved),
        "cashAmount": money(worth),
        "totalWorth": money(worth),
        "creationTime": "2020-05-20T14:43:16.658Z",
        "modificationTime": "2020-05-20T14:43:16.658Z",
        "visible": True,
    }


#: The sandbox part; its token has the form of a real one and opens nothing.
SANDBOX: Final = SandboxProvider(
    id="wise",
    fields={"token": "00000000-made-up00-token-that-opens-nothing"},
    balances={"EUR": "310.86", "USD": "0.00", "EUR-Holiday": "1250.50", "personal/GBP": "42.10"},
    answer=answer,
)
