"""What the answer means. No page states the sign; a credit is negative in every recorded answer, so it is turned.

As of 2026-11: https://www.vultr.com/api/#tag/account/operation/get-account
"""

from __future__ import annotations

import re
from typing import Final

import attrs

from coffers.plugin import (
    Amount,
    Balance,
    CoffersError,
    NoSettings,
    PermissionDeniedError,
    Query,
    Response,
    Snapshot,
    hookimpl,
    read_json,
    refusal,
)

#: A right key from an address that is not allowed is refused with HTTP 401 too; only the words differ.
_NO_ADDRESS: Final = re.compile("unauthorized ip address", re.IGNORECASE)


@attrs.frozen
class Account:
    """The figures of the answer, US dollars; the rest of it is personal."""

    balance: Amount
    pending_charges: Amount


@attrs.frozen
class Success:
    """The whole answer."""

    account: Account


@attrs.frozen
class Refusal:
    """The whole answer where the HTTP status is an error."""

    error: str


@hookimpl
def coffers_parse(response: Response, query: Query[NoSettings]) -> Snapshot:
    """One balance. What is left once the charges so far are taken is what the portal calls remaining credit."""
    if response.status >= 400:
        raise _refused(response)
    account = read_json(response, Success).account
    balance = Balance(
        "USD",
        total=-account.balance,
        available=-account.balance - account.pending_charges,
        pending=account.pending_charges,
        derived=("available",),
    )
    return Snapshot([balance])


def _refused(response: Response) -> CoffersError:
    """The error that the words mean; there are no codes."""
    error = refusal(response, read_json(response, Refusal).error)
    if _NO_ADDRESS.search(error.message):
        return PermissionDeniedError(error.message, request_id=error.request_id)
    return error
