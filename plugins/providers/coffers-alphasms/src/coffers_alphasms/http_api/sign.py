"""The credentials, and where they go: beside the command, in the form body or in the query."""

from __future__ import annotations

import attrs

from coffers.plugin import Attempt, Request, Secret, SignedRequest, hookimpl


@attrs.frozen
class ByKey:
    """The account's API key."""

    key: Secret = attrs.field(metadata={"help": "API key, from the API settings of your personal cabinet"})


@attrs.frozen
class ByLogin:
    """The login and password of the personal cabinet; the provider's newest pages know the key only."""

    login: str = attrs.field(metadata={"help": "login of the personal cabinet"})
    password: Secret = attrs.field(metadata={"help": "password of the personal cabinet"})


@hookimpl
def coffers_sign(request: Request, credentials: ByKey | ByLogin, attempt: Attempt) -> SignedRequest:
    """Add the credentials. The page's table says ``pass``, its example and every known client ``password``."""
    match credentials:
        case ByKey():
            parameters = {"key": credentials.key.reveal()}
        case ByLogin():
            parameters = {"login": credentials.login, "password": credentials.password.reveal()}
    return request.seal(query=parameters) if request.method == "GET" else request.seal(form=parameters)
