"""A read as the fixed JSON, `coffers.history/1`. It never rounds, guesses or fills in: what is not known is null.

Changes are additive only; the JSON Schema is `schemas/history-1.schema.json`. Members that `coffers.balances/1` has,
too, are named and written as there.
"""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any, Final

from coffers import amount_to_text, time_to_text
from coffers_monitor.facts import Attempt, Figures

__all__ = ["HISTORY_SCHEMA", "attempt_report"]

#: The value of the key `schema`.
HISTORY_SCHEMA: Final = "coffers.history/1"


def attempt_report(attempt: Attempt) -> dict[str, Any]:
    """One read: `balances` where it succeeded, `error` where it did not."""
    report: dict[str, Any] = {
        "account": attempt.account,
        "provider": attempt.provider,
        "status": "ok" if attempt.error is None else "error",
        "fetched_at": time_to_text(attempt.at),
        "elapsed_s": attempt.elapsed_s,
        "as_of": None if attempt.as_of is None else time_to_text(attempt.as_of),
    }
    if attempt.rows is not None:
        report["unconfirmed"] = attempt.unconfirmed
        report["balances"] = [_balance(row) for row in attempt.rows]
    else:
        wait_s = attempt.retry_after_s
        retry_after = None if wait_s is None or not math.isfinite(wait_s) else math.ceil(wait_s)
        report["error"] = {"kind": attempt.error, "message": attempt.message, "retry_after": retry_after}
    return report


def _balance(row: Figures) -> dict[str, Any]:
    return {
        "currency": row.place.currency,
        "unit": row.unit,
        "network": row.place.network or None,
        "wallet": row.place.wallet or None,
        "total": _amount(row.total),
        "available": _amount(row.available),
        "pending": _amount(row.pending),
        "reserved": _amount(row.reserved),
        "spendable": _amount(row.spendable),
        "expires_at": None if row.expires_at is None else time_to_text(row.expires_at),
    }


def _amount(amount: Decimal | None) -> str | None:
    return None if amount is None else amount_to_text(amount)
