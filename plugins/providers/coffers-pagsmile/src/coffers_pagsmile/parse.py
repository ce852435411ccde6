"""What the answer means: a list of balances, or a refusal (`refusals`)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import attrs

from coffers.plugin import Amount, BadResponseError, Balance, Query, Response, Snapshot, hookimpl, parse_json, structure

from .refusals import refused
from .request import Settings


@attrs.frozen
class Envelope:
    """What every answer has; `data` is a list on success, else an object."""

    code: int
    msg: Any = None
    time: Any = None
    data: Any = None


@attrs.frozen
class Row:
    """``{"currency": "USD", "amount": "551.38"}``."""

    currency: str
    amount: Amount


@attrs.frozen
class Answer:
    """A success."""

    data: list[Row]


@hookimpl
def coffers_parse(response: Response, query: Query[Settings]) -> Snapshot:
    """A balance a currency, zeros included. Success is code 200; the older table's 0 only with HTTP 200 and a list."""
    body = parse_json(response.body)
    envelope = structure(body, Envelope)
    time = _time(envelope.time)
    if envelope.code == 0 and response.status != 200:
        raise BadResponseError(f"$.code: 0 with HTTP {response.status}", field="$.code")
    if envelope.code not in (200, 0):
        raise refused(response, envelope.code, envelope.msg, envelope.data, time)
    rows = structure(body, Answer).data
    return Snapshot([Balance(row.currency, total=row.amount) for row in rows], time)


def _time(value: Any) -> datetime | None:
    """The answer's own time; None for what is no number of seconds of this century."""
    if type(value) is not int or not 946_684_800 <= value < 4_102_444_800:
        return None
    return datetime.fromtimestamp(value, UTC)
