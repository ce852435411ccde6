"""The sandbox part: the provider's side of the protocol, as strict as the provider. Roof; no server is needed."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from decimal import Decimal
from email.utils import formatdate
from typing import Final
from urllib.parse import parse_qsl

import attrs

from coffers import (
    Account,
    Balance,
    Client,
    Endpoint,
    NetworkError,
    Outcome,
    PluginError,
    Response,
    SandboxAccount,
    SandboxCall,
    SandboxProvider,
    Secret,
    SignedRequest,
    amount_from_text,
)
from coffers.testing.canaries import alike
from coffers.testing.checking import CheckFailedError, check, place_of, require
from coffers.testing.subject import Subject
from coffers.testing.vectors import Case

_REFUSED: Final = ("auth", "permission")
#: A clock that is wrong by so much is wrong by any provider's standard.
_DAYS_S: Final = 10 * 86_400


def _as_it_is(message: SignedRequest) -> SignedRequest:
    return message


@attrs.define
class _PartTransport:
    """Carries messages to a sandbox part instead of a network.

    Attributes:
        part: answers.
        account: its state.
        alter: what becomes of a message on the way.
        sent: how many there were.
        fault: the exception that the part raised, or None.
    """

    part: SandboxProvider
    account: SandboxAccount
    alter: Callable[[SignedRequest], SignedRequest] = _as_it_is
    sent: int = 0
    fault: Exception | None = None

    def send(self, message: SignedRequest, endpoint: Endpoint, deadline: float) -> Response:
        """The part's answer, as the sandbox would send it."""
        self.sent += 1
        message, now = self.alter(message), time.time()
        path, _, query = message.target.partition("?")
        pairs = tuple(parse_qsl(query, keep_blank_values=True))
        call = SandboxCall(message.method, path, pairs, message.headers, message.body, now)
        try:
            reply = self.part.answer(call, self.account)
        except Exception as error:  # noqa: BLE001  foreign code may raise anything
            self.fault = error
            raise NetworkError("the sandbox part raised an exception") from None
        headers = (*reply.headers, ("Content-Type", reply.content_type), ("Date", formatdate(now, usegmt=True)))
        return Response(reply.status, headers, reply.body)

    def close(self) -> None:
        """Nothing is open."""


@attrs.frozen
class _Read:
    outcome: Outcome
    sent: int

    @property
    def kind(self) -> str:
        return self.outcome.error.kind if self.outcome.error else "a snapshot"


def _read(
    subject: Subject,
    part: SandboxProvider,
    *,
    fields: Mapping[str, str] | None = None,
    revoked: bool = False,
    alter: Callable[[SignedRequest], SignedRequest] = _as_it_is,
    ahead_s: float = 0.0,
) -> _Read:
    """Read a fresh account of the part with these config values.

    Raises:
        CheckFailedError: the part raised an exception, or an account cannot be made of its fields.
    """
    balances = {code: amount_from_text(amount) for code, amount in part.balances.items()}
    transport = _PartTransport(part, SandboxAccount(dict(part.fields), balances, revoked), alter)
    with Client(
        registry=subject.registry,
        transport=transport,
        sleep=lambda seconds: None,
        clock=lambda: time.time() + ahead_s,
    ) as client:
        [outcome] = client.read_many([_account(subject, part.fields if fields is None else fields)])
    if transport.fault is not None:
        fault = f"{type(transport.fault).__name__}{place_of(transport.fault)}"
        raise CheckFailedError(f"the sandbox part raised {fault}") from transport.fault
    return _Read(outcome, transport.sent)


def _account(subject: Subject, fields: Mapping[str, str]) -> Account:
    known = subject.provider.fields
    given: dict[str, str | int | bool | Secret] = {}
    for name, value in fields.items():
        if name not in known:
            raise CheckFailedError(f"the sandbox part's field {name!r} is no config key of the provider")
        try:
            given[name] = Secret(value) if known[name].secret else _typed(known[name].type, value)
        except ValueError:
            raise CheckFailedError(f"the sandbox part's field {name!r} is no whole number") from None
    return Account("shop", subject.id, given, base_url="http://127.0.0.1:9")


