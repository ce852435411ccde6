"""ElevenLabs' side of the protocol, for demos and tests. All but the credits is made up.

What no page tells is chosen here: a wrong path is HTTP 404, a wrong method 405, both with a text in ``detail``.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from coffers.plugin import SandboxAccount, SandboxCall, SandboxProvider, SandboxReply, exact, reply_json

#: A key of the same account that lacks the permission to read it.
RESTRICTED_KEY: Final = "sk_made_up_key_for_speech_alone"

#: The limit of a period; an account that holds more has carried credits over, which raises it.
_LIMIT: Final = Decimal(10_000)


def answer(call: SandboxCall, account: SandboxAccount) -> SandboxReply:
    """Check path, method and key as documented, then answer the subscription."""
    if call.path != "/v1/user/subscription":
        return reply_json({"detail": "Not Found"}, status=404)
    if call.method != "GET":
        return reply_json({"detail": "Method Not Allowed"}, status=405)
    key = call.header("xi-api-key")
    if not key:
        words = "Neither authorization header nor xi-api-key received, please provide one."
        return _unauthorized("needs_authorization", words)
    if account.revoked or key not in (account.fields["key"], RESTRICTED_KEY):
        return _unauthorized("invalid_api_key", "Invalid API key")
    if key == RESTRICTED_KEY:
        words = "The API key you used is missing the permission user_read to execute this operation."
        return _unauthorized("missing_permissions", words)
    return reply_json(_subscription(account.balances.get("CREDITS", _LIMIT)))


def _unauthorized(status: str, message: str) -> SandboxReply:
    detail = {"type": "authentication_error", "code": "unauthorized", "message": message, "status": status}
    return reply_json({"detail": detail}, status=401)


def _subscription(left: Decimal) -> dict[str, Any]:
    """Every member that must be there, as documented."""
    limit = max(_LIMIT, left)
    with exact():
        used = limit - left
    return {
        "tier": "starter",
        "character_count": used,
        "character_limit": limit,
        "max_character_limit_extension": None,
        "max_credit_limit_extension": 0,
        "can_extend_character_limit": True,
        "allowed_to_extend_character_limit": False,
        "next_character_count_reset_unix": 1738356858,
        "voice_slots_used": 1,
        "professional_voice_slots_used": 0,
        "professional_voice_slots_used_in_workspace": 0,
        "voice_limit": 10,
        "voice_add_edit_counter": 0,
        "professional_voice_limit": 1,
        "can_extend_voice_limit": True,
        "can_use_instant_voice_cloning": True,
        "can_use_professional_voice_cloning": True,
        "currency": "usd",
        "current_overage": {"amount": "0", "currency": "usd"},
        "status": "active",
        "billing_period": "monthly_period",
        "character_refresh_period": "monthly_period",
        "open_invoices": [],
        "has_open_invoices": False,
    }


#: The sandbox part; its key has the form of a real one and opens nothing.
SANDBOX: Final = SandboxProvider(
    id="elevenlabs",
    fields={"key": "sk_made_up_key_that_reads"},
    balances={"CREDITS": "9000"},
    answer=answer,
)
