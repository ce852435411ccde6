"""A read that the core tells of, as a fact of the monitor."""

from __future__ import annotations

from coffers import FinishedRead
from coffers_monitor.facts import Attempt, Figures, Place

__all__ = ["attempt_of"]


def attempt_of(read: FinishedRead) -> Attempt:
    """What the monitor keeps of a read; every digit, and of an error its words alone."""
    error = read.error
    rows = None
    if read.snapshot is not None:
        rows = tuple(
            [
                Figures(
                    Place(read.account, row.currency, row.network or "", row.wallet or ""),
                    unit=row.unit,
                    total=row.total,
                    available=row.available,
                    pending=row.pending,
                    reserved=row.reserved,
                    expires_at=row.expires_at,
                )
                for row in read.snapshot.balances
            ]
        )
    return Attempt(
        account=read.account,
        provider=read.provider,
        at=read.fetched_at,
        elapsed_s=read.elapsed_s,
        rows=rows,
        as_of=None if read.snapshot is None else read.snapshot.as_of,
        error=None if error is None else error.kind,
        message="" if error is None else error.message,
        retry_after_s=None if error is None else error.retry_after_s,
    )
