"""What the rooms of the monitor hand to one another: values only, no behaviour worth the name.

Imports nothing of ours. A time is aware, in UTC; an amount is an exact `Decimal`; unknown is None, never 0.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Literal, TypeAlias

import attrs

__all__ = ["Attempt", "Figures", "Place", "Point", "Unit"]

Unit: TypeAlias = Literal["money", "asset", "credits"]


@attrs.frozen(order=True)
class Place:
    """Where an amount lies: one row of an account. Rows of one currency stay apart by network and wallet.

    Attributes:
        account: the account's name in the config.
        currency: code, as in `coffers.Balance`.
        network: the chain, or "" where there is none.
        wallet: which of several places in the account, or "".
    """

    account: str
    currency: str
    network: str = ""
    wallet: str = ""


@attrs.frozen
class Figures:
    """The amounts of one place at one time; see `coffers.Balance`.

    Attributes:
        place: where.
        unit: what it is measured in.
        total, available, pending, reserved: exact, or None where the provider does not tell.
        expires_at: when the credit is gone, or None.
    """

    place: Place
    unit: Unit = "money"
    total: Decimal | None = None
    available: Decimal | None = None
    pending: Decimal | None = None
    reserved: Decimal | None = None
    expires_at: datetime | None = None

    @property
    def spendable(self) -> Decimal | None:
        """`available` when known, else `total`; None where neither is."""
        return self.total if self.available is None else self.available


@attrs.frozen
class Attempt:
    """One finished read of an account, failed or not; all its rows or none.

    Attributes:
        account: its name in the config.
        provider: the provider's id.
        at: when the read ended.
        elapsed_s: seconds it took.
        rows: what was found; None where it failed; empty where the account truly holds nothing.
        as_of: the provider's own time of the figures, or None.
        error: kind of the failure (one of `coffers`' twelve); None where it succeeded.
        message: its text, scrubbed; "" where it succeeded.
        retry_after_s: seconds the provider wants us to wait, or None.
        unconfirmed: whether its amounts are set aside: nothing but 0 after there was money. The next read that says the
            same is believed; this one is kept, and is no point of any forecast.
    """

    account: str
    provider: str
    at: datetime
    elapsed_s: float
    rows: tuple[Figures, ...] | None
    as_of: datetime | None = None
    error: str | None = None
    message: str = ""
    retry_after_s: float | None = None
    unconfirmed: bool = False


@attrs.frozen
class Point:
    """An amount at a time; what forecasts and charts are made of."""

    at: datetime
    amount: Decimal
