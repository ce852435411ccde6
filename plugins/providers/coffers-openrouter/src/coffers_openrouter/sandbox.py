"""OpenRouter's side of the protocol, for demos and tests.

What no page tells is chosen here: a wrong method is HTTP 404 as a wrong path is. An account that holds no USD at all
has never bought credit: both of its figures are zero.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from coffers.plugin import SandboxAccount, SandboxCall, SandboxProvider, SandboxReply, exact, reply_json

#: A key for inference of the same account. It is refused as documented.
INFERENCE_KEY: Final = "sk-or-v1-made-up-inference-key"
#: Another one, which sees zeros, as some such keys were seen to.
KEY_THAT_SEES_ZEROS: Final = "sk-or-v1-made-up-inference-key-that-sees-zeros"

#: What a fresh account has used already.
_USED: Final = Decimal("25.75")
_NOTHING: Final = Decimal(0)


def answer(call: SandboxCall, account: SandboxAccount) -> SandboxReply:
    """Check path, method and key as documented, then answer the credits or the kind of key."""
    if call.method != "GET" or call.path not in ("/api/v1/credits", "/api/v1/key"):
        return _error(404, "Resource not found")
    scheme, _, key = (call.header("authorization") or "").partition(" ")
    if scheme != "Bearer" or not key:
        return _error(401, "Missing Authentication header")
    is_management_key = key == account.fields["key"]
    if account.revoked or not (is_management_key or key in (INFERENCE_KEY, KEY_THAT_SEES_ZEROS)):
        return _error(401, "User not found.")
    if call.path == "/api/v1/key":
        return reply_json({"data": _key(is_management_key=is_management_key)})
    if key == INFERENCE_KEY:
        return _error(403, "Only management keys can fetch credits for an account")
    bought, used = _figures(account) if is_management_key else (_NOTHING, _NOTHING)
    return reply_json({"data": {"total_credits": bought, "total_usage": used}})


def _error(code: int, message: str) -> SandboxReply:
    return reply_json({"error": {"code": code, "message": message}}, status=code)


def _figures(account: SandboxAccount) -> tuple[Decimal, Decimal]:
    """Bought and used: what came in since the last call was bought, what went out was used."""
    left = account.balances.get("USD")
    if left is None:
        return _NOTHING, _NOTHING
    with exact():
        bought, used = account.memory.get("figures", (left + _USED, _USED))
        change = left - (bought - used)
        figures = (bought + change, used) if change > 0 else (bought, used - change)
    account.memory["figures"] = figures
    return figures


def _key(*, is_management_key: bool) -> dict[str, Any]:
    """Every documented member; the figures of the key itself are made up."""
    periods = ("", "_daily", "_weekly", "_monthly")
    return {
        "label": "sk-or-v1-mad...key",
        "limit": None,
        "limit_remaining": None,
        "limit_reset": None,
        "include_byok_in_limit": False,
        **{f"usage{period}": _NOTHING for period in periods},
        **{f"byok_usage{period}": _NOTHING for period in periods},
        "is_free_tier": False,
        "is_management_key": is_management_key,
        "is_provisioning_key": is_management_key,
        "creator_user_id": "user_made_up",
        "organization_id": None,
        "workspace_id": None,
        "expires_at": None,
        "allowed_data_regions": ["global"],
        "budgets": [],
        "effective_budget": None,
        "free_model_daily_requests": {"limit": 1000, "remaining": 1000, "used": 0},
        "rate_limit": {
            "requests": -1,
            "interval": "10s",
            "note": "This field is deprecated and safe to ignore.",
        },
    }


#: The sandbox part; its key has the form of a real one and opens nothing.
SANDBOX: Final = SandboxProvider(
    id="openrouter",
    fields={"key": "sk-or-v1-made-up-management-key"},
    balances={"USD": "74.75"},
    answer=answer,
)
