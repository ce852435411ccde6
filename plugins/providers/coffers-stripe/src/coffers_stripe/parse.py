"""What the answer means: lists of amounts, a bucket each, to a balance a currency; issuing and prefunding apart.

As of 2026-11: https://docs.stripe.com/api/balance/balance_object
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Literal

import attrs

from coffers.plugin import (
    BadResponseError,
    Balance,
    Query,
    Response,
    Snapshot,
    amount_to_text,
    hookimpl,
    members,
    parse_json,
    structure,
)

from .exponents import exponent
from .refusals import refused
from .request import Settings


@attrs.frozen
class Funds:
    """One currency of a bucket; `amount` in the currency's minor unit, below 0 too."""

    amount: int
    currency: str


@attrs.frozen
class Prefunding:
    """``refund_and_dispute_prefunding``."""

    available: list[Funds] | None = None
    pending: list[Funds] | None = None


@attrs.frozen
class Issuing:
    """``issuing``."""

    available: list[Funds] | None = None


@attrs.frozen
class Answer:
    """The balance object. `instant_available` overlaps `available` and `pending`."""

    object: Literal["balance"]
    available: list[Funds]
    pending: list[Funds]
    livemode: Any = None
    connect_reserved: list[Funds] | None = None
    instant_available: list[Funds] | None = None
    issuing: Issuing | None = None
    refund_and_dispute_prefunding: Prefunding | None = None


@hookimpl
def coffers_parse(response: Response, query: Query[Settings]) -> Snapshot:
    """The payments balance of each currency; behind it what is kept for cards and for refunds."""
    body = parse_json(response.body)
    error = members(members(body).get("error"))
    if error or response.status >= 400:
        raise refused(response, error)
    answer = structure(body, Answer)
    return Snapshot(_balances(answer))


def _balances(answer: Answer) -> Iterator[Balance]:
    mode = {"livemode": str(answer.livemode).lower()} if isinstance(answer.livemode, bool) else {}
    payments = {"available": answer.available, "pending": answer.pending}
    more = {"reserved": answer.connect_reserved, "instant_available": answer.instant_available}
    yield from _rows(payments | more, None, mode)
    if answer.issuing is not None:
        yield from _rows({"available": answer.issuing.available}, "issuing", mode)
    if (kept := answer.refund_and_dispute_prefunding) is not None:
        buckets = {"available": kept.available, "pending": kept.pending}
        yield from _rows(buckets, "refund_and_dispute_prefunding", mode)


def _rows(buckets: Mapping[str, list[Funds] | None], wallet: str | None, mode: Mapping[str, str]) -> Iterator[Balance]:
    """A balance for each currency of the buckets, in the order in which they first name it."""
    amounts: dict[str, dict[str, Decimal]] = {}
    for bucket, funds in buckets.items():
        for one in funds or []:
            row = amounts.setdefault(one.currency.upper(), {})
            if bucket in row:
                raise BadResponseError(f"$.{bucket}: names a currency twice", field=f"$.{bucket}")
            row[bucket] = Decimal(one.amount).scaleb(-exponent(one.currency))
    for currency, row in amounts.items():
        available, pending = row.get("available"), row.get("pending")
        total = available + pending if available is not None and pending is not None else None
        instant = row.get("instant_available")
        more = {} if instant is None else {"instant_available": amount_to_text(instant)}
        yield Balance(
            currency,
            total=total,
            available=available,
            pending=pending,
            reserved=row.get("reserved"),
            wallet=wallet,
            details={**mode, **more},
            derived=() if total is None else ("total",),
        )
