"""What the answer means. It has two statuses, HTTP's and the envelope's: failure is what either calls so.

The envelope goes first, for a proxy in front may turn its 401 into a 403. The page and the official clients show
flat numbers; others type ``{available, pending}`` and ``{balance, symbol}``. Nothing else is taken for an amount.
"""

from __future__ import annotations

from typing import Any, Final

import attrs

from coffers.plugin import (
    Amount,
    BadResponseError,
    Balance,
    CoffersError,
    Query,
    Response,
    Snapshot,
    hookimpl,
    members,
    parse_json,
    status_error,
    structure,
)
from coffers_oxapay.currencies import Settings, balance, chosen

SUCCESS: Final = 200


@attrs.frozen
class Envelope:
    """The members of every answer. One without `status` is no answer of this provider."""

    status: int
    message: Any = None
    error: Any = None  # {"type", "key", "message"}, {} or null


@attrs.frozen
class Success:
    """A success has an object here; null or an array is not "no money"."""

    data: dict[str, Any]


@attrs.frozen
class Flat:
    """``{"USDT": 10.5}``: numbers as documented, or texts."""

    data: dict[str, Amount]


@attrs.frozen
class Parts:
    """``{"available": 1, "pending": 0}`` or ``{"balance": "1", "symbol": "USDT"}``, as third parties type a symbol."""

    balance: Amount | None = None
    available: Amount | None = None
    pending: Amount | None = None
    symbol: str | None = None


@hookimpl
def coffers_parse(response: Response, query: Query[Settings]) -> Snapshot:
    """One balance for each symbol; ``{}`` is "no balances"."""
    answer = parse_json(response.body)
    envelope = structure(answer, Envelope)
    if envelope.status != SUCCESS:
        raise _refused(response, envelope)
    if response.status != SUCCESS:
        raise status_error(response)
    return chosen((_balance(*item) for item in structure(answer, Success).data.items()), query.settings)


def _refused(response: Response, envelope: Envelope) -> CoffersError:
    """The envelope's statuses are HTTP's and mean the same."""
    error = members(envelope.error)
    texts = [text for text in (error.get("message"), envelope.message) if isinstance(text, str) and text]
    key = error.get("key")
    code = key if isinstance(key, str) and key else envelope.status
    judged = attrs.evolve(response, status=envelope.status)
    return status_error(judged, texts[0] if texts else None, code=code)


def _balance(symbol: str, value: Any) -> Balance:
    if not isinstance(value, dict):
        return balance(symbol, total=structure({"data": {symbol: value}}, Flat).data[symbol])
    parts = structure(value, Parts)
    if parts.balance is None and parts.available is None:
        raise BadResponseError("$.data.*: neither balance nor available is told", field="$.data.*")
    if parts.symbol is not None and parts.symbol.upper() != symbol.upper():
        raise BadResponseError("$.data.*.symbol: is not the symbol it stands under", field="$.data.*.symbol")
    return balance(symbol, total=parts.balance, available=parts.available, pending=parts.pending)
