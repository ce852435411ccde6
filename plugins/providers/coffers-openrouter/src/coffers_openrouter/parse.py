"""What the answer means. The balance is what was bought less what was used, in US dollars.

A key that is no management key should be refused with HTTP 403. Some such keys were seen to get HTTP 200 with two
zeros instead, while money was on the account. So two zeros are believed only once the provider says that the key is a
management key: a second step asks it.
"""

from __future__ import annotations

from typing import Any

import attrs

from coffers.plugin import (
    Amount,
    BadResponseError,
    Balance,
    CoffersError,
    NoSettings,
    PermissionDeniedError,
    Query,
    Response,
    Snapshot,
    amount_to_text,
    hookimpl,
    members,
    parse_json,
    refusal,
    structure,
)


@attrs.frozen
class Credits:
    """``data`` of the credits: everything ever bought, and everything ever used."""

    total_credits: Amount
    total_usage: Amount


@attrs.frozen
class CreditsAnswer:
    """The whole answer of ``/credits``."""

    data: Credits


@attrs.frozen
class Key:
    """``data`` of the key. Both members say the same; the second is the older word for it."""

    is_management_key: bool | None = None
    is_provisioning_key: bool | None = None


@attrs.frozen
class KeyAnswer:
    """The whole answer of ``/key``; the rest of it is about the key, not the account."""

    data: Key


@hookimpl
def coffers_parse(response: Response, query: Query[NoSettings]) -> Snapshot:
    """One balance in US dollars; the step ``key`` adds none, it only may refuse the read."""
    answer = parse_json(response.body)
    error = members(answer).get("error")
    if response.status >= 400 or error is not None:
        raise _refused(response, members(error))
    if query.step == "key":
        _require_management_key(structure(answer, KeyAnswer).data)
        return Snapshot()
    figures = structure(answer, CreditsAnswer).data
    row = Balance(
        "USD",
        total=figures.total_credits - figures.total_usage,
        derived=("total",),
        details={
            "total_credits": amount_to_text(figures.total_credits),
            "total_usage": amount_to_text(figures.total_usage),
        },
    )
    is_doubtful = figures.total_credits == 0 and figures.total_usage == 0
    return Snapshot([row], next=[query.then("key")] if is_doubtful else ())


def _require_management_key(key: Key) -> None:
    told = {key.is_management_key, key.is_provisioning_key}
    if True in told:
        return
    if told == {None}:
        raise BadResponseError("$.data.is_management_key: is missing", field="$.data.is_management_key")
    raise PermissionDeniedError(
        "this is no management key, and the provider shows it zeros instead of the account's credits; "
        "make one at openrouter.ai/settings/management-keys"
    )


def _refused(response: Response, error: dict[str, Any]) -> CoffersError:
    """The provider's code is an HTTP status, and counts as one where the answer's own is no error."""
    code = error.get("code")
    if response.status < 400 and isinstance(code, int) and 400 <= code <= 599:
        response = attrs.evolve(response, status=code)
    return refusal(response, error.get("message"), code)
