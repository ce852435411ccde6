"""An outcome of the core as a fact of the monitor."""

from __future__ import annotations

from coffers import Outcome
from coffers_monitor.facts import Attempt, Figures, Place

__all__ = ["attempt_of"]


def attempt_of(outcome: Outcome) -> Attempt:
    """What the monitor keeps of a read; every digit, and of an error its words alone."""
    account, error = outcome.account.name, outcome.error
    rows = None
    if outcome.snapshot is not None:
        rows = tuple(
            [
                Figures(
                    Place(account, row.currency, row.network or "", row.wallet or ""),
                    unit=row.unit,
                    total=row.total,
                    available=row.available,
                    pending=row.pending,
                    reserved=row.reserved,
                    expires_at=row.expires_at,
                )
                for row in outcome.snapshot.balances
            ]
        )
    return Attempt(
        account=account,
        provider=outcome.account.provider,
        at=outcome.fetched_at,
        elapsed_s=outcome.elapsed_s,
        rows=rows,
        as_of=None if outcome.snapshot is None else outcome.snapshot.as_of,
        error=None if error is None else error.kind,
        message="" if error is None else error.message,
        retry_after_s=None if error is None else error.retry_after_s,
    )
