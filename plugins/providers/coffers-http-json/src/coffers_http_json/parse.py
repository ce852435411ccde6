"""What the answer means: a balance for each row, from the places that the config names."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import attrs

from coffers.plugin import (
    Amount,
    BadResponseError,
    Balance,
    Query,
    Response,
    Snapshot,
    amount_to_text,
    hookimpl,
    parse_json,
)

from .pointers import NAME, due, find, joined
from .refusals import refused
from .settings import AMOUNTS, Settings
from .times import to_time


@attrs.frozen
class Row:
    """One row.

    Attributes:
        place: the pointer to it; ``*`` stands for a member's name, which may be personal.
        name: the member's name where the rows are an object, else empty.
        value: the row itself.
    """

    place: str
    name: str
    value: Any


@hookimpl
def coffers_parse(response: Response, query: Query[Settings]) -> Snapshot:
    """A balance a row, zeros included. What leads nowhere is never 0."""
    settings, answer = query.settings, parse_json(response.body)
    refusal = refused(response, answer, settings)
    if refusal is not None:
        raise refusal
    time = None
    if settings.as_of is not None:
        time = to_time(find(answer, settings.as_of), settings.as_of)
    return Snapshot([_balance(row, settings) for row in _rows(answer, settings)], time)


def _rows(answer: Any, settings: Settings) -> Iterator[Row]:
    if settings.rows is None:
        yield Row("#", "", answer)
        return
    found = find(answer, settings.rows)
    if settings.named_rows:
        for name, value in due(found, dict[str, Any], settings.rows).items():
            yield Row(joined(settings.rows, "/*"), name, value)
    else:
        for index, value in enumerate(due(found, list[Any], settings.rows)):
            yield Row(joined(settings.rows, f"/{index}"), "", value)


def _balance(row: Row, settings: Settings) -> Balance:
    amounts = dict(_amounts(row, settings))
    network, wallet = _name(row, settings.network_at), _name(row, settings.wallet_at)
    currency = settings.currency or _name(row, settings.currency_at)
    place = joined(row.place, settings.currency_at or "")
    if currency is None:
        raise BadResponseError(f"{place}: a currency is due, nothing is there", field=place)
    try:
        return Balance(
            currency,
            total=amounts.get("total"),
            available=amounts.get("available"),
            pending=amounts.get("pending"),
            reserved=amounts.get("reserved"),
            unit=settings.unit,
            network=network,
            wallet=wallet,
        )
    except BadResponseError as error:  # no such currency
        reason = error.message
    raise BadResponseError(f"{place}: {reason}", field=place)


def _amounts(row: Row, settings: Settings) -> Iterator[tuple[str, Decimal]]:
    """The first one that is configured is due; of the others, absent and null mean unknown."""
    first = True
    for name in AMOUNTS:
        pointer: str | None = getattr(settings, name)
        if pointer is None:
            continue
        value = find(row.value, pointer)
        if first or value is not None:
            place = joined(row.place, pointer)
            yield name, _scaled(due(value, Amount, place), settings.decimals, place)
        first = False


def _scaled(amount: Decimal, decimals: int | None, place: str) -> Decimal:
    """`amount`; where it counts smaller units, in whole ones: 1250 cents are exactly 12.50."""
    if decimals is None:
        return amount
    whole = int(amount)
    if str(whole) != amount_to_text(amount):
        raise BadResponseError(f"{place}: must be a whole number, as `decimals` is given", field=place)
    return Decimal(whole).scaleb(-decimals)


def _name(row: Row, pointer: str | None) -> str | None:
    """A name that the row tells; a whole number is one too, an empty text is none."""
    if pointer is None:
        return None
    value = row.name if pointer == NAME else find(row.value, pointer)
    if type(value) is int:
        return str(value)
    return None if value is None else due(value, str, joined(row.place, pointer)) or None
