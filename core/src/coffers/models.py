"""What is left: Balance and Snapshot.

Floor 1. Unknown is None, never 0; an amount without a currency cannot be built; two rows are never merged.
"""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from itertools import islice
from types import MappingProxyType
from typing import Any, Final, Literal

import attrs

from .errors import BadResponseError, one_line
from .messages import Query
from .quick import quickly_made

__all__ = ["AMOUNTS", "MAX_BALANCES", "MAX_QUERIES", "Balance", "Snapshot", "Valuation"]

_LONGEST_CURRENCY = 32
#: No other letters are capitalised: "ß" in capitals would pass for the code SS.
_CAPITALS = str.maketrans(string.ascii_lowercase, string.ascii_uppercase)

#: The amounts of a balance, in their order.
AMOUNTS: Final = ("total", "available", "pending", "reserved")

#: Rows, and further queries, of one read; more is not an account but a mistake, or has no end.
MAX_BALANCES: Final = 10_000
MAX_QUERIES: Final = 50

#: Farther from zero than any exact result; beyond it, writing an amount out would take seconds and megabytes.
_LARGEST: Final = 200
_LEAST: Final = -_LARGEST


#: Almost every code there is.
_PLAIN_CODE: Final = re.compile(f"[A-Z0-9._-]{{1,{_LONGEST_CURRENCY}}}")


def _to_currency(value: object) -> str:
    if not isinstance(value, str):
        raise BadResponseError("a currency is missing or is not text", field="currency")
    if _PLAIN_CODE.fullmatch(value):
        return value
    code = value.translate(_CAPITALS)
    known = all(sign in "._-" or sign.isalpha() or sign.isdecimal() for sign in code)
    if not known or not 0 < len(code) <= _LONGEST_CURRENCY or one_line(code) != code:  # some letters are blank
        raise BadResponseError("a currency code must be 1 to 32 letters, digits and . _ -", field="currency")
    return code


#: The same few codes come again and again.
_known_currency = lru_cache(maxsize=4096)(_to_currency)


def _check_amount(name: str, value: object) -> None:
    if not isinstance(value, Decimal) or not value.is_finite():
        text = f"{name} must be a finite Decimal or None, and is of type {type(value).__name__}"
        raise BadResponseError(text, field=name)
    if not _LEAST <= value.adjusted() <= _LARGEST:
        raise BadResponseError(f"an amount has an exponent beyond {_LARGEST}", field=name)


def _to_label(name: str, value: object) -> str:
    label = one_line(value) if isinstance(value, str) else ""
    if not label:
        raise BadResponseError("must be a non-empty text or None", field=name)
    return label


_NO_DETAILS: Final[Mapping[str, str]] = MappingProxyType({})


def _to_details(value: Mapping[str, str]) -> Mapping[str, str]:
    details: dict[Any, Any] = dict(value)  # as typed it cannot be wrong, but parsers are foreign code
    if not all(isinstance(name, str) and isinstance(text, str) for name, text in details.items()):
        raise BadResponseError("details must map text to text", field="details")
    return MappingProxyType({one_line(name): one_line(text) for name, text in details.items()})


def _check_time(name: str, value: object) -> None:
    if not (isinstance(value, datetime) and value.utcoffset() is not None):
        raise BadResponseError("a time must be an aware datetime or None", field=name)


def _to_derived(value: Any) -> tuple[str, ...]:
    names: tuple[Any, ...] = () if isinstance(value, str) else tuple(islice(value, len(AMOUNTS) + 1))
    if isinstance(value, str) or len(set(names)) != len(names) or not set(names) <= set(AMOUNTS):
        raise BadResponseError(f"derived must hold some of {', '.join(AMOUNTS)}, each once", field="derived")
    return tuple(name for name in AMOUNTS if name in names)


@attrs.frozen
class Valuation:
    """The provider's own figure for a balance in another currency.

    Attributes:
        currency: code, as in `Balance`.
        total: the value of everything, or None where the provider does not tell it.
        available: the value of what can be spent now, or None.
    """

    currency: str = attrs.field(converter=_to_currency)
    total: Decimal | None = attrs.field(default=None, kw_only=True)
    available: Decimal | None = attrs.field(default=None, kw_only=True)

    def __attrs_post_init__(self) -> None:
        for name, value in (("total", self.total), ("available", self.available)):
            if value is not None:
                _check_amount(name, value)


