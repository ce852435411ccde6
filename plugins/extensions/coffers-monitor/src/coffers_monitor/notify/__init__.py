"""Notify: what the rules found, told to somebody. Through Apprise, or to a signed webhook.

channels.py         `[[monitor.notify]]`: TOML values become channels, or every fault at once
messages.py         notices become a title and a plain text
document.py         the same as JSON, for programs
outbox.py           letters: one notice for one channel each; what delivery needs of an outbox
delivery.py         letters that are due become messages: gathered, sent, tried again, given up
by_apprise.py       sending through Apprise, in a process of its own: apprise_process.py
by_webhook.py       sending to a webhook, signed
sending.py          what the senders share
command.py          `coffers notify`
"""

from __future__ import annotations

from .channels import Channel, read_channels
from .delivery import Delivered, Delivery, Pace, send_test, sender_of
from .document import ALERTS_SCHEMA, document
from .messages import Message, headline, message, summary
from .outbox import Due, Letter, Outbox, letters
from .sending import DeliveryError, Outgoing, Sender

__all__ = [
    "ALERTS_SCHEMA",
    "Channel",
    "Delivered",
    "Delivery",
    "DeliveryError",
    "Due",
    "Letter",
    "Message",
    "Outbox",
    "Outgoing",
    "Pace",
    "Sender",
    "document",
    "headline",
    "letters",
    "message",
    "read_channels",
    "send_test",
    "sender_of",
    "summary",
]
