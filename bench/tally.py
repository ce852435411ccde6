"""The made-up provider that the benchmark's server stands for, written as any plugin is.

GET https://api.tally.example/balances      Authorization: Bearer KEY
200 {"balances": {"EUR": 12.50, "BTC": 0.00431057}}
401 {"error": "unknown key"}
"""

from __future__ import annotations

import attrs

from coffers.plugin import (
    Amount,
    Attempt,
    AuthError,
    Balance,
    NoSettings,
    Provider,
    Query,
    Request,
    Response,
    Secret,
    SignedRequest,
    Snapshot,
    bearer,
    hookimpl,
    read_json,
    refusal,
)

#: Replaced where several of these are wanted, see `plugins.py`.
ID = "tally"


@attrs.frozen
class ByKey:
    """The key of an account."""

    key: Secret = attrs.field(metadata={"help": "any key"})


@attrs.frozen
class Answer:
    """What a read answers."""

    balances: dict[str, Amount]


@attrs.frozen
class Refusal:
    """What an unknown key gets."""

    error: str


@hookimpl
def coffers_provider() -> Provider[NoSettings, ByKey]:
    """The manifest."""
    return Provider(
        id=ID,
        title="Tally",
        docs="https://tally.example/docs/balance",
        base_urls={"api": "https://api.tally.example"},
        credentials=(ByKey,),
        permission="any key",
        not_covered="nothing: there is no such provider",
    )


@hookimpl
def coffers_request(query: Query[NoSettings]) -> Request:
    """All balances at once."""
    return Request("GET", "/balances")


@hookimpl
def coffers_sign(request: Request, credentials: ByKey, attempt: Attempt) -> SignedRequest:
    """The key in a header."""
    return request.seal(headers=[bearer(credentials.key)])


@hookimpl
def coffers_parse(response: Response, query: Query[NoSettings]) -> Snapshot:
    """A row for each currency."""
    if response.status != 200:
        words = read_json(response, Refusal).error
        raise refusal(response, words, words, {"unknown key": AuthError})
    amounts = read_json(response, Answer).balances
    return Snapshot([Balance(currency, total=amount) for currency, amount in amounts.items()])
