"""A line for each read: for people, or JSON for machines."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal

from coffers import amount_to_text, one_line, time_to_text
from coffers_monitor.facts import Attempt, Figures

__all__ = ["json_line", "text_line"]


def text_line(attempt: Attempt) -> str:
    """One line for people: when, which account, what is left or what went wrong."""
    head = f"{time_to_text(attempt.at.replace(microsecond=0))}  {attempt.account}  "
    if attempt.rows is None:
        wait = "" if attempt.retry_after_s is None else f"; it asks to wait {attempt.retry_after_s:.0f} s"
        return head + one_line(f"{attempt.error}: {attempt.message}{wait}")
    doubt = "  (unconfirmed, it is read again)" if attempt.unconfirmed else ""
    return head + one_line(", ".join(map(_shown, attempt.rows)) or "nothing in it") + doubt


def json_line(attempt: Attempt) -> str:
    """One line of JSON; amounts are texts with every digit, an unknown one is null."""
    facts: dict[str, object] = {
        "at": time_to_text(attempt.at),
        "account": attempt.account,
        "provider": attempt.provider,
        "status": "ok" if attempt.error is None else "error",
        "elapsed_s": round(attempt.elapsed_s, 6),
        "as_of": _time(attempt.as_of),
    }
    if attempt.rows is None:
        facts["error"] = {
            "kind": attempt.error,
            "message": attempt.message,
            "retry_after": attempt.retry_after_s,
        }
    else:
        facts["unconfirmed"] = attempt.unconfirmed
        facts["balances"] = [_row(row) for row in attempt.rows]
    return json.dumps(facts, ensure_ascii=False)


def _shown(row: Figures) -> str:
    where = " ".join(filter(None, (row.place.currency, row.place.network, row.place.wallet)))
    return f"{_amount(row.spendable) or 'unknown'} {where}"


def _row(row: Figures) -> dict[str, str | None]:
    return {
        "currency": row.place.currency,
        "network": row.place.network or None,
        "wallet": row.place.wallet or None,
        "unit": row.unit,
        "total": _amount(row.total),
        "available": _amount(row.available),
        "pending": _amount(row.pending),
        "reserved": _amount(row.reserved),
        "spendable": _amount(row.spendable),
        "expires_at": _time(row.expires_at),
    }


def _amount(amount: Decimal | None) -> str | None:
    return None if amount is None else amount_to_text(amount)


def _time(time: datetime | None) -> str | None:
    return None if time is None else time_to_text(time)