@quickly_made
@attrs.frozen(hash=False)
class Balance:
    """How much of one currency is held in one place.

    A single undifferentiated number is `total`. At least one of the four amounts is known. Texts are on one line:
    what a provider sends reaches terminals and logs.

    Attributes:
        currency: code as the provider names it: 1 to 32 of ``A-Z 0-9 . _ -`` and of the letters and digits of any other
            script. a to z become capitals, other letters stay as they are.
        total: everything held, reserved and pending amounts included where the provider counts so.
        available: what can be spent now.
        pending: under way and not settled: as a rule on its way in; charges not yet taken off where the provider's
            README says so.
        reserved: held back.
        unit: ``"money"`` (a state's currency), ``"asset"`` (a coin or token) or ``"credits"`` (messages, characters).
        network: the chain the asset lives on, or None.
        wallet: which of several places in the account, or None.
        valuation: the provider's own figure in another currency, or None.
        details: further texts that the provider's `parse` picked from the answer.
        derived: the names of those amounts that were computed from several of the provider's figures; it told neither
            of them itself. Scaling and turning a sign is not deriving.
        expires_at: when the credit is gone, aware; None where it stays or the provider does not tell.

    Raises:
        BadResponseError: a part is not of its type; `field` names it.
    """

    currency: str
    total: Decimal | None = attrs.field(default=None, kw_only=True)
    available: Decimal | None = attrs.field(default=None, kw_only=True)
    pending: Decimal | None = attrs.field(default=None, kw_only=True)
    reserved: Decimal | None = attrs.field(default=None, kw_only=True)
    unit: Literal["money", "asset", "credits"] = attrs.field(default="money", kw_only=True)
    network: str | None = attrs.field(default=None, kw_only=True)
    wallet: str | None = attrs.field(default=None, kw_only=True)
    valuation: Valuation | None = attrs.field(default=None, kw_only=True)
    details: Mapping[str, str] = attrs.field(default=_NO_DETAILS, kw_only=True)
    derived: tuple[str, ...] = attrs.field(default=(), kw_only=True)
    expires_at: datetime | None = attrs.field(default=None, kw_only=True)

    def __attrs_post_init__(self) -> None:
        # Written out: an answer may hold thousands of rows, and converters and validators cost a call for each field.
        code: Any = self.currency  # parsers are foreign code
        try:
            capitals = _known_currency(code)
        except TypeError:  # it cannot be kept, so it is no text
            capitals = _to_currency(code)
        if capitals != code:
            object.__setattr__(self, "currency", capitals)
        total: Any = self.total
        if total is None:
            if self.available is None and self.pending is None and self.reserved is None:
                raise BadResponseError("a balance needs at least one amount", field="total")
        elif type(total) is not Decimal or not total.is_finite() or not _LEAST <= total.adjusted() <= _LARGEST:
            _check_amount("total", total)
        if self.available is not None:
            _check_amount("available", self.available)
        if self.pending is not None:
            _check_amount("pending", self.pending)
        if self.reserved is not None:
            _check_amount("reserved", self.reserved)
        if self.network is not None:
            object.__setattr__(self, "network", _to_label("network", self.network))
        if self.wallet is not None:
            object.__setattr__(self, "wallet", _to_label("wallet", self.wallet))
        if self.details is not _NO_DETAILS:
            object.__setattr__(self, "details", _to_details(self.details))
        if self.expires_at is not None:
            _check_time("expires_at", self.expires_at)
        if self.unit not in ("money", "asset", "credits"):
            raise BadResponseError("unit must be money, asset or credits", field="unit")
        if self.valuation is not None and not isinstance(self.valuation, Valuation):  # pyright: ignore[reportUnnecessaryIsInstance]  parsers are foreign code
            raise BadResponseError("a valuation must be a Valuation or None", field="valuation")
        if self.derived == ():
            return
        object.__setattr__(self, "derived", _to_derived(self.derived))
        if any(getattr(self, name) is None for name in self.derived):
            raise BadResponseError("derived names an amount that is not known", field="derived")

    @property
    def spendable(self) -> Decimal | None:
        """`available` when known, else `total`; None where neither is."""
        return self.total if self.available is None else self.available

    def __hash__(self) -> int:
        return hash((self.currency, self.network, self.wallet, self.total, self.available))

    def __reduce__(self) -> tuple[Any, ...]:
        facts = {
            field.name: getattr(self, field.name) for field in attrs.fields(type(self)) if field.name != "currency"
        }
        return (_rebuild, (self.currency, facts | {"details": dict(self.details)}))


def _rebuild(currency: str, facts: dict[str, Any]) -> Balance:
    return Balance(currency, **facts)


def _to_balances(value: Any) -> tuple[Balance, ...]:
    rows: tuple[Any, ...] = tuple(islice(value, MAX_BALANCES + 1))
    if len(rows) > MAX_BALANCES:
        raise BadResponseError(f"more than {MAX_BALANCES} balances", field="balances")
    if [row for row in rows if not isinstance(row, Balance)]:
        raise BadResponseError("balances must hold Balance values only", field="balances")
    return rows


def _to_next(value: Any) -> tuple[Query[Any], ...]:
    queries: tuple[Any, ...] = tuple(islice(value, MAX_QUERIES + 1))
    if len(queries) > MAX_QUERIES:
        raise BadResponseError(f"the answer leads to more than {MAX_QUERIES} steps", field="next")
    if [query for query in queries if not isinstance(query, Query)]:
        raise BadResponseError("next must hold Query values only", field="next")
    return queries


@attrs.frozen
class Snapshot:
    """What one read found.

    Attributes:
        balances: in the provider's order; empty means the account truly holds nothing.
        as_of: the provider's own time of these figures (aware), or None where it names none.
        next: further queries that belong to the same read (pages, discovered accounts); always empty for the caller.

    Raises:
        BadResponseError: a part is not of its type, or more than 10,000 balances or 50 queries; `field` names it.
    """

    balances: tuple[Balance, ...] = attrs.field(default=(), converter=_to_balances)
    as_of: datetime | None = attrs.field(default=None)
    next: tuple[Query[Any], ...] = attrs.field(default=(), kw_only=True, converter=_to_next)

    def __attrs_post_init__(self) -> None:
        if self.as_of is not None:
            _check_time("as_of", self.as_of)
