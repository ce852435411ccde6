"""The config keys: what to ask, where the key goes, where the figures are. Faults are told in words for the user.

Nothing here sees a secret or an answer.
"""

from __future__ import annotations

import re
from typing import Any, Final, Literal
from urllib.parse import urlsplit

import attrs

from coffers.plugin import ConfigError, Request

from .pointers import NAME, is_pointer

__all__ = ["AMOUNTS", "Address", "KeyPlace", "Settings"]

#: The amounts a row may have. The first one that is configured must be in every row.
AMOUNTS: Final = ("total", "available", "pending", "reserved")

#: Headers that are not the user's to set.
_NO_PLACE_FOR_A_KEY: Final = frozenset(
    {"accept", "accept-encoding", "connection", "content-length", "content-type", "expect", "host", "te"}
    | {"transfer-encoding", "upgrade", "user-agent"}
)


def _key(text: str, default: Any = None, validator: Any = None, *, example: str = "") -> Any:
    """One config key with its line of help, and what a new config shows for it; unchecked where it is absent."""
    return attrs.field(
        default=default,
        validator=attrs.validators.optional(validator) if validator else None,
        metadata={"help": text, "example": example},
    )


def _is_address(_: Any, attribute: attrs.Attribute[str], value: str) -> None:
    # Scheme and host are the core's to judge.
    try:
        Request("GET", urlsplit(value).path or "/")
    except ValueError:
        reason = "its path must be percent-encoded, without '//' at its start and without the segments '.' and '..'"
    else:
        return
    raise ConfigError(reason, field=attribute.name)


def _is_pointer(_: Any, attribute: attrs.Attribute[str], value: str) -> None:
    if not is_pointer(value):
        raise ConfigError("must be a JSON pointer such as /data/amount, or # for the whole", field=attribute.name)


def _is_pointer_or_name(_: Any, attribute: attrs.Attribute[str], value: str) -> None:
    if value != NAME and not is_pointer(value):
        reason = f"must be a JSON pointer such as /data/name, # for the whole row or {NAME} for the row's own name"
        raise ConfigError(reason, field=attribute.name)


def _is_code(_: Any, attribute: attrs.Attribute[str], value: str) -> None:
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,32}", value):
        raise ConfigError("must be a code such as EUR or USDT", field=attribute.name)


def _is_scale(_: Any, attribute: attrs.Attribute[int], value: int) -> None:
    if not 0 <= value <= 30:
        raise ConfigError("must be 0 to 30", field=attribute.name)


def _is_header_value(_: Any, attribute: attrs.Attribute[str], value: str) -> None:
    if not re.fullmatch(r"[\x20-\x7e]*", value):
        raise ConfigError("must be plain ASCII on one line", field=attribute.name)


@attrs.frozen(kw_only=True, slots=False)  # two classes with slots cannot both be inherited from
class Address:
    """What to ask."""

    url: str = attrs.field(validator=_is_address, metadata={"help": "the address to ask, with its parameters"})
    method: Literal["GET", "POST"] = _key("the HTTP method", "GET")
    accept: str | None = _key(
        "the Accept header, where the service needs one", None, _is_header_value, example="application/json"
    )


@attrs.frozen(kw_only=True, slots=False)
class KeyPlace:
    """Where the key goes. Settings and credentials share it: the first are checked, the second sign."""

    key_in: Literal["bearer", "header", "query", "form", "json", "basic"] = _key("where the key goes", "bearer")
    key_name: str | None = _key("the name of the header, parameter or member that holds the key", example="X-Api-Key")
    key_prefix: str | None = _key(
        "what stands before the key in its header, such as 'Token '", None, _is_header_value, example="Token "
    )
    user: str | None = _key(
        "with basic: the user's name; without it the key is the name and the password is empty", example="me"
    )


