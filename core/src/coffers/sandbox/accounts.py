"""One account in the sandbox: its state, the controls over it, and the config that reads it.

Roof. Every method may be called from any thread while the server answers. Nothing but `config`, `account` and
`secret_fields` gives a secret away, and those are made up.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

import attrs

from coffers import (
    Account,
    FieldValue,
    LoadedProvider,
    PluginError,
    SandboxAccount,
    SandboxCall,
    SandboxProvider,
    SandboxReply,
    Secret,
    amount_from_text,
    amount_to_text,
    exact,
    time_to_text,
)

from .faults import Fault

__all__ = ["Exchange", "ServedAccount"]

Amounts = Mapping[str, str | Decimal]

_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE: Final = re.compile(r"[\t\x20-\x7e]*")


@attrs.frozen
class Exchange:
    """One request and its answer, as far as they can be told without a secret: no path, header or body.

    Attributes:
        method: the HTTP method.
        status: the status answered; None where nothing was (reset, hang).
        fault: the kind of fault that was played, or None.
        time_s: the sandbox's own time, seconds since 1970-01-01 UTC.
    """

    method: str
    status: int | None
    fault: str | None
    time_s: float


class _Unchanged:
    """Stands for "not given" where None has a meaning."""


_UNCHANGED: Final = _Unchanged()


class ServedAccount:
    """An account that the sandbox serves; made by `Sandbox`.

    Amounts are `Decimal` or plain decimal text; a float is refused.

    Attributes:
        name: the account's name, the first part of its path.
        provider: the provider's id.
    """

    def __init__(
        self,
        name: str,
        part: SandboxProvider,
        *,
        fields: Mapping[str, str],
        balances: Amounts,
        origin: Callable[[], str],
        load: Callable[[str], LoadedProvider],
    ) -> None:
        self.name = name
        self.provider: str = part.id
        self._answer = part.answer
        self._origin = origin
        self._load = load
        self._lock = threading.Lock()
        self._state = SandboxAccount(dict(fields), {code: to_amount(amount) for code, amount in balances.items()})
        self._fault: Fault | None = None
        self._times_left: int | None = None
        self._requests = 0
        self._last: Exchange | None = None

    def __repr__(self) -> str:
        return f"ServedAccount({self.name!r}, {self.provider!r})"

    # --- the state ------------------------------------------------------------------------------------------------

    @property
    def base_url(self) -> str:
        """Where it is served.

        Raises:
            ConfigError: the sandbox does not run.
        """
        return f"{self._origin()}/{self.name}"

    @property
    def balances(self) -> dict[str, Decimal]:
        """What it holds now, by the provider's own code (a copy)."""
        with self._lock:
            return dict(self._state.balances)

    @property
    def revoked(self) -> bool:
        """Whether its credentials are refused."""
        with self._lock:
            return self._state.revoked

    @property
    def fault(self) -> Fault | None:
        """The fault that the next request meets, or None; its `times` are the ones left."""
        with self._lock:
            return self._fault and attrs.evolve(self._fault, times=self._times_left)

    @property
    def requests(self) -> int:
        """How many requests it has received."""
        with self._lock:
            return self._requests

    @property
    def last(self) -> Exchange | None:
        """The latest request, or None before the first."""
        with self._lock:
            return self._last

    def state(self) -> dict[str, Any]:
        """All of the above as JSON values; no secret in it."""
        fault, last = self.fault, self.last
        return {
            "name": self.name,
            "provider": self.provider,
            "base_url": self.base_url,
            "balances": {code: amount_to_text(amount) for code, amount in self.balances.items()},
            "revoked": self.revoked,
            "fault": fault and {"kind": fault.kind, "times": fault.times, **fault.options},
            "requests": self.requests,
            "last": last
            and {
                "method": last.method,
                "status": last.status,
                "fault": last.fault,
                "time": time_to_text(datetime.fromtimestamp(last.time_s, UTC)),
            },
        }

    # --- the controls ---------------------------------------------------------------------------------------------

    def set_balance(self, code: str, amount: str | Decimal | None) -> None:
        """Hold exactly `amount` of `code` (a debt is negative); None drops the code altogether."""
        self.change(balances={code: amount})

    def top_up(self, code: str, amount: str | Decimal) -> None:
        """Add `amount`; a code not held so far starts at nothing.

        Raises:
            ValueError: not an amount, negative, or more digits than an amount may have.
            TypeError: neither text nor `Decimal`.
        """
        self.change(top_up={code: amount})

    def spend(self, code: str, amount: str | Decimal) -> None:
        """Take `amount` away.

        Raises:
            ValueError: not an amount, negative, or more than is held.
            TypeError: neither text nor `Decimal`.
        """
        self.change(spend={code: amount})

    def revoke_key(self) -> None:
        """Refuse its credentials from now on."""
        self.change(revoked=True)

    def restore_key(self) -> None:
        """Accept its credentials again."""
        self.change(revoked=False)

    def misbehave(self, kind: str | None, times: int | None = None, **options: object) -> None:
        """Play the fault `kind` (see `FAULTS`) for the next `times` requests, or until told otherwise; None ends it.

        Raises:
            ValueError: no such fault or option, or a value out of range.
        """
        self.change(fault=None if kind is None else Fault.of(kind, times=times, **options))

    def change(
        self,
        *,
        balances: Mapping[str, str | Decimal | None] | None = None,
        top_up: Amounts | None = None,
        spend: Amounts | None = None,
        revoked: bool | None = None,
        fault: Fault | _Unchanged | None = _UNCHANGED,
    ) -> None:
        """Several changes at once, in this order; all of them or, where one is refused, none.

        Raises:
            ValueError: as the single methods.
            TypeError: likewise.
        """
        with self._lock, exact():
            held = dict(self._state.balances)
            for code, amount in (balances or {}).items():
                if amount is None:
                    held.pop(code, None)
                else:
                    held[_to_code(code)] = to_amount(amount)
            for code, amount in (top_up or {}).items():
                held[_to_code(code)] = to_amount(held.get(code, Decimal(0)) + _to_gain(amount))
            for code, amount in (spend or {}).items():
                gain = _to_gain(amount)
                if code not in held or gain > held[code]:
                    raise ValueError(f"it holds less of {code[:64]!r} than that; set_balance can make a debt")
                held[code] = to_amount(held[code] - gain)
            self._state.balances = held
            if revoked is not None:
                self._state.revoked = revoked
            if not isinstance(fault, _Unchanged):
                self._fault, self._times_left = fault, fault.times if fault else None

    # --- for the server -------------------------------------------------------------------------------------------

    def take_fault(self) -> Fault | None:
        """The fault for the request that has just come in; one of its times is used up."""
        with self._lock:
            fault = self._fault
            if fault and self._times_left is not None:
                self._times_left -= 1
                if not self._times_left:
                    self._fault = None
            return fault

    def answer(self, call: SandboxCall) -> SandboxReply:
        """What the provider's part answers to `call`; whatever it raises goes through.

        Raises:
            TypeError: the part answered something else than a `SandboxReply`.
            ValueError: a reply that cannot be sent.
        """
        with self._lock:
            reply = self._answer(call, self._state)
        _check_reply(reply)
        return reply

    def note(self, exchange: Exchange) -> None:
        """Remember `exchange` as the latest."""
        with self._lock:
            self._requests += 1
            self._last = exchange

    # --- the config -----------------------------------------------------------------------------------------------

    def config(self) -> dict[str, str | int | bool]:
        """Its table of a config file, with the made-up secrets as literals.

        Of several ways to give credentials, it has the first one of the manifest that its fields complete.

        Raises:
            PluginError: the provider cannot be loaded, or its sandbox part does not fit its manifest.
            ConfigError: the sandbox does not run.
        """
        return {"provider": self.provider, **self._literals(), "base_url": self.base_url}

    def account(self) -> Account:
        """The account for a `Client`, secrets as `Secret`; errors as `config`."""
        secrets = self.secret_fields()
        fields: dict[str, FieldValue] = {**self._literals(), **{key: Secret(value) for key, value in secrets.items()}}
        return Account(self.name, self.provider, fields, base_url=self.base_url)

    def secret_fields(self) -> dict[str, str]:
        """The keys of `config` that are secret and their made-up values; errors as `config`."""
        known = self._load(self.provider).fields
        return {key: str(value) for key, value in self._literals().items() if known[key].secret}

    def _literals(self) -> dict[str, str | int | bool]:
        loaded = self._load(self.provider)
        with self._lock:
            given = dict(self._state.fields)
        for key in given:
            if key not in loaded.fields:
                raise PluginError(
                    f"its sandbox part has a field {key!r} that its manifest lacks", provider=self.provider
                )
        alternatives = [attrs.fields(cls) for cls in loaded.manifest.credentials]
        complete = (
            fields
            for fields in alternatives
            if all(field.name in given for field in fields if field.init and field.default is attrs.NOTHING)
        )
        chosen = next(complete, None)
        if chosen is None and alternatives:
            raise PluginError("its sandbox part's fields complete none of its credentials", provider=self.provider)
        names = {field.name for field in (*attrs.fields(loaded.manifest.settings), *(chosen or ()))}
        return {key: _to_literal(value, loaded.fields[key].type) for key, value in given.items() if key in names}


