"""What the answer means: one balance, or a refusal (`refusals`).

The answer names no currency. The specification does: the balance of an account is in euro, whatever it is paid in.
"""

from __future__ import annotations

from typing import Any, Final

import attrs

from coffers.plugin import Amount, Balance, NoSettings, Query, Response, Snapshot, hookimpl, parse_json, structure

from .refusals import is_refusal, refused

#: "The balance of the account, in EUR": https://developer.vonage.com/en/api/account as of 2026-11.
CURRENCY: Final = "EUR"


@attrs.frozen
class Answer:
    """``{"value": 10.28, "autoReload": false}``."""

    value: Amount
    autoReload: Any = None  # noqa: N815  the provider's own word


@hookimpl
def coffers_parse(response: Response, query: Query[NoSettings]) -> Snapshot:
    """One balance, in euro."""
    body = parse_json(response.body)
    if is_refusal(response, body):
        raise refused(response, body)
    answer = structure(body, Answer)
    reload = answer.autoReload
    details = {"auto_reload": str(reload).lower()} if isinstance(reload, bool) else {}
    return Snapshot([Balance(CURRENCY, total=answer.value, details=details)])
