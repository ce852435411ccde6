"""Notices as JSON for programs: the fixed document `coffers.alerts/1`. Additive changes only.

Its JSON Schema is alerts-1.schema.json beside this file. An amount is a text with every digit, an unknown one is null.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from coffers import amount_to_text, time_to_text
from coffers_monitor.rules import Notice

from .messages import Message

__all__ = ["ALERTS_SCHEMA", "document"]

#: The value of the key `schema`.
ALERTS_SCHEMA: Final = "coffers.alerts/1"


def document(
    notices: Sequence[Notice], message: Message, *, message_id: str, now: datetime, test: bool = False
) -> bytes:
    """The document, as UTF-8.

    Args:
        notices: what is told; none in a test.
        message: the same for people.
        message_id: the same when the same notices are sent again.
        now: when it is sent.
        test: whether somebody only tries the channel.
    """
    whole = {
        "schema": ALERTS_SCHEMA,
        "id": message_id,
        "sent_at": time_to_text(now.replace(microsecond=0)),
        "test": test,
        "title": message.title,
        "text": message.text,
        "notices": [_notice(notice) for notice in notices],
    }
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _notice(notice: Notice) -> dict[str, Any]:
    place, found, failure = notice.place, notice.forecast, notice.failure
    return {
        "id": notice.id,
        "event": notice.event,
        "subject": notice.subject,
        "level": notice.level.word,
        "before": notice.before.word,
        "account": notice.account,
        "provider": notice.provider or None,
        "currency": place and place.currency,
        "network": (place and place.network) or None,
        "wallet": (place and place.wallet) or None,
        "since": time_to_text(notice.since),
        "at": time_to_text(notice.at),
        "spendable": _amount(notice.amount),
        "unit": notice.unit if place else None,
        "read_at": _time(notice.read_at),
        "as_of": _time(notice.as_of),
        "gone_at": _time(notice.gone_at),
        "limit": _amount(notice.limit),
        "limit_s": notice.limit_s,
        "percent": notice.percent,
        "peak": _amount(notice.peak),
        "peak_at": _time(notice.peak_at),
        "within_s": notice.within_s,
        "expires_at": _time(notice.expires_at),
        "runs_out_at": _time(found.out_at if found else None),
        "runs_out_earliest": _time(found.earliest if found else None),
        "runs_out_latest": _time(found.latest if found else None),
        "failing_since": _time(failure.since if failure else None),
        "error": None if failure is None else {"kind": failure.kind, "message": failure.message},
    }


def _amount(amount: Decimal | None) -> str | None:
    return None if amount is None else amount_to_text(amount)


def _time(when: datetime | None) -> str | None:
    return None if when is None else time_to_text(when)
