"""What an author may get wrong; each marked line, and no other, must be an error in both checkers."""

# pyright: strict

from __future__ import annotations

import attrs

from coffers.plugin import (
    Attempt,
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
)


@attrs.frozen
class ByKey:
    key: Secret


@hookimpl  # error: the parameter's name is not the verb's
def wrong_parameter_name(question: Query[NoSettings]) -> Request:
    return Request("GET", "/")


@hookimpl  # error: sign must seal
def unsigned(request: Request, credentials: ByKey, attempt: Attempt) -> Request:
    return request


@hookimpl  # error: parse needs the query
def missing_query(response: Response) -> Snapshot:
    return Snapshot()


@hookimpl  # error: an attempt is an Attempt
def wrong_attempt(request: Request, credentials: ByKey, attempt: int) -> SignedRequest:
    return request.seal()


@hookimpl  # error: a manifest is a Provider
def no_manifest() -> str:
    return "acme"


@hookimpl  # error: parse answers a snapshot
def rows_only(response: Response, query: Query[NoSettings]) -> list[Balance]:
    return []


def send(message: SignedRequest) -> Response:
    return Response(200)


send(Request("GET", "/"))  # error: not signed
send(Request("GET", "/").seal())
Request("GET", "/", query={"page": 1})  # error: texts only
Balance("USD", total=1.5)  # error: no floats
bearer("literal")  # error: a secret is a Secret
Query(NoSettings()).then("page", {"page": 2})  # error: texts only
Provider(id="acme", title="Acme", docs="", base_urls=["https://h"])  # error: hosts have names
