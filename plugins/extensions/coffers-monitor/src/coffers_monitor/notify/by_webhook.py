"""Sending to a webhook: a JSON document, signed as https://www.standardwebhooks.com describes, so that any of its
libraries can verify it.

One POST over the core's bounded transport: https unless to this machine, no redirect followed, one deadline for all.

    webhook-id         the same when the same notices are sent again
    webhook-timestamp  when this was sent, whole seconds since 1970
    webhook-signature  v1,BASE64 of HMAC-SHA256 over `id.timestamp.body`; the key is what stands in base64 behind
                       `whsec_`, or the bytes of any other text
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from coffers import CoffersError, Endpoint, HttpTransport, Secret, SignedRequest, is_reference, origin_of

from .channels import Channel
from .sending import DeliveryError, Outgoing, looked_up

__all__ = ["WebhookSender", "signature"]

_PREFIX: Final = "whsec_"


def signature(key: Secret, *, message_id: str, timestamp: int, body: bytes) -> str:
    """The value of the header ``webhook-signature``.

    Raises:
        DeliveryError: the key begins with ``whsec_`` and is no base64 behind it.
    """
    text = key.reveal()
    secret = text.encode()
    if text.startswith(_PREFIX):
        try:
            secret = base64.b64decode(text.removeprefix(_PREFIX), validate=True)
        except binascii.Error:
            secret = b""
        if not secret:
            raise DeliveryError("its key begins with whsec_ but is no base64 behind that", attempted=False)
    signed = hmac.new(secret, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(signed).decode()


class WebhookSender:
    """Speaks to one webhook. See `Sender`.

    Args:
        channel: of the kind ``webhook``.
        folder: what a relative ``file:`` reference is relative to.
        clock: seconds since 1970, for the timestamp.
    """

    def __init__(self, channel: Channel, folder: Path | None, clock: Callable[[], float] = time.time) -> None:
        self._channel = channel
        self._folder = folder
        self._clock = clock
        self._transport = HttpTransport()

    def send(self, message: Outgoing, *, within_s: float) -> None:
        """See `Sender.send`. Any status but 2xx is a refusal."""
        deadline = time.monotonic() + within_s
        address = self._channel.address
        url = looked_up(address, self._folder).reveal() if is_reference(address) else address
        key = looked_up(self._channel.secret or "", self._folder)
        endpoint, target = _taken_apart(url)
        timestamp = int(self._clock())
        headers = (
            ("Content-Type", "application/json"),
            ("webhook-id", message.id),
            ("webhook-timestamp", str(timestamp)),
            ("webhook-signature", signature(key, message_id=message.id, timestamp=timestamp, body=message.document)),
        )
        try:
            answer = self._transport.send(
                SignedRequest("POST", "api", target, headers, message.document), endpoint, deadline
            )
        except CoffersError as error:
            reason, attempted = error.message, error.kind != "config"
        else:
            if 200 <= answer.status < 300:
                return
            reason, attempted = f"its server answered with status {answer.status}", True
        raise DeliveryError(reason, attempted=attempted)

    def close(self) -> None:
        """See `Sender.close`. A further `send` fails."""
        self._transport.close()


def _taken_apart(url: str) -> tuple[Endpoint, str]:
    """The server, and what is asked of it."""
    try:
        origin = origin_of(url)
    except ValueError as error:
        reason = str(error)
    else:
        parts = urlsplit(url)
        return Endpoint(origin), (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    raise DeliveryError(f"its address {reason}", attempted=False)
