"""Outcomes as the fixed JSON: `coffers.balances/1`. Values in, plain dicts, lists and texts out.

Floor 5, beside `registry`, `transport` and `settings`; needs no library of others. It must never round, guess or fill
in: an amount has the provider's digits, an unknown one is null. Changes are additive only; the JSON Schema is
`schemas/balances-1.schema.json`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from .account import Outcome
from .amounts import amount_to_text
from .errors import CoffersError
from .models import Balance, Valuation

__all__ = ["BALANCES_SCHEMA", "account_report", "balance_report", "balances_report", "time_to_text"]

#: The value of the key `schema`.
BALANCES_SCHEMA: Final = "coffers.balances/1"


def balances_report(outcomes: Iterable[Outcome], *, generated_at: datetime) -> dict[str, Any]:
    """The whole document, accounts in the order of `outcomes`.

    Args:
        outcomes: what became of each account.
        generated_at: now (aware).
    """
    return {
        "schema": BALANCES_SCHEMA,
        "generated_at": time_to_text(generated_at.replace(microsecond=0)),
        "accounts": [account_report(outcome) for outcome in outcomes],
    }


def account_report(outcome: Outcome) -> dict[str, Any]:
    """One account as it stands in the document: `balances` where it was read, `error` where it was not."""
    snapshot, error = outcome.snapshot, outcome.error
    as_of = snapshot.as_of if snapshot else None
    report: dict[str, Any] = {
        "account": outcome.account.name,
        "provider": outcome.account.provider,
        "status": "error" if error else "ok",
        "fetched_at": time_to_text(outcome.fetched_at.replace(microsecond=0)),
        "as_of": None if as_of is None else time_to_text(as_of),
    }
    if snapshot is not None:
        report["balances"] = [balance_report(balance) for balance in snapshot.balances]
    if error is not None:
        report["error"] = _error(error)
    return report


def time_to_text(when: datetime) -> str:
    """An aware time as RFC 3339 in UTC: ``2026-11-21T03:00:00Z``, with a fraction only where there is one."""
    text = when.astimezone(UTC).isoformat().removesuffix("+00:00")
    return (text.rstrip("0") if "." in text else text) + "Z"


def balance_report(balance: Balance) -> dict[str, Any]:
    """One balance as it stands in the document: every member given, amounts as text, null where one is not known."""
    return {
        "currency": balance.currency,
        "unit": balance.unit,
        "network": balance.network,
        "wallet": balance.wallet,
        "total": _amount(balance.total),
        "available": _amount(balance.available),
        "pending": _amount(balance.pending),
        "reserved": _amount(balance.reserved),
        "spendable": _amount(balance.spendable),
        "value": None if balance.valuation is None else _valuation(balance.valuation),
        "details": dict(balance.details),
        "derived": list(balance.derived),
        "expires_at": None if balance.expires_at is None else time_to_text(balance.expires_at),
    }


def _valuation(valuation: Valuation) -> dict[str, Any]:
    return {
        "currency": valuation.currency,
        "total": _amount(valuation.total),
        "available": _amount(valuation.available),
    }


def _error(error: CoffersError) -> dict[str, Any]:
    wait_s = error.retry_after_s
    return {
        "kind": error.kind,
        "code": error.code,
        "message": error.message,
        "retryable": error.retryable,
        "retry_after": None if wait_s is None or not math.isfinite(wait_s) else math.ceil(wait_s),
    }


def _amount(amount: Decimal | None) -> str | None:
    return None if amount is None else amount_to_text(amount)
