"""The four promises of a provider, as pluggy hookspecs. Each docstring is the hook's reference page.

Floor 3. A provider is a module (or object) that implements all four, found through an entry point in the group
``coffers.providers`` whose name is the provider's id. The core never broadcasts: each provider lives in a plugin
manager of its own, so no provider ever sees another one's settings or credentials.
"""

from __future__ import annotations

from typing import Any, Final, Protocol, TypeVar, cast, overload

from pluggy import HookimplMarker, HookspecMarker

from .messages import AccessToken, Attempt, Query, Request, Response, SignedRequest
from .models import Snapshot
from .provider import Provider

__all__ = [
    "ENTRY_POINT_GROUP",
    "HookImpl",
    "coffers_parse",
    "coffers_provider",
    "coffers_request",
    "coffers_sign",
    "hookimpl",
]

#: Where installed providers announce themselves.
ENTRY_POINT_GROUP: Final = "coffers.providers"

_hookspec = HookspecMarker("coffers")


@_hookspec(firstresult=True)
def coffers_provider() -> Provider[Any, Any]:  # type: ignore[empty-body]  # a hookspec has no body
    """Say who you are.

    - MUST answer the same manifest at every call, with the entry point's name as its `id`.
    - MUST list every host the provider is reached at in `base_urls`; only where there is none, since every user asks
      another, name the setting that holds the address in `url_field`.
    - SHOULD say in `permission` which kind of key is enough to read a balance.

    The core calls it once, when the provider is first used, and checks the manifest.

    Example::

        @hookimpl
        def coffers_provider() -> Provider[NoSettings, ByKey]:
            return Provider(
                id="acme",
                title="Acme",
                docs="https://acme.example/docs",
                base_urls={"api": "https://api.acme.example"},
                credentials=(ByKey,),
            )
    """


@_hookspec(firstresult=True)
def coffers_request(query: Query[Any]) -> Request:  # type: ignore[empty-body]  # a hookspec has no body
    """Say what to ask.

    - MUST be pure: the same query, the same request. No secret, no time, no nonce: those are added by `coffers_sign`.
    - MUST name a path, never an address, and a `host` from the manifest.

    The core calls it once for each step, and not again when the step is retried.

    Example::

        @hookimpl
        def coffers_request(query: Query[NoSettings]) -> Request:
            return Request("GET", "/v1/balance")

    Args:
        query: the step to ask for; `query.step` is ``"balances"`` at first.
    """


@_hookspec(firstresult=True)
def coffers_sign(request: Request, credentials: Any, attempt: Attempt) -> SignedRequest:  # type: ignore[empty-body]  # a hookspec has no body
    """Add the secrets and seal the message.

    - MUST be pure: time, nonce and access token come from `attempt`.
    - MUST end in `request.seal(...)`; what it answers is sent byte for byte.
    - SHOULD raise `ConfigError` when a secret cannot be used (bad base64, say), never showing it.

    The core calls it afresh for every attempt. A signer that needs the final bytes renders first:
    ``whole = request.add(form=...)``, sign ``whole.body`` or ``whole.target``, then ``whole.seal(headers=...)``.

    Example::

        @hookimpl
        def coffers_sign(request: Request, credentials: ByKey, attempt: Attempt) -> SignedRequest:
            return request.seal(headers=[bearer(credentials.key)])

    Args:
        request: what `coffers_request` answered.
        credentials: an instance of the one credentials class that the account's config completes.
        attempt: time, nonce and token of this attempt; `attempt.token` is None in the token step.
    """


@_hookspec(firstresult=True)
def coffers_parse(response: Response, query: Query[Any]) -> Snapshot | AccessToken:  # type: ignore[empty-body]  # a hookspec has no body
    """Say what the answer means.

    - MUST be pure.
    - MUST NOT turn an unknown, missing, null or empty amount into 0, nor an error page into an empty list.
    - MUST answer an `AccessToken` for the manifest's token step and a `Snapshot` for every other.
    - SHOULD raise the coffers error that the provider's own words mean; such an error stands. Anything else it raises
      becomes the error the HTTP status means, or `bad_response`; so there is no need to guard every field.

    It runs inside `exact()`: arithmetic on amounts is exact or fails.

    Example::

        @hookimpl
        def coffers_parse(response: Response, query: Query[NoSettings]) -> Snapshot:
            answer = read_json(response, Answer)
            return Snapshot([Balance(answer.currency, total=answer.amount)])

    Args:
        response: status, headers and decoded body. Redirects never get here.
        query: the step that was asked.
    """


class _ProviderHook(Protocol):
    def __call__(self) -> Provider[Any, Any]: ...


class _RequestHook(Protocol):
    def __call__(self, query: Any) -> Request: ...


class _SignHook(Protocol):
    def __call__(self, request: Request, credentials: Any, attempt: Attempt) -> SignedRequest: ...


class _ParseHook(Protocol):
    def __call__(self, response: Response, query: Any) -> Snapshot | AccessToken: ...


P = TypeVar("P", bound=_ProviderHook)
R = TypeVar("R", bound=_RequestHook)
G = TypeVar("G", bound=_SignHook)
A = TypeVar("A", bound=_ParseHook)


class HookImpl(Protocol):
    """The type of `hookimpl`: pluggy's marker, typed so that a wrong verb is a type error in the author's editor."""

    @overload
    def __call__(self, function: P) -> P: ...
    @overload
    def __call__(self, function: R) -> R: ...
    @overload
    def __call__(self, function: G) -> G: ...
    @overload
    def __call__(self, function: A) -> A: ...


#: Marks a function as a provider's verb. Put it above each of the four.
hookimpl: Final = cast("HookImpl", HookimplMarker("coffers"))
