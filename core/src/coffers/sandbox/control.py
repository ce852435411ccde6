"""The control protocol: the same controls over HTTP, for any language. The package's docstring describes it.

Roof. No I/O here: method, path and body in, a reply out. No answer holds a secret, none repeats what was sent.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final, NoReturn, cast

from coffers import SandboxReply, amount_from_text

from .accounts import ServedAccount
from .faults import FAULTS, Fault

__all__ = ["PREFIX", "control"]

#: Where the control protocol lives; no account name begins with ``-``.
PREFIX: Final = "/-/"


class _Refused(Exception):  # noqa: N818  it is an answer, not a fault of ours
    def __init__(self, status: int, message: str, headers: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(message)
        self.reply = _reply({"error": message}, status, headers)


def _reply(value: object, status: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> SandboxReply:
    text = json.dumps(value, indent=2, ensure_ascii=False) + "\n"
    return SandboxReply(text.encode(), status, "application/json", (("Cache-Control", "no-store"), *headers))


def control(method: str, path: str, body: bytes, accounts: Mapping[str, ServedAccount]) -> SandboxReply:
    """The answer to one request below ``/-/``.

    Args:
        method: the HTTP method.
        path: the path as sent, query and all.
        body: as received.
        accounts: every account by name.
    """
    try:
        return _answer(method, path, body, accounts)
    except _Refused as refused:
        return refused.reply


def _answer(method: str, path: str, body: bytes, accounts: Mapping[str, ServedAccount]) -> SandboxReply:
    place, _, name = path.removeprefix(PREFIX).partition("/")
    if place == "faults" and not name:
        _allow(method, "GET")
        return _reply({"faults": {kind: _shown(kind) for kind in FAULTS}})
    if place != "accounts":
        raise _Refused(404, "there are /-/accounts, /-/accounts/NAME and /-/faults")
    if not name:
        _allow(method, "GET")
        return _reply({"accounts": [account.state() for account in accounts.values()]})
    account = accounts.get(name)
    if account is None:
        raise _Refused(404, f"there is no such account; there are: {', '.join(accounts)}")
    _allow(method, "GET", "PATCH")
    if method == "PATCH":
        _change(account, _read_object(body))
    return _reply(account.state())


def _allow(method: str, *methods: str) -> None:
    if method not in methods:
        raise _Refused(405, f"only {' and '.join(methods)} here", (("Allow", ", ".join(methods)),))


def _shown(kind: str) -> dict[str, Any]:
    row = FAULTS[kind]
    return {"description": row.description, "options": {name: option.default for name, option in row.options.items()}}


def _read_object(body: bytes) -> dict[str, Any]:
    def refuse(_: object) -> NoReturn:
        raise ValueError

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        return found if len(found) == len(pairs) else refuse(pairs)

    try:
        # Every number becomes an exact decimal; a float would not keep what was written.
        value = json.loads(
            body.decode(),
            parse_float=amount_from_text,
            parse_int=amount_from_text,
            parse_constant=refuse,
            object_pairs_hook=members,
        )
    except (ValueError, RecursionError):
        value = None
    found = _object(value)
    if found is None:
        raise _Refused(400, "the body must be a JSON object, no key twice, numbers of at most 50 digits")
    return found


def _object(value: object) -> dict[str, Any] | None:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else None


def _change(account: ServedAccount, wanted: dict[str, Any]) -> None:
    unknown = [key for key in wanted if key not in _READERS]
    if unknown or not wanted:
        raise _Refused(400, f"the object has one or more of: {', '.join(_READERS)}")
    changes: dict[str, Any] = {}
    for key, value in wanted.items():
        try:
            changes[key] = _READERS[key](value)
        except ValueError as error:
            raise _Refused(400, f"{key}: {error}") from None
    try:
        account.change(**changes)
    except (ValueError, TypeError) as error:
        raise _Refused(400, str(error)) from None


def _read_amounts(value: object, *, nulls: bool = False) -> dict[str, Any]:
    plain = (str, Decimal, type(None)) if nulls else (str, Decimal)
    found = _object(value)
    if found is None or not all(isinstance(amount, plain) for amount in found.values()):
        raise ValueError('must be an object like {"USD": "12.50"}' + (" (null drops a code)" if nulls else ""))
    return found


def _read_balances(value: object) -> dict[str, Any]:
    return _read_amounts(value, nulls=True)


def _read_switch(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("must be true or false")  # noqa: TRY004  every reader refuses in one way
    return value


def _read_fault(value: object) -> Fault | None:
    if value is None:
        return None
    wanted = dict(_object(value) or {})
    kind = wanted.pop("kind", None)
    if not isinstance(kind, str):
        raise ValueError('must be null or an object like {"kind": "latency", "seconds": 2, "times": 3}')  # noqa: TRY004  likewise
    return Fault.of(kind, **wanted)


_READERS: Final[Mapping[str, Callable[[object], Any]]] = {
    "balances": _read_balances,
    "top_up": _read_amounts,
    "spend": _read_amounts,
    "revoked": _read_switch,
    "fault": _read_fault,
}
