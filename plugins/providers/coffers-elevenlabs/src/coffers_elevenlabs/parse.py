"""What the answer means. What is left is the limit of the period less what was used of it, in credits.

The reset of the count is no expiry: paid plans carry unspent credits over. So it is told among the details.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import attrs

from coffers.plugin import (
    Amount,
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

from .refusals import refused
from .request import Settings

#: What only describes the subscription: texts and numbers, told as they come.
_DESCRIPTIONS: Final = ("next_character_count_reset_unix", "max_credit_limit_extension", "tier", "status")


@attrs.frozen
class Subscription:
    """The figures of the answer. The words are older than the unit: these characters are credits."""

    character_limit: Amount
    character_count: Amount


@hookimpl
def coffers_parse(response: Response, query: Query[Settings]) -> Snapshot:
    """One balance in credits."""
    answer = parse_json(response.body)
    detail = members(answer).get("detail")
    if response.status >= 400 or detail is not None:
        raise refused(response, detail)
    figures = structure(answer, Subscription)
    row = Balance(
        "CREDITS",
        unit="credits",
        total=figures.character_limit - figures.character_count,
        derived=("total",),
        details={
            "character_limit": amount_to_text(figures.character_limit),
            "character_count": amount_to_text(figures.character_count),
            **_described(members(answer)),
        },
    )
    return Snapshot([row])


def _described(answer: dict[str, Any]) -> dict[str, str]:
    """The allow-list; what is neither a text nor a number is left out."""
    told = {name: answer.get(name) for name in _DESCRIPTIONS}
    overage = members(answer.get("current_overage"))
    told |= {f"current_overage_{name}": overage.get(name) for name in ("amount", "currency")}
    told |= {name: amount_to_text(value) for name, value in told.items() if isinstance(value, Decimal)}
    return {name: str(value) for name, value in told.items() if type(value) in (str, int) and value != ""}
