"""The recorded read, played live: which case answers which step, and a server behaviour that answers with them.

Roof. The server itself is `HostileServer`; this is the one behaviour of it that does what a provider documents::

    recorded = recorded_read(subject)
    with HostileServer(polite(recorded)) as server:
        client.read(subject.account(server.base_url))
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, Final
from urllib.parse import parse_qsl

import attrs

from coffers import Response
from coffers.plugin import Query, Request

from .checking import CheckFailedError
from .hostile import Behaviour
from .subject import Subject
from .vectors import Case, complete, read_response

__all__ = ["Message", "Step", "answering", "balances_of", "closest", "polite", "raw_response", "recorded_read"]

#: As in the core: a read that asks more often does not end.
_MAX_STEPS: Final = 50
#: Headers that say how a body was sent; the server that sends it again says so itself.
_OF_THE_WIRE: Final = frozenset({"content-length", "transfer-encoding", "content-encoding", "connection"})


@attrs.frozen
class Step:
    """One step of the recorded read: what is asked and the case that answers it."""

    query: Query[Any]
    request: Request
    case: Case


@attrs.frozen(repr=False)
class Message:
    """A request as it came in, taken apart."""

    raw: bytes
    method: str
    path: str
    parts: frozenset[tuple[str, str]]

    @classmethod
    def of(cls, raw: bytes) -> Message:
        """From the bytes of one request."""
        head, _, body = raw.partition(b"\r\n\r\n")
        method, target, *_ = head.split(b"\r\n")[0].decode("latin-1").split(" ")
        path, _, query = target.partition("?")
        return cls(raw, method, path, frozenset(parse_qsl(query, keep_blank_values=True)) | _members(body))


def _members(body: bytes) -> frozenset[tuple[str, str]]:
    """The parts of a JSON or form body; two names that mean the same value are the same."""
    try:
        value = json.loads(body)
    except ValueError:
        return frozenset(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    if not isinstance(value, dict):
        return frozenset()
    return frozenset((str(name), json.dumps(item, sort_keys=True)) for name, item in value.items())  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]  any JSON object


def recorded_read(subject: Subject) -> tuple[Step, ...]:
    """The steps of the main case's read, the token step first, then in the order in which the core takes them.

    Raises:
        CheckFailedError: a step has no recorded answer, or there is no success at all.
    """
    manifest = subject.provider.manifest
    start: Query[Any] = subject.main_case.query(manifest).then("balances")
    steps: list[Step] = []
    waiting = [(start, "every read")]
    if manifest.token_step is not None:
        waiting.insert(0, (start.then(manifest.token_step), "every read"))
    while waiting:
        query, asker = waiting.pop(0)
        case = _case_for(subject, query)
        if case is None:
            state = f" with the state {dict(query.state)}" if query.state else ""
            raise CheckFailedError(f"no recorded success answers the step {query.step!r}{state}, which {asker} asks")
        if any(step.query == query for step in steps) or len(steps) == _MAX_STEPS:
            raise CheckFailedError(f"the recorded answers lead from one to the other without an end ({case.name})")
        steps.append(Step(query, subject.provider.request(query), case))
        further = case.json("snapshot.json").get("next", [])
        waiting[:0] = [(query.then(part["step"], part.get("state")), case.name) for part in further]
    return tuple(steps)


def _case_for(subject: Subject, query: Query[Any]) -> Case | None:
    manifest = subject.provider.manifest
    found = "token.json" if query.step == manifest.token_step else "snapshot.json"
    fitting: list[tuple[tuple[bool, ...], Case]] = []
    for case in subject.cases:
        if case.files.keys() >= {"query.json", "response.http", found}:
            recorded = case.query(manifest)
            if (recorded.step, recorded.state) == (query.step, query.state):
                likeness = (recorded == query, case is subject.main_case, "signed.http" in case.files)
                fitting.append((likeness, case))
    return max(fitting, key=lambda item: item[0])[1] if fitting else None


def balances_of(recorded: Sequence[Step]) -> list[Any]:
    """The balances that the whole read must tell, as ``snapshot.json`` files have them."""
    return [row for step in recorded for row in complete(step.case.json("snapshot.json")).get("balances", [])]


def closest(recorded: Sequence[Step], message: Message) -> Step:
    """The step that a message asks for: by path, by method, then by the parts that `coffers_request` gave it."""

    def likeness(step: Step) -> tuple[bool, bool, int, int]:
        request = step.request
        parts = {*request.query, *_members(request.body)}
        present = len(parts & message.parts)
        # The path ends alike: an account's base URL may put a prefix before it.
        return message.path.endswith(request.path), request.method == message.method, present - len(parts), present

    return max(recorded, key=likeness)


def polite(recorded: Sequence[Step]) -> Behaviour:
    """Answers each message with the recorded answer of the step it asks for.

    Raises:
        ValueError: a recorded answer cannot be read.
    """
    answers = {id(step): read_response(step.case.files["response.http"]) for step in recorded}
    return answering(lambda message: answers[id(closest(recorded, message))])


def answering(respond: Callable[[Message], Response]) -> Behaviour:
    """The behaviour of a well-behaved server; what it answers is a function of what it is asked."""
    return Behaviour(
        "polite", "answers properly", lambda visit: visit.send(raw_response(respond(Message.of(visit.request))))
    )


def raw_response(response: Response) -> bytes:
    """The bytes of a response, with its length."""
    lines = [f"HTTP/1.1 {response.status} -"]
    lines += [f"{name}: {value}" for name, value in response.headers if name.lower() not in _OF_THE_WIRE]
    return "\r\n".join([*lines, f"Content-Length: {len(response.body)}", "", ""]).encode() + response.body
