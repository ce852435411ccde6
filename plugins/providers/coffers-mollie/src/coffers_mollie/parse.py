"""What the answer means: a page of balances and perhaps the link to the next, or a refusal.

As of 2026-11: https://docs.mollie.com/reference/list-balances, https://docs.mollie.com/reference/handling-errors
"""

from __future__ import annotations

from typing import Any

import attrs

from coffers.plugin import (
    Amount,
    BadResponseError,
    Balance,
    Query,
    Response,
    Snapshot,
    hookimpl,
    read_json,
    refusal,
)

from .request import Settings


@attrs.frozen
class Money:
    """``{"currency": "EUR", "value": "905.25"}``."""

    currency: str
    value: Amount


@attrs.frozen
class Row:
    """One balance. Its bank account and beneficiary are not read."""

    id: str
    currency: str
    availableAmount: Money  # noqa: N815  their word
    pendingAmount: Money  # noqa: N815  their word
    description: Any = None
    mode: Any = None
    status: Any = None


@attrs.frozen
class Embedded:
    """The page's rows."""

    balances: list[Row]


@attrs.frozen
class Link:
    """``{"href": "https://...", "type": "application/hal+json"}``."""

    href: str


@attrs.frozen
class Links:
    """Where else to look; `next` is null on the last page and must be there."""

    next: Link | None


@attrs.frozen
class Page:
    """A success."""

    _embedded: Embedded
    _links: Links

    @property
    def rows(self) -> list[Row]:
        """Its balances."""
        return self._embedded.balances

    @property
    def next(self) -> Link | None:
        """Where the next page is; None on the last."""
        return self._links.next


@attrs.frozen
class Refusal:
    """``{"status": 401, "title": "Unauthorized Request", "detail": "..."}``; `field` names a parameter."""

    title: str
    detail: str | None = None
    field: str | None = None


@hookimpl
def coffers_parse(response: Response, query: Query[Settings]) -> Snapshot:
    """A balance for each row; the next page is asked for by its cursor, at the host that was asked."""
    if response.status >= 400:
        said = read_json(response, Refusal)
        raise refusal(response, said.detail or said.title, said.field)
    page = read_json(response, Page)
    rows = [_balance(row) for row in page.rows]
    following = () if page.next is None else (query.then("balances", {"from": _cursor(query, page.next)}),)
    return Snapshot(rows, next=following)


def _cursor(query: Query[Settings], link: Link) -> str:
    cursor = query.linked(link.href).get("from")
    if not cursor:
        raise BadResponseError("$._links.next.href: names no balance to go on from", field="$._links.next.href")
    return cursor


def _balance(row: Row) -> Balance:
    available, pending = row.availableAmount, row.pendingAmount
    if {available.currency, pending.currency} != {row.currency}:
        raise BadResponseError("a balance holds amounts of another currency", field="$._embedded.balances")
    texts = {"description": row.description, "mode": row.mode, "status": row.status}
    return Balance(
        row.currency,
        total=available.value + pending.value,
        available=available.value,
        pending=pending.value,
        wallet=row.id,
        details={name: text for name, text in texts.items() if isinstance(text, str) and text},
        derived=("total",),
    )
