"""Stripe's side of the protocol, for demos and tests.

A code names a currency and, behind a point, a bucket: ``usd`` and ``usd.available`` are the same, ``usd.pending``,
``usd.connect_reserved``, ``usd.instant_available``, ``usd.issuing``, ``usd.prefunding`` and ``usd.prefunding_pending``
are the others. What is less than a minor unit is not shown. A currency that is pending or available is in both lists.
"""

from __future__ import annotations

import base64
import binascii
from decimal import Decimal
from typing import Any, Final

from coffers.plugin import SandboxAccount, SandboxCall, SandboxProvider, SandboxReply, reply_json

from .exponents import exponent

_HELP = "See https://docs.stripe.com/api#authentication for details."


def answer(call: SandboxCall, account: SandboxAccount) -> SandboxReply:
    """Check path, method, key and connected account, then answer the balance object."""
    if (call.method, call.path) != ("GET", "/v1/balance"):
        return _refusal(404, f"Unrecognized request URL ({call.method}: {call.path}).")
    key = _key(call.header("authorization") or "")
    if not key:
        return _refusal(401, f"You did not provide an API key. {_HELP}")
    if key != account.fields["key"] or account.revoked:
        return _refusal(401, f"Invalid API Key provided: {'*' * 8}{key[-4:]}")
    connected = call.header("stripe-account")
    if connected is not None and connected != account.fields.get("connected_account"):
        words = f"The provided key does not have access to account '{connected}' (or that account does not exist)."
        return _refusal(403, words, code="account_invalid")
    return reply_json(_balance(account.balances, livemode="_live_" in key))


def _key(authorization: str) -> str:
    """The key of a bearer token, or of a Basic user with an empty password; empty where there is none."""
    scheme, _, value = authorization.partition(" ")
    if scheme == "Bearer":
        return value
    if scheme != "Basic":
        return ""
    try:
        user, _, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return user if not password else ""


def _refusal(status: int, message: str, **more: str) -> SandboxReply:
    headers = (("Request-Id", "req_MadeUp00000000"),)
    error = {"message": message, "type": "invalid_request_error", **more}
    return reply_json({"error": error}, status=status, headers=headers)


def _balance(balances: dict[str, Decimal], *, livemode: bool) -> dict[str, Any]:
    buckets: dict[str, dict[str, int]] = {}
    for code, amount in balances.items():
        currency, _, bucket = code.lower().partition(".")
        buckets.setdefault(bucket or "available", {})[currency] = int(amount.scaleb(exponent(currency)))
    both = dict.fromkeys([*buckets.get("available", {}), *buckets.get("pending", {})], 0)
    found: dict[str, Any] = {
        "object": "balance",
        "livemode": livemode,
        "available": _funds(both | buckets.get("available", {})),
        "pending": _funds(both | buckets.get("pending", {})),
    }
    for bucket in ("connect_reserved", "instant_available"):
        if bucket in buckets:
            found[bucket] = _funds(buckets[bucket])
    if "issuing" in buckets:
        found["issuing"] = {"available": _funds(buckets["issuing"])}
    kept, coming = buckets.get("prefunding", {}), buckets.get("prefunding_pending", {})
    if kept or coming:
        none = dict.fromkeys([*kept, *coming], 0)
        found["refund_and_dispute_prefunding"] = {"available": _funds(none | kept), "pending": _funds(none | coming)}
    return found


def _funds(amounts: dict[str, int]) -> list[dict[str, Any]]:
    return [{"amount": amount, "currency": currency} for currency, amount in amounts.items()]


#: The sandbox part; its key has the form of a real one and opens nothing.
SANDBOX: Final = SandboxProvider(
    id="stripe",
    fields={"key": "rk_test_made_up_balance_read"},
    balances={"usd": "6666.70", "eur": "-12.34", "jpy": "250000"},
    answer=answer,
)
