"""The credentials, and where they go: whichever of six places the config names."""

from __future__ import annotations

import base64

import attrs

from coffers.plugin import Attempt, ConfigError, Request, Secret, SignedRequest, basic, bearer, hookimpl

from .settings import KeyPlace


@attrs.frozen(kw_only=True)
class ByKey(KeyPlace):
    """The service's key, and where it goes."""

    key: Secret = attrs.field(metadata={"help": "the key, token or password"})


@hookimpl
def coffers_sign(request: Request, credentials: ByKey, attempt: Attempt) -> SignedRequest:
    """Add the key. That place and name fit together was checked with the settings."""
    key, name = credentials.key, credentials.key_name or ""
    match credentials.key_in:
        case "bearer":
            return request.seal(headers=[bearer(key)])
        case "basic":
            return request.seal(
                headers=[_without_password(key) if credentials.user is None else basic(credentials.user, key)]
            )
        case "header":
            return request.seal(headers={name: f"{credentials.key_prefix or ''}{key.reveal()}"})
        case "query":
            return request.seal(query={name: key.reveal()})
        case "form":
            return request.seal(form={name: key.reveal()})
        case "json":
            return request.seal(json={name: key.reveal()})


def _without_password(key: Secret) -> tuple[str, str]:
    """The Basic header whose user is the key and whose password is empty."""
    if ":" in key.reveal():
        raise ConfigError("a key with a colon cannot be a user's name; give `user` too", field="key")
    return ("Authorization", "Basic " + base64.b64encode(f"{key.reveal()}:".encode()).decode())
