"""The credentials and the signature: SHA-256 over the sorted members of the body and the app key. It is no HMAC.

As of 2026-11: https://docs.pagsmile.com/payout/security
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import attrs

from coffers.plugin import Attempt, Request, Secret, SignedRequest, hookimpl


@attrs.frozen
class App:
    """An app of the payout platform."""

    app_id: str = attrs.field(metadata={"help": "App ID, from the payout platform's dashboard"})
    app_key: Secret = attrs.field(metadata={"help": "the app's key, never sent; it signs"})


@hookimpl
def coffers_sign(request: Request, credentials: App, attempt: Attempt) -> SignedRequest:
    """Add a fresh timestamp and the signature over exactly what is sent."""
    digest = hashlib.sha256(canonical(request, credentials, attempt).encode()).hexdigest()
    headers = {"AppId": credentials.app_id, "Authorization": digest}
    return _stamped(request, attempt).seal(headers=headers)


def canonical(request: Request, credentials: App, attempt: Attempt) -> str:
    """The text that is signed; it ends with the app key, so it is never to be shown."""
    return signed_text(dict(_stamped(request, attempt).json or ()), credentials.app_key.reveal())


def _stamped(request: Request, attempt: Attempt) -> Request:
    return request.add(json={"timestamp": attempt.unix_s})


def signed_text(members: Mapping[str, Any], app_key: str) -> str:
    """``a=1&b=2`` and the key: members sorted by the bytes of their names, none but ``""`` and null left out.

    Raises:
        TypeError: a member that is no text, whole number or truth value; the provider does not say how to sign it.
    """
    names = sorted((name for name in members if members[name] is not None and members[name] != ""), key=str.encode)
    return "&".join(f"{name}={_to_text(members[name])}" for name in names) + app_key


def _to_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int):
        return str(value)
    raise TypeError("only texts, whole numbers and truth values can be signed")
