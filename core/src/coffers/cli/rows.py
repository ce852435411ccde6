"""Outcomes as rows of text: what the table and the list for narrow terminals both show.

Roof. An amount is shown with every digit, an unknown one as `-`, never as 0. Providers' words are put on one line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

import attrs

from coffers import Account, Balance, Outcome, Snapshot, Valuation, amount_to_text, one_line

__all__ = ["AMOUNTS", "LABELS", "Row", "columns_of", "rows_of"]

#: Every column and its heading, in order.
LABELS: Final[Mapping[str, str]] = {
    "account": "Account",
    "provider": "Provider",
    "currency": "Currency",
    "network": "Network",
    "wallet": "Wallet",
    "total": "Total",
    "available": "Available",
    "pending": "Pending",
    "reserved": "Reserved",
    "value": "Value",
    "derived": "Derived",
    "expires": "Expires",
    "as_of": "As of",
    "note": "Note",
}

#: Columns of numbers.
AMOUNTS: Final = ("total", "available", "pending", "reserved", "value")

#: Columns that are there only when some row has something in them.
_WHEN_NEEDED: Final = frozenset(
    {"network", "wallet", "pending", "reserved", "value", "derived", "expires", "as_of", "note"}
)


@attrs.frozen(kw_only=True)
class Row:
    """One line of the table; an empty text is an empty cell. `state` is ``ok``, ``error`` or ``reading``."""

    account: str
    provider: str
    currency: str = ""
    network: str = ""
    wallet: str = ""
    total: str = ""
    available: str = ""
    pending: str = ""
    reserved: str = ""
    value: str = ""
    derived: str = ""
    expires: str = ""
    as_of: str = ""
    note: str = ""
    state: str = "ok"

    def cell(self, column: str) -> str:
        """The text of one column."""
        text: str = getattr(self, column)
        return text


def columns_of(rows: Sequence[Row]) -> list[str]:
    """The columns that `rows` need."""
    return [column for column in LABELS if column not in _WHEN_NEEDED or any(row.cell(column) for row in rows)]


def rows_of(accounts: Sequence[Account], outcomes: Mapping[str, Outcome]) -> list[Row]:
    """The rows of all accounts, in their order.

    Args:
        accounts: all that are read.
        outcomes: by account name, of those that are done.
    """
    rows: list[Row] = []
    for account in accounts:
        outcome = outcomes.get(account.name)
        if outcome is None:
            rows.append(_row(account, note="reading …", state="reading"))
        elif outcome.snapshot is None:
            error = outcome.error
            note = one_line(f"{error.kind}: {error.message}") if error else ""
            rows.append(_row(account, note=note, state="error"))
        elif outcome.snapshot.balances:
            rows += [_balance_row(outcome, outcome.snapshot, balance) for balance in outcome.snapshot.balances]
        else:
            rows.append(_row(account, as_of=_time(outcome.snapshot.as_of), note="holds nothing"))
    return rows


def _row(account: Account, *, as_of: str = "", note: str = "", state: str = "ok") -> Row:
    return Row(account=account.name, provider=account.provider, as_of=as_of, note=note, state=state)


def _balance_row(outcome: Outcome, snapshot: Snapshot, balance: Balance) -> Row:
    return Row(
        account=outcome.account.name,
        provider=outcome.account.provider,
        currency=balance.currency,
        network=one_line(balance.network or ""),
        wallet=one_line(balance.wallet or ""),
        total=_amount(balance.total) or "-",
        available=_amount(balance.available) or "-",
        pending=_amount(balance.pending),
        reserved=_amount(balance.reserved),
        value=_value(balance.valuation),
        derived=" ".join(balance.derived),
        expires=_time(balance.expires_at),
        as_of=_time(snapshot.as_of),
    )


def _amount(amount: Decimal | None) -> str:
    return "" if amount is None else amount_to_text(amount)


def _value(valuation: Valuation | None) -> str:
    if valuation is None:
        return ""
    amount = valuation.available if valuation.total is None else valuation.total
    return "" if amount is None else f"{amount_to_text(amount)} {valuation.currency}"


def _time(when: datetime | None) -> str:
    return "" if when is None else f"{when.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z"