def _typed(kind: type, value: str) -> str | int | bool:
    if kind is bool:
        return value == "true"
    return int(value) if kind is int else value


@check("completeness")
def sandbox_part_is_strict(subject: Subject) -> None:
    """The sandbox part checks what the provider checks: method, path, every credential, the signature and the age of a
    timestamp; and it answers a refusal as the provider documents it, which the plugin then reads as `auth` or
    `permission`. A part that is easier than the provider makes demos and tests succeed where the provider refuses.
    """
    try:
        part = subject.part
    except PluginError:
        return  # another check says so
    if part is None:
        return
    right = _read(subject, part)
    error = right.outcome.error
    require(error is None, f"its made-up account cannot be read: {right.kind}, {error and error.message}")
    _require_opening(right.outcome.unwrap().balances, part)
    for key in _secret_keys(subject, part):
        wrong = _read(subject, part, fields={**part.fields, key: alike(part.fields[key])})
        require(wrong.kind in (*_REFUSED, "config"), f"a wrong {key} must end as auth or permission, not {wrong.kind}")
    revoked = _read(subject, part, revoked=True)
    require(revoked.kind in _REFUSED, f"revoked credentials must end as auth or permission, not {revoked.kind}")
    for what, alter in _WRONG.items():
        read = _read(subject, part, alter=alter)
        require(read.outcome.snapshot is None, f"the sandbox part takes a wrong {what} and answers all the same")
    if _signs_time(subject):
        for ahead_s in (-_DAYS_S, _DAYS_S):
            late = _read(subject, part, ahead_s=ahead_s)
            refused = late.outcome.error is not None or late.sent > right.sent
            require(refused, f"the sandbox part takes a time that is {abs(ahead_s) // 86_400} days off")


def _wrong_method(message: SignedRequest) -> SignedRequest:
    return attrs.evolve(message, method="DELETE" if message.method != "DELETE" else "GET")


def _wrong_path(message: SignedRequest) -> SignedRequest:
    return attrs.evolve(message, target=f"/no/such/path{message.target}")


_WRONG: Final[Mapping[str, Callable[[SignedRequest], SignedRequest]]] = {"method": _wrong_method, "path": _wrong_path}


def _secret_keys(subject: Subject, part: SandboxProvider) -> list[str]:
    return [key for key, field in subject.provider.fields.items() if field.secret and key in part.fields]


def _require_opening(rows: tuple[Balance, ...], part: SandboxProvider) -> None:
    """Each opening balance stands in a row of its own, with its very amount."""
    left = list(rows)
    for code, text in part.balances.items():
        amount = amount_from_text(text)
        row = next((row for row in left if _names(row, code) and _holds(row, amount)), None)
        require(row is not None, f"the opening balance of {text} {code} is in no row of the read")
        left = [other for other in left if other is not row]


def _names(row: Balance, code: str) -> bool:
    """Whether the row is about `code`, which is the provider's own word for it."""
    words = [row.currency, row.network or "", row.wallet or "", *row.details.values()]
    return any(word and word.casefold() in code.casefold() for word in words)


def _holds(row: Balance, amount: Decimal) -> bool:
    return any(held == amount for held in (row.total, row.available) if held is not None)


def _signs_time(subject: Subject) -> bool:
    """Whether a signed message depends on the time, in any recorded case."""
    times = (1_700_000_000_000, 1_700_000_000_000 + _DAYS_S * 1000)
    cases = [case for case in subject.cases if "signed.http" in case.files]
    return any(_signed(subject, case, times[0]) != _signed(subject, case, times[1]) for case in cases)


def _signed(subject: Subject, case: Case, time_ms: int) -> SignedRequest | None:
    provider = subject.provider
    try:
        request = provider.request(case.query(provider.manifest))
        attempt = attrs.evolve(case.attempt, time_ms=time_ms)
        return provider.sign(request, case.credentials(provider.manifest), attempt)
    except Exception:  # noqa: BLE001  the arrows see it
        return None
