"""Whether a scrubbed answer is understood as the real one was: the same kind of error, or balances of the same shape.

Roof. A pure function; what it says of a difference holds no value of either answer.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from decimal import Decimal

from coffers import Balance, CoffersError, Snapshot, Valuation
from coffers.plugin import AccessToken

__all__ = ["differences"]

_AMOUNTS = ("total", "available", "pending", "reserved")
_LABELS = ("network", "wallet")


def differences(
    real: Snapshot | AccessToken | CoffersError, scrubbed: Snapshot | AccessToken | CoffersError, codes: Collection[str]
) -> list[str]:
    """What is understood otherwise, one line each.

    Args:
        real: what the plugin made of the real answer.
        scrubbed: what it made of the scrubbed one.
        codes: of currencies and networks that were not replaced.
    """
    was, now = _kind(real), _kind(scrubbed)
    if was != now:
        return [f"the answer was {was}, scrubbed it is {now}"]
    if isinstance(real, Snapshot) and isinstance(scrubbed, Snapshot):
        return list(_of_snapshots(real, scrubbed, codes))
    return []


def _kind(outcome: Snapshot | AccessToken | CoffersError) -> str:
    if isinstance(outcome, CoffersError):
        return f"the error {outcome.kind}"
    return "a token" if isinstance(outcome, AccessToken) else "a snapshot"


def _of_snapshots(real: Snapshot, scrubbed: Snapshot, codes: Collection[str]) -> Iterator[str]:
    if len(real.balances) != len(scrubbed.balances):
        yield f"{len(real.balances)} balances became {len(scrubbed.balances)}"
        return
    if (real.as_of is None) != (scrubbed.as_of is None):
        yield "as_of is told in one of them only"
    if [query.step for query in real.next] != [query.step for query in scrubbed.next]:
        yield "other further steps follow"
    for number, (was, now) in enumerate(zip(real.balances, scrubbed.balances, strict=True), 1):
        yield from (f"balance {number}: {text}" for text in _of_balances(was, now, codes))


def _of_balances(was: Balance, now: Balance, codes: Collection[str]) -> Iterator[str]:
    if was.currency in codes and was.currency != now.currency:
        yield "another currency"
    if was.unit != now.unit:
        yield "another unit"
    for name in _LABELS:
        if (getattr(was, name) is None) != (getattr(now, name) is None):
            yield f"{name} is told in one of them only"
    if was.details.keys() != now.details.keys():
        yield "other details"
    yield from _of_amounts(was, now, _AMOUNTS)
    if (was.valuation is None) != (now.valuation is None):
        yield "its value is told in one of them only"
    elif was.valuation is not None and now.valuation is not None:
        yield from (f"its value: {text}" for text in _of_amounts(was.valuation, now.valuation, _AMOUNTS[:2]))


def _of_amounts(was: Balance | Valuation, now: Balance | Valuation, names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        if _shape(getattr(was, name)) != _shape(getattr(now, name)):
            yield f"{name} has another shape"
        elif getattr(was, name) and getattr(was, name) == getattr(now, name):
            yield f"{name} is still what it was"


def _shape(amount: Decimal | None) -> object:
    """Sign, whether it is 0, and the digits behind the point; a sum may well have a digit more before it."""
    return None if amount is None else (amount.is_signed(), not amount, amount.as_tuple().exponent)
