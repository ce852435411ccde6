"""The manifest: what a provider says about itself, and the config keys that follow from it.

Floor 2. A provider declares two kinds of attrs classes; the flat config table of an account feeds both:
`settings` (public, seen by `request` and `parse`; never a secret) and `credentials` (seen by `sign` alone).
"""

from __future__ import annotations

import ipaddress
import re
import types
from collections.abc import Mapping
from typing import Any, Final, Generic, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints
from urllib.parse import urlsplit

import attrs

from .errors import ConfigError
from .secret import Secret

__all__ = [
    "CONTRACT_VERSION",
    "PROVIDER_ID",
    "RESERVED_KEYS",
    "ConfigField",
    "NoSettings",
    "Provider",
    "check_base_url",
    "config_fields",
    "origin_of",
]

#: The version of the hook contract described in `coffers.hookspecs`. A plugin written for another one is refused.
CONTRACT_VERSION: Final = 1

#: Config keys that belong to the core or may one day; no plugin may declare a field of that name.
RESERVED_KEYS: Final = frozenset(
    {"base_url", "ca_file", "enabled", "interval", "labels", "name", "provider", "proxy", "rules", "timeout"}
)

#: The longest text of a manifest and the most hosts it may name.
LONGEST_FACT: Final = 2000
MOST_HOSTS: Final = 100
#: The most seconds that may have to lie between two reads: a day.
LONGEST_INTERVAL_S: Final = 86_400

S = TypeVar("S")
C = TypeVar("C")

#: What a provider's id looks like.
PROVIDER_ID: Final = re.compile(r"[a-z0-9][a-z0-9-]*")
_NETLOC = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
_PREFIX = re.compile(r"(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9._~-]*)*")


@attrs.frozen
class NoSettings:
    """The settings of a provider that has none."""


@attrs.frozen
class ConfigField:
    """One config key of a provider.

    Attributes:
        name: the key.
        secret: whether it must be a reference (``env:NAME`` ...); never a literal.
        required: whether its class cannot do without it.
        type: `str`, `int` or `bool`.
        choices: the allowed texts, empty where any text will do.
        default: the value used when the key is absent; None where there is none.
        help: one line for people, from the field's metadata; may be empty.
        example: a text that a new config shows for an optional key without default, from the field's metadata; may be
            empty.
    """

    name: str
    secret: bool
    required: bool
    type: type
    choices: tuple[str, ...]
    default: Any
    help: str
    example: str = ""