def _to_literal(value: str, kind: type) -> str | int | bool:
    if kind is bool:
        return value == "true"
    return int(value) if kind is int else value


def _check_reply(reply: object) -> None:
    if not isinstance(reply, SandboxReply) or not isinstance(reply.body, bytes):  # pyright: ignore[reportUnnecessaryIsInstance]  foreign code
        raise TypeError("a sandbox part answers a SandboxReply with bytes")
    if not 200 <= reply.status <= 599:
        raise ValueError("a status is 200 to 599")
    for name, value in (("Content-Type", reply.content_type), *reply.headers):
        if not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(value):
            raise ValueError("a header has characters that cannot be sent")


def to_amount(value: object) -> Decimal:
    """`value`, text or `Decimal`, as an amount.

    Raises:
        ValueError: not a plain decimal number, or too many digits.
        TypeError: neither text nor `Decimal`.
    """
    if not isinstance(value, str | Decimal):
        raise TypeError(f"an amount is a text or a Decimal, not {type(value).__name__}")
    try:
        return amount_from_text(str(value))
    except ValueError:
        raise ValueError("an amount is a plain decimal number of at most 50 digits") from None


def _to_gain(value: object) -> Decimal:
    amount = to_amount(value)
    if amount < 0:
        raise ValueError("an amount to top up or to spend must not be negative")
    return amount


def _to_code(code: object) -> str:
    if not isinstance(code, str) or not 0 < len(code) <= 64 or not code.isprintable():
        raise ValueError("a currency's code is a text of 1 to 64 characters")
    return code
