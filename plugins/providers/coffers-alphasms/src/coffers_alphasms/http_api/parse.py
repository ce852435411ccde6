"""What the answer means: text, ``balance:31.17`` or ``errors:...``. Anything else is not understood, never 0.

Pairs stand on lines of their own or, as other commands answer, side by side: ``price:1.2 currency:UAH``.
The content type says nothing: PHP, which the path names, labels plain text as HTML unless told otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import attrs

from coffers.plugin import Amount, BadResponseError, Balance, Query, Response, Snapshot, amount_from_text, hookimpl
from coffers_alphasms.refusals import refused

from .request import Settings

#: Ours: an answer is one line or a few, and megabytes of pairs would take seconds to tell apart.
_MAX_BYTES = 128 * 1024

_KEY = re.compile(r"(?:^|\s)([a-z_][a-z0-9_]*)\s*:", re.IGNORECASE | re.ASCII)


@attrs.frozen
class Answer:
    """The pairs of an answer that matter here; others are let be."""

    balances: tuple[str, ...]
    currencies: tuple[str, ...]
    errors: tuple[str, ...]


@hookimpl
def coffers_parse(response: Response, query: Query[Settings]) -> Snapshot:
    """One balance in the configured currency; an error wins over a balance beside it."""
    if len(response.body) > _MAX_BYTES:
        raise BadResponseError(f"the answer is over {_MAX_BYTES // 1024} KiB", field="balance")
    answer = _read(response.text)
    if answer.errors:
        raise refused(response, *answer.errors)
    if len(answer.balances) != 1:
        raise BadResponseError(f"balance: one is due, {len(answer.balances)} are there", field="balance")
    configured = query.settings.currency
    if any(currency.upper() != configured for currency in answer.currencies):
        raise BadResponseError(f"currency: the answer names another one than {configured}", field="currency")
    return Snapshot([Balance(configured, total=_amount(answer.balances[0]))])


def _read(text: str) -> Answer:
    pairs = [pair for line in text.splitlines() if line.strip() for pair in _pairs(line.strip())]
    values = {name: tuple(value for key, value in pairs if key == name) for name in ("balance", "currency", "errors")}
    return Answer(values["balance"], values["currency"], values["errors"])


def _pairs(line: str) -> Iterator[tuple[str, str]]:
    found = list(_KEY.finditer(line))
    if not found or found[0].start() != 0:
        raise BadResponseError("the answer is not made of lines key:value", field="balance")
    for key, following in zip(found, [*found[1:], None], strict=True):
        if key[1].lower() == "errors":  # its text may hold colons: all of the line is the message
            yield "errors", line[key.end() :].strip()
            return
        yield key[1].lower(), line[key.end() : following.start() if following else None].strip()


def _amount(text: str) -> Amount:
    """A single comma without a point is a decimal comma; separators of thousands are refused."""
    if text.count(",") == 1 and "." not in text:
        text = text.replace(",", ".")
    try:
        return amount_from_text(text)
    except ValueError as error:
        raise BadResponseError(f"balance: {error}", field="balance") from None