def check_base_url(url: str) -> str:
    """`url` without a trailing slash, scheme and host in lower case.

    Raises:
        ValueError: not ``https://`` (or ``http://`` to a loopback address), or with a user, query or fragment, or a
            path other than plain segments. The message says what to do and does not hold the address.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError("is not an address; write https://HOST or https://HOST:PORT/PREFIX") from None
    if parts.scheme not in ("https", "http") or not host or port == 0:
        raise ValueError("is not an address; write https://HOST or https://HOST:PORT/PREFIX")
    if parts.username is not None or parts.password is not None or "?" in url or "#" in url:
        raise ValueError("must hold no user, query or fragment; credentials have config keys of their own")
    if not re.fullmatch(r"[!-~]+", url):
        raise ValueError("must be ASCII without spaces; write an international name in its xn-- form")
    if not _NETLOC.fullmatch(parts.netloc) or not _PREFIX.fullmatch(parts.path):
        raise ValueError("is not an address; write https://HOST or https://HOST:PORT/PREFIX")
    if parts.scheme == "http" and not _is_loopback(host):
        raise ValueError("must be https; plain http is allowed to a loopback address only")
    return f"{parts.scheme}://{parts.netloc.lower()}{parts.path}".rstrip("/")


def origin_of(url: str) -> str:
    """Scheme, host and port of `url`, an address with a path and parameters of its own, as `check_base_url` answers.

    Raises:
        ValueError: not such an address, not ``https://`` (or ``http://`` to a loopback address), or with a user or a
            fragment. The message says what to do and does not hold the address.
    """
    if not re.fullmatch(r"[!-~]*", url):
        raise ValueError("must be ASCII without spaces; percent-encode the path, write the host in its xn-- form")
    try:
        parts = urlsplit(url)
    except ValueError:
        raise ValueError("is not an address; write https://HOST/PATH") from None
    if "@" in parts.netloc or "#" in url:
        raise ValueError("must hold no user or fragment; credentials have config keys of their own")
    return check_base_url(f"{parts.scheme}://{parts.netloc}")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@attrs.frozen(kw_only=True)
class Provider(Generic[S, C]):
    """A provider's manifest, answered by `coffers_provider`.

    Args:
        id: lower-case letters, digits and ``-``; equal to the entry point's name.
        title: the provider's name for people.
        docs: the address of the provider's page on this call.
        base_urls: its hosts by name; requests go nowhere else. ``"api"`` is the name `Request.host` has by default.
            Left out where `url_field` is given.
        settings: a frozen attrs class of the public config keys; `NoSettings` where there are none.
        credentials: alternatives, frozen attrs classes; exactly one must be complete. Fields of type `Secret` are
            secrets, of type `str` identifiers. Empty where the provider asks for none: `sign` then gets None.
        token_step: the step that fetches an access token, or None.
        one_at_a_time: whether reads of one account must never overlap (a strictly rising nonce, say).
        permission: which permission the key needs, one line.
        not_covered: what this plugin does not tell, one line.
        polarity: what a positive figure of this provider means, ``"held"`` or ``"owed"``. `parse` turns the sign of
            what is owed, so that `Balance` always tells what is left.
        url_field: for a provider without hosts of its own, the text among the settings that holds the address to ask,
            ``https://HOST/PATH?PARAMETERS``. Its host is then the one of `base_urls`, named ``"api"``; the core checks
            it as it checks a `base_url`. What to make of path and parameters is the provider's business.
        min_interval_s: seconds that must lie between two reads of one account, where the provider says so; who reads
            again and again asks no more often. 0 where it says nothing.
        contract: the hook contract it was written for.

    Raises:
        ValueError: a part is wrong; the message names it.
        TypeError: likewise.
    """

    id: str
    title: str
    docs: str
    base_urls: Mapping[str, str] = attrs.field(factory=dict[str, str])
    settings: type[S] = NoSettings  # type: ignore[assignment]  # the default fits S = NoSettings
    credentials: tuple[type[C], ...] = ()
    token_step: str | None = None
    one_at_a_time: bool = False
    permission: str = ""
    not_covered: str = ""
    polarity: Literal["held", "owed"] = "held"
    url_field: str | None = None
    min_interval_s: float = 0.0
    contract: int = CONTRACT_VERSION

    def __attrs_post_init__(self) -> None:
        self._check_types()
        if not PROVIDER_ID.fullmatch(self.id):
            raise ValueError("id: lower-case letters, digits and '-' only")
        if self.token_step in ("", "balances"):
            raise ValueError("token_step: must be a step of its own; a read begins with 'balances'")
        if self.url_field is None and not self.base_urls:
            raise ValueError("base_urls: name at least one host, or a url_field")
        if self.url_field is not None and self.base_urls:
            raise ValueError("base_urls: must be left out where url_field is given")
        for name, url in self.base_urls.items():
            try:
                check_base_url(url)
            except ValueError as error:
                raise ValueError(f"base_urls[{name!r}] {error}") from None
        fields = config_fields(self)
        if self.url_field is not None:
            own = attrs.fields_dict(cast("Any", self.settings))
            field = fields.get(self.url_field)
            if field is None or self.url_field not in own or not field.required:
                raise ValueError("url_field: must be a required field of the settings")
            if field.type is not str or field.choices:
                raise TypeError("url_field: must be a field of type str")

    def _check_types(self) -> None:
        """Refuse what a type checker would have: it is shown to people, and plugins need not be checked."""
        for name in ("id", "title", "docs", "permission", "not_covered"):
            text: object = getattr(self, name)
            if not isinstance(text, str) or len(text) > LONGEST_FACT:
                raise TypeError(f"{name}: must be a text of at most {LONGEST_FACT} characters")
        hosts: Any = self.base_urls
        if not isinstance(hosts, Mapping) or len(self.base_urls) > MOST_HOSTS:
            raise TypeError(f"base_urls: must be a mapping of at most {MOST_HOSTS} names to addresses")
        for part in (part for pair in self.base_urls.items() for part in pair):
            if not isinstance(part, str):  # pyright: ignore[reportUnnecessaryIsInstance]  plugins may be untyped
                raise TypeError("base_urls: must map texts to texts")
        if self.polarity not in ("held", "owed"):
            raise TypeError("polarity: must be held or owed")
        limit: Any = self.min_interval_s
        if isinstance(limit, bool) or not isinstance(limit, int | float) or not 0 <= limit <= LONGEST_INTERVAL_S:
            raise TypeError(f"min_interval_s: must be a number of seconds from 0 to {LONGEST_INTERVAL_S}")
        if not isinstance(self.token_step, str | None):  # pyright: ignore[reportUnnecessaryIsInstance]  plugins may be untyped
            raise TypeError("token_step: must be a text or None")

    def hosts(self, settings: S) -> Mapping[str, str]:
        """The hosts by name that an account with these `settings` may be read at.

        Raises:
            ConfigError: the account's own address cannot be used; `field` names its key.
        """
        if self.url_field is None:
            return self.base_urls
        try:
            return {"api": origin_of(getattr(settings, self.url_field))}
        except ValueError as error:
            raise ConfigError(f"{self.url_field}: {error}", field=self.url_field) from None


def config_fields(provider: Provider[Any, Any]) -> Mapping[str, ConfigField]:
    """Every config key of `provider`, settings first, in the order of their classes.

    A name that several classes declare is one key and feeds them all.

    Raises:
        TypeError: a class that is not a frozen attrs class, or a field of a type that a config cannot hold.
        ValueError: a reserved name, or one name with two meanings.
    """
    fields: dict[str, ConfigField] = {}
    for cls in (provider.settings, *provider.credentials):
        if not attrs.has(cls) or not _is_frozen(cls):
            raise TypeError(f"{cls.__name__} is not a frozen attrs class")
        try:
            hints = get_type_hints(cls)
        except NameError:
            raise TypeError(f"{cls.__name__}: an annotation names what its module does not hold") from None
        for attribute in attrs.fields(cls):
            if not attribute.init:
                continue
            field = _config_field(attribute, hints[attribute.name], cls.__name__)
            if field.name in RESERVED_KEYS:
                raise ValueError(f"{cls.__name__}.{field.name}: this key is reserved")
            if field.secret and cls is provider.settings:
                raise TypeError(f"{cls.__name__}.{field.name}: settings hold no secret; declare it in the credentials")
            known = fields.setdefault(field.name, field)
            if (known.secret, known.type, known.choices) != (field.secret, field.type, field.choices):
                raise ValueError(f"{cls.__name__}.{field.name}: declared twice with different types")
    return fields


def _is_frozen(cls: type) -> bool:
    blank = cast("Any", object.__new__(cls))
    try:
        blank.__setattr__("changed", True)
    except attrs.exceptions.FrozenInstanceError:
        return True
    except Exception:  # noqa: BLE001  a class of foreign make may raise anything here
        return False
    return False


def _config_field(attribute: attrs.Attribute[Any], hint: Any, owner: str) -> ConfigField:
    if get_origin(hint) in (Union, types.UnionType):
        inner = [part for part in get_args(hint) if part is not type(None)]
        hint = inner[0] if len(inner) == 1 else hint
    choices: tuple[Any, ...] = ()
    if get_origin(hint) is Literal:
        choices, hint = get_args(hint), str
    if hint not in (str, int, bool, Secret) or not all(isinstance(choice, str) for choice in choices):
        raise TypeError(f"{owner}.{attribute.name}: a config field is a str, int, bool, Secret or Literal of texts")
    required = attribute.default is attrs.NOTHING
    if hint is Secret and not (required or attribute.default is None):
        raise TypeError(f"{owner}.{attribute.name}: a secret has no default; declare it `Secret | None = None`")
    default = None if required or isinstance(attribute.default, attrs.Factory) else attribute.default  # type: ignore[arg-type]  # Factory is a class
    return ConfigField(
        name=attribute.name,
        secret=hint is Secret,
        required=required,
        type=str if hint is Secret else hint,
        choices=choices,
        default=default,
        help=str(attribute.metadata.get("help", "")),
        example=str(attribute.metadata.get("example", "")),
    )
