"""Manifests shaped like the real ones, and what every test of settings asks of an error."""

from __future__ import annotations

import pickle
import traceback
from typing import Any, Literal

import attrs

from coffers.errors import CoffersError, ConfigError, PluginError
from coffers.plugin import NoSettings, Provider, Secret

#: A made-up secret that must be seen nowhere.
CANARY = "canary-7f3a9c"


@attrs.frozen
class ByKey:
    key: Secret


@attrs.frozen
class ByLogin:
    login: str
    password: Secret


@attrs.frozen
class ByApp:
    app_id: str
    app_key: Secret


@attrs.frozen
class Wallet:
    currency: str
    method: Literal["POST", "GET"] = "POST"


@attrs.frozen
class Place:
    environment: Literal["production", "sandbox"] = "production"


def _no_slash(_: Any, __: Any, value: str) -> None:
    if "/" in value:
        raise ValueError(f"refused: {value!r}")


def _tenth(pages: int) -> int:
    return 10 // pages


@attrs.frozen
class Picky:
    """Refuses values alone and together, and quotes them when it does."""

    currency: str | None = attrs.field(default=None, validator=attrs.validators.optional(_no_slash))
    pages: int = attrs.field(default=1, converter=_tenth)
    all_rows: bool = False
    _depth: int = 1
    made: str = attrs.field(init=False, default="")

    def __attrs_post_init__(self) -> None:
        if self.all_rows and self.currency:
            raise RuntimeError(f"not both {self.currency}")


@attrs.frozen
class PickyKey:
    key: Secret = attrs.field()
    label: str = attrs.field(default="", validator=_no_slash)

    @key.validator
    def _starts_well(self, _: Any, value: Secret) -> None:
        if not value.reveal().startswith("good"):
            raise ValueError(f"refused: {value.reveal()!r}")


@attrs.frozen
class ByAddress:
    """Names its host itself, and says in its own words what does not go together."""

    url: str
    total: str | None = None
    available: str | None = None

    def __attrs_post_init__(self) -> None:
        if self.total == self.available == "wrong":
            raise ConfigError("must not be wrong twice", field="available")
        if self.total is None and self.available is None:
            raise ConfigError("give total\nor available", field="no key of mine")


@attrs.frozen
class WordyKey:
    key: Secret
    code: Secret | None = None

    def __attrs_post_init__(self) -> None:
        if self.code is not None:
            raise ConfigError(f"{self.key.reveal()} does not go with {self.code.reveal()}", field="code")


@attrs.frozen
class ByKeyAndCode:
    key: Secret
    code: Secret


def provider(name: str, credentials: tuple[type[Any], ...], settings: type[Any] = NoSettings) -> Provider[Any, Any]:
    return Provider(
        id=name,
        title=name,
        docs="https://docs.example",
        base_urls={} if "url" in attrs.fields_dict(settings) else {"api": "https://api.example"},
        url_field="url" if "url" in attrs.fields_dict(settings) else None,
        credentials=credentials,
        settings=settings,
    )


MANIFESTS = {
    manifest.id: manifest
    for manifest in (
        provider("simple", (ByKey,)),
        provider("either", (ByKey, ByLogin), Wallet),
        provider("app", (ByApp,), Place),
        provider("picky", (PickyKey,), Picky),
        provider("open", ()),
        provider("nested", (ByKey, ByKeyAndCode)),
        provider("address", (WordyKey,), ByAddress),
    )
}


def manifest_of(provider_id: str) -> Provider[Any, Any]:
    if provider_id not in MANIFESTS:
        raise PluginError(f"no plugin for {provider_id}; run `pip install coffers-{provider_id}`")
    return MANIFESTS[provider_id]


def assert_silent(error: CoffersError, hidden: str = CANARY) -> None:
    """Nothing of `error` shows the secret: texts, pickle, chained errors, nor the local variables of its frames."""
    again = pickle.loads(pickle.dumps(error))
    assert again == error
    assert type(again) is type(error)
    assert error.__context__ is None
    assert error.__cause__ is None
    for shown in (error, again):
        assert hidden not in "".join((str(shown), repr(shown), *traceback.format_exception(shown)))
        assert hidden not in repr(shown.facts())
    assert hidden.encode() not in pickle.dumps(error)
    assert "\n" not in str(error)
    frames = traceback.TracebackException.from_exception(error, capture_locals=True).stack
    ours = [frame for frame in frames if "/coffers/" in frame.filename]
    assert ours
    seen = {name: value for frame in ours for name, value in (frame.locals or {}).items()}
    seen.pop("account", None)  # what the caller gave
    assert hidden not in repr(seen)
