"""What a provider's sandbox part offers: the provider's side of the protocol, for demos and tests.

Floor 3. A provider may ship one as an entry point in the group ``coffers.sandboxes``, its name the provider's id, its
value a `SandboxProvider`. It is never imported by an ordinary read. The server that speaks it is `coffers.sandbox`.
"""

from __future__ import annotations

import json as jsonlib
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final
from urllib.parse import parse_qsl

import attrs

from .amounts import amount_to_text
from .messages import Pairs

__all__ = [
    "SANDBOX_GROUP",
    "SandboxAccount",
    "SandboxCall",
    "SandboxProvider",
    "SandboxReply",
    "amount_as_json_number",
    "reply_json",
]

#: Where installed providers announce their sandbox part.
SANDBOX_GROUP: Final = "coffers.sandboxes"


@attrs.frozen
class SandboxCall:
    """A request as the sandbox received it. Its repr shows no part that may hold a key.

    Attributes:
        method: the HTTP method.
        path: the path as sent, without the account's prefix.
        query: the decoded parameters, in order.
        headers: as received.
        body: as received.
        time_s: the sandbox's own time, seconds since 1970-01-01 UTC.
    """

    method: str
    path: str = attrs.field(repr=False)
    query: Pairs = attrs.field(repr=False)
    headers: Pairs = attrs.field(repr=False)
    body: bytes = attrs.field(repr=False)
    time_s: float

    def header(self, name: str) -> str | None:
        """The first header of that name, letter case ignored; None where there is none."""
        wanted = name.lower()
        return next((value for found, value in self.headers if found.lower() == wanted), None)

    @property
    def content_type(self) -> str:
        """The content type in lower case without its parameters; empty where there is none."""
        return (self.header("content-type") or "").split(";")[0].strip().lower()

    @property
    def form(self) -> dict[str, str]:
        """The parameters of a form body; the last one of a name counts."""
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))

    @property
    def json(self) -> Any:
        """The JSON value of the body; None where it is not JSON."""
        try:
            return jsonlib.loads(self.body)
        except (ValueError, RecursionError):
            return None


@attrs.frozen
class SandboxReply:
    """What the sandbox answers.

    Attributes:
        body: as sent.
        status: the HTTP status.
        content_type: the content type, with its parameters.
        headers: further headers, in order.
    """

    body: bytes
    status: int = 200
    content_type: str = "application/json"
    headers: Pairs = ()


def reply_json(value: Any, *, status: int = 200, headers: Pairs = ()) -> SandboxReply:
    """A JSON answer; a `Decimal` in it becomes a JSON number with the very same digits."""
    return SandboxReply(_to_json(value).encode(), status=status, headers=headers)


def _to_json(value: Any) -> str:
    if isinstance(value, Decimal):
        return amount_as_json_number(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{jsonlib.dumps(str(name))}: {_to_json(item)}" for name, item in value.items()) + "}"  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]  any mapping
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_to_json, value)) + "]"  # pyright: ignore[reportUnknownArgumentType]  any sequence
    return jsonlib.dumps(value)


def amount_as_json_number(amount: Decimal) -> str:
    """`amount` as an unquoted JSON number, every digit kept."""
    return amount_to_text(amount)


@attrs.define
class SandboxAccount:
    """The state of one account in the sandbox; changed by the server under its own lock.

    Attributes:
        fields: the account's true config values by key, literals; made up.
        balances: amounts by the provider's own code; a read shows each in a row of its own, as the total or as what
            is available.
        revoked: whether its credentials are refused from now on.
        memory: whatever the provider's part must remember between calls (nonces seen, tokens given).
    """

    fields: dict[str, str] = attrs.field(repr=False)
    balances: dict[str, Decimal]
    revoked: bool = False
    memory: dict[str, Any] = attrs.field(factory=dict[str, Any], repr=False)


@attrs.frozen(kw_only=True)
class SandboxProvider:
    """A provider's sandbox part.

    Attributes:
        id: the provider's id.
        fields: made-up config values of a fresh account, by key; secrets are literals here and nowhere else.
        balances: the opening balances, as text, by the provider's own code.
        answer: the provider's side of the protocol. It checks method, path, content type, credentials, signature and
            clock as the provider documents them, and answers its documented errors otherwise.
    """

    id: str
    fields: Mapping[str, str] = attrs.field(repr=False)
    balances: Mapping[str, str]
    answer: Callable[[SandboxCall, SandboxAccount], SandboxReply]