@attrs.frozen(kw_only=True)
class Settings(KeyPlace, Address):
    """The public config keys: the two above, and where the figures and the refusals are."""

    rows: str | None = _key(
        "pointer to the array or object of balances; without it there is one", None, _is_pointer, example="/data"
    )
    total: str | None = _key("pointer to what is held", None, _is_pointer, example="/amount")
    available: str | None = _key("pointer to what can be spent now", None, _is_pointer, example="/available")
    pending: str | None = _key("pointer to what is on its way in", None, _is_pointer, example="/pending")
    reserved: str | None = _key("pointer to what is held back", None, _is_pointer, example="/reserved")
    decimals: int | None = _key(
        "amounts are whole numbers of units this many places down: 2 for cents", None, _is_scale
    )
    unit: Literal["money", "asset", "credits"] = _key("what is counted", "money")

    currency: str | None = _key("the currency's code, such as EUR", None, _is_code, example="EUR")
    currency_at: str | None = _key("instead: pointer to the code", None, _is_pointer_or_name, example="/currency")
    network_at: str | None = _key("pointer to the network", None, _is_pointer_or_name, example="/network")
    wallet_at: str | None = _key("pointer to the wallet", None, _is_pointer_or_name, example="/wallet")
    as_of: str | None = _key("pointer, from the top, to the time of the figures", None, _is_pointer, example="/time")

    error_at: str | None = _key("pointer to what is there in a refusal only", None, _is_pointer, example="/error")
    ok_at: str | None = _key("pointer to what tells success from refusal", None, _is_pointer, example="/status")
    ok_is: str | None = _key("what is at ok_at on success, such as true, 0 or ok", example="ok")
    message_at: str | None = _key("pointer to the words of a refusal", None, _is_pointer, example="/message")
    auth_if: str | None = _key("words of a refusal that mean a wrong key", example="invalid key")

    @property
    def named_rows(self) -> bool:
        """Whether the rows are the members of an object, whose names tell something."""
        return NAME in (self.currency_at, self.network_at, self.wallet_at)

    def __attrs_post_init__(self) -> None:
        _check_key_place(self)
        if all(getattr(self, name) is None for name in AMOUNTS):
            raise ConfigError(
                "is missing; give a pointer to an amount: total, available, pending or reserved", field="total"
            )
        if self.currency is None and self.currency_at is None:
            raise ConfigError(
                'is missing; give a code such as "EUR", or currency_at, a pointer to it', field="currency"
            )
        if self.currency is not None and self.currency_at is not None:
            raise ConfigError("cannot be given together with currency", field="currency_at")
        if self.rows is None and self.named_rows:
            raise ConfigError(f"is missing; {NAME} is the name of a row", field="rows")
        if (self.ok_at is None) != (self.ok_is is None):
            missing, given = ("ok_at", "ok_is") if self.ok_at is None else ("ok_is", "ok_at")
            raise ConfigError(f"is missing; {given} means nothing without it", field=missing)


def _check_key_place(place: Settings) -> None:
    key_in, name = place.key_in, place.key_name
    if key_in in ("bearer", "basic"):
        if name is not None:
            raise ConfigError(f"means nothing where key_in is {key_in}", field="key_name")
    elif name is None:
        raise ConfigError(f"is missing; key_in = {key_in!r} needs the name", field="key_name")
    elif key_in == "header" and not _is_header_name(name):
        raise ConfigError("is no header that may hold a key", field="key_name")
    if key_in != "header" and place.key_prefix is not None:
        raise ConfigError(f"means nothing where key_in is {key_in}", field="key_prefix")
    if key_in != "basic" and place.user is not None:
        raise ConfigError(f"means nothing where key_in is {key_in}", field="user")
    if place.user is not None and ":" in place.user:
        raise ConfigError("must hold no colon", field="user")
    if key_in in ("form", "json") and place.method != "POST":
        raise ConfigError(f"must be POST where key_in is {key_in}", field="method")


def _is_header_name(name: str) -> bool:
    return name.lower() not in _NO_PLACE_FOR_A_KEY and bool(re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name))
