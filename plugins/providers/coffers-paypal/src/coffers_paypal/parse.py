"""What the answer means: a token, or a balance for each currency.

As of 2026-11: https://developer.paypal.com/docs/api/transaction-search/v1/#balances
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import attrs

from coffers.plugin import (
    AccessToken,
    BadResponseError,
    Balance,
    Query,
    Response,
    Secret,
    Snapshot,
    amount_from_text,
    hookimpl,
    members,
    parse_json,
    structure,
    time_from_text,
)

from .refusals import refused
from .request import TOKEN_STEP, Settings


@attrs.frozen
class Token:
    """The answer of the token step."""

    access_token: str
    expires_in: int


@attrs.frozen
class Money:
    """An amount with as many decimals as its currency has; PayPal's pattern allows ``.5`` and a minus."""

    currency_code: str
    value: str


@attrs.frozen
class Row:
    """One currency. The total is the sum of the other two, of which neither must be told."""

    currency: str
    total_balance: Money
    available_balance: Money | None = None
    withheld_balance: Money | None = None
    primary: Any = None


@attrs.frozen
class Answer:
    """All currencies, as they were when last refreshed."""

    balances: list[Row]
    last_refresh_time: Any = None


@hookimpl
def coffers_parse(response: Response, query: Query[Settings]) -> Snapshot | AccessToken:
    """The token, or a balance a currency with the time of its figures; a refusal of either is an error."""
    body = parse_json(response.body)
    if response.status >= 400:
        raise refused(response, members(body))
    if query.step == TOKEN_STEP:
        token = structure(body, Token)
        if not token.access_token:
            raise BadResponseError("$.access_token: is empty", field="$.access_token")
        return AccessToken(Secret(token.access_token), token.expires_in)
    answer = structure(body, Answer)
    return Snapshot([_balance(row) for row in answer.balances], time_from_text(answer.last_refresh_time))


def _balance(row: Row) -> Balance:
    return Balance(
        row.currency,
        total=_amount(row.total_balance, row),
        available=_amount(row.available_balance, row) if row.available_balance else None,
        reserved=_amount(row.withheld_balance, row) if row.withheld_balance else None,
        details={"primary": str(row.primary).lower()} if isinstance(row.primary, bool) else {},
    )


def _amount(money: Money, row: Row) -> Decimal:
    if money.currency_code != row.currency:
        raise BadResponseError("an amount is in another currency than its row", field="$.balances[].currency")
    try:
        return amount_from_text(re.sub(r"^(-?)\.", r"\g<1>0.", money.value))
    except ValueError as error:
        reason = str(error)
    raise BadResponseError(f"a value is not an amount: {reason}", field="$.balances[].value")
