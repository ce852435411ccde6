"""How the sandbox can be told to misbehave: one table, shown by the command line and checked here.

Roof; no I/O here. What a fault does to an answer is in this table; what it does to the connection is in `wire`, under
the same name.
"""

from __future__ import annotations

import difflib
import gzip
import math
from collections.abc import Callable, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

import attrs

from coffers import SandboxReply

__all__ = ["FAULTS", "Fault", "FaultKind", "FaultOption"]

_MIB: Final = 1024 * 1024
_PAGE: Final = (
    b"<!DOCTYPE html>\n<html><head><title>Maintenance</title></head><body><h1>We will be back soon</h1></body></html>\n"
)

OptionValue = float | int | bool | str


@attrs.frozen
class FaultOption:
    """One option of a fault.

    Attributes:
        default: used when the option is not given; its type is the option's type.
        least: the smallest number allowed.
        most: the largest number allowed.
    """

    default: OptionValue
    least: int = 0
    most: int = 0

    def read(self, value: object) -> OptionValue:
        """`value` as this option's type.

        Raises:
            ValueError: another type or out of range; says what is due.
        """
        if isinstance(self.default, bool):
            if isinstance(value, bool):
                return value
            raise ValueError("must be true or false")
        if isinstance(self.default, str):
            if isinstance(value, str) and value.isascii() and value.isprintable() and value:
                return value
            raise ValueError("must be a text of printable ASCII")
        whole = isinstance(self.default, int)
        wanted = f"must be a {'whole ' if whole else ''}number from {self.least} to {self.most}"
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
            raise ValueError(wanted)  # noqa: TRY004  a control may name any value; every refusal is one kind
        if not isinstance(value, int) and not math.isfinite(value):
            raise ValueError(wanted)
        if not self.least <= value <= self.most or (whole and value != int(value)):
            raise ValueError(wanted)
        return int(value) if whole else float(value)


@attrs.frozen
class FaultKind:
    """One row of the table.

    Attributes:
        description: one line for people.
        options: what can be said about it, by name.
        instead: makes the reply without asking the provider's part, or None where the part is asked.
        alter: changes the part's reply, or None where it goes out as it is.
    """

    description: str
    options: Mapping[str, FaultOption] = attrs.field(factory=dict[str, FaultOption])
    instead: Callable[[Fault], SandboxReply] | None = attrs.field(default=None, repr=False)
    alter: Callable[[SandboxReply, Fault], SandboxReply] | None = attrs.field(default=None, repr=False)


@attrs.frozen
class Fault:
    """A fault as it was asked for; made by `Fault.of`.

    Attributes:
        kind: a name in `FAULTS`.
        options: every option of that kind, defaults filled in.
        times: for how many requests, or None until told otherwise.
    """

    kind: str
    options: Mapping[str, Any]
    times: int | None = None

    @classmethod
    def of(cls, kind: str, /, *, times: object = None, **options: object) -> Fault:
        """The fault `kind` with `options`, checked.

        Raises:
            ValueError: no such fault, no such option, or a value out of range; the message says what there is.
        """
        row = FAULTS.get(kind)
        if row is None:
            close = difflib.get_close_matches(kind, FAULTS, 1)
            hint = f"did you mean {close[0]!r}?" if close else f"there are: {', '.join(FAULTS)}"
            raise ValueError(f"there is no such fault; {hint}")
        for name in options:
            if name not in row.options:
                known = ", ".join((*row.options, "times"))
                raise ValueError(f"the fault {kind!r} has no such option; it has: {known}")
        values = {name: option.default for name, option in row.options.items()}
        for name, value in options.items():
            try:
                values[name] = row.options[name].read(value)
            except ValueError as error:
                raise ValueError(f"{name} {error}") from None
        if times is not None:
            try:
                times = FaultOption(1, 1, 1_000_000).read(times)
            except ValueError as error:
                raise ValueError(f"times {error}") from None
        return cls(kind, MappingProxyType(values), int(times) if times is not None else None)

    @property
    def row(self) -> FaultKind:
        """This kind's row in `FAULTS`."""
        return FAULTS[self.kind]


def _rate_limited(fault: Fault) -> SandboxReply:
    headers = (("Retry-After", str(fault.options["retry_after"])),)
    return SandboxReply(b"Too Many Requests\n", 429, "text/plain", headers)


def _server_error(fault: Fault) -> SandboxReply:
    return SandboxReply(b"Internal trouble\n", fault.options["status"], "text/plain")


def _html(fault: Fault) -> SandboxReply:
    return SandboxReply(_PAGE, fault.options["status"], "text/html; charset=utf-8")


def _redirect(fault: Fault) -> SandboxReply:
    return SandboxReply(b"", fault.options["status"], "text/plain", (("Location", fault.options["location"]),))


def _no_answer(_: Fault) -> SandboxReply:
    return SandboxReply(b"")


def _oversized(reply: SandboxReply, fault: Fault) -> SandboxReply:
    # Blanks behind the true answer: still a good answer, only too long.
    body = reply.body.ljust(fault.options["size"])
    if not fault.options["gzip"]:
        return attrs.evolve(reply, body=body)
    return attrs.evolve(reply, body=gzip.compress(body), headers=(*reply.headers, ("Content-Encoding", "gzip")))


def _wrong_content_type(reply: SandboxReply, fault: Fault) -> SandboxReply:
    return attrs.evolve(reply, content_type=fault.options["content_type"])


def _empty(reply: SandboxReply, _: Fault) -> SandboxReply:
    return attrs.evolve(reply, body=b"")


#: Every fault there is. The names are part of the control protocol.
FAULTS: Final[Mapping[str, FaultKind]] = MappingProxyType(
    {
        "latency": FaultKind("the right answer, `seconds` late", {"seconds": FaultOption(1.0, 0, 3600)}),
        "rate_limited": FaultKind(
            "429 with Retry-After `retry_after` (seconds)",
            {"retry_after": FaultOption(1, 0, 1_000_000)},
            instead=_rate_limited,
        ),
        "server_error": FaultKind(
            "a 5xx `status` with a text", {"status": FaultOption(503, 500, 599)}, instead=_server_error
        ),
        "truncated": FaultKind("half of the right answer, then the connection is closed"),
        "dribbled": FaultKind("the right answer, one byte every `seconds`", {"seconds": FaultOption(0.5, 0, 3600)}),
        "oversized": FaultKind(
            "the right answer padded with blanks to `size` bytes (over 1 MiB), compressed with `gzip` true",
            {"size": FaultOption(_MIB + 1, 0, 64 * _MIB), "gzip": FaultOption(False)},
            alter=_oversized,
        ),
        "html": FaultKind(
            "an HTML page with `status` in place of the answer", {"status": FaultOption(200, 200, 599)}, instead=_html
        ),
        "hang": FaultKind("the request is read and never answered", instead=_no_answer),
        "wrong_content_type": FaultKind(
            "the right answer labelled `content_type`",
            {"content_type": FaultOption("application/octet-stream")},
            alter=_wrong_content_type,
        ),
        "reset": FaultKind("the connection is reset in place of an answer", instead=_no_answer),
        "redirect": FaultKind(
            "a 3xx `status` that points at `location`",
            {"status": FaultOption(302, 300, 399), "location": FaultOption("http://127.0.0.1:9/elsewhere")},
            instead=_redirect,
        ),
        "empty": FaultKind("the right status with an empty body", alter=_empty),
        "clock_skew": FaultKind(
            "the provider's clock (Date header included) is `seconds` ahead, or behind where negative",
            {"seconds": FaultOption(3600.0, -1_000_000_000, 1_000_000_000)},
        ),
    }
)
