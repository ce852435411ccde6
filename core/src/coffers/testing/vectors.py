"""Vectors: recorded reads as folders of small files, and their replay through a provider's verbs.

Roof: pure functions over files; never a socket, a clock or a test framework. One folder is one case,
``vectors/<provider-id>/<case-name>/``; one file is one value::

    query.json        {"settings": {...}, "step": "balances", "state": {...}}; each part may be left out
    credentials.json  {"key": "..."}: made-up literals of one of the manifest's credentials classes
    attempt.json      {"time_ms": 1642075807000, "nonce": 1}, and "token": {"value", "lifetime_s"} where there is one
    request.http      what `coffers_request` answers
    canonical.txt     the text that is signed; the provider shows a function `canonical(request, credentials, attempt)`
    signed.http       what `coffers_sign` answers
    response.http     what came back
    snapshot.json     what `coffers_parse` answers: {"balances": [...], "as_of": ...}, and "next" where there is more
    token.json        or {"value": ..., "lifetime_s": ...}
    error.json        or {"kind": ..., "code": ..., "message": ...}; the last two are compared where they are given

A ``.http`` file is a first line, header lines, an empty line, all ended by LF, then the body to the end of the file,
byte for byte. A request's first header line is ``Host: {NAME}``, with the manifest's name of the host in braces.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Final, Protocol, cast, get_args, get_type_hints

import attrs

from coffers import balance_report, parse_guarded, time_to_text
from coffers.plugin import (
    AccessToken,
    Attempt,
    CoffersError,
    Provider,
    Query,
    Request,
    Response,
    Secret,
    SignedRequest,
    Snapshot,
)

__all__ = [
    "VERBS",
    "Arrow",
    "Case",
    "Plugin",
    "arrow_of",
    "complete",
    "error_to_json",
    "file_of",
    "find_vectors",
    "lasting",
    "load_cases",
    "read_response",
    "render_request",
    "replay",
    "snapshot_to_json",
    "write_case",
]

#: How `parse_guarded` says where an exception came from.
_LINE_TOLD: Final = re.compile(r"\(\w+ at [\w.]+:[0-9]+\)$")

#: What an author wrote, in the order of a read; ``canonical`` is the step within signing that has a file of its own.
VERBS: Final = ("request", "canonical", "sign", "parse")

_FILES: Final = {"request": "request.http", "canonical": "canonical.txt", "sign": "signed.http"}
_ENDS = ("snapshot.json", "token.json", "error.json")

#: Seconds a replayed `coffers_parse` may take. Milliseconds are the rule, and its author waits for each case.
_PARSE_WITHIN_S: Final = 3.0


#: What systems and editors leave behind in any folder.
_LEFT_BEHIND: Final = re.compile(
    r"[.#].*|__.*__|.*~|.*\.(?:bak|orig|rej|swp|tmp)|Thumbs\.db|desktop\.ini", re.IGNORECASE
)


class Plugin(Protocol):
    """A provider's package: the four verbs. One with ``canonical.txt`` files also has `canonical`."""

    @property
    def coffers_provider(self) -> Callable[[], Provider[Any, Any]]: ...
    @property
    def coffers_request(self) -> Callable[[Query[Any]], Request]: ...
    @property
    def coffers_sign(self) -> Callable[[Request, Any, Attempt], SignedRequest]: ...
    @property
    def coffers_parse(self) -> Callable[[Response, Query[Any]], Snapshot | AccessToken]: ...


@attrs.frozen
class Case:
    """One folder of vectors.

    Attributes:
        folder: where it lies.
        files: the bytes of each file by name.
    """

    folder: Path
    files: Mapping[str, bytes] = attrs.field(repr=False)

    @property
    def provider_id(self) -> str:
        """The provider's id, which is the name of the folder above."""
        return self.folder.parent.name

    @property
    def name(self) -> str:
        """The case's name, which is that of its folder."""
        return self.folder.name

    def json(self, name: str) -> Any:
        """The JSON value of a file; ``{}`` where there is none."""
        return json.loads(self.files.get(name, b"{}"))

    def query(self, manifest: Provider[Any, Any]) -> Query[Any]:
        """The query, with the manifest's own settings."""
        parts = self.json("query.json")
        settings = manifest.settings(**parts.get("settings", {}))
        query = Query(settings, addresses=tuple(manifest.hosts(settings).values()))
        return query.then(parts.get("step", "balances"), parts.get("state"))

    def credentials(self, manifest: Provider[Any, Any]) -> Any:
        """An instance of the one credentials class whose fields the file completes; None where there is none.

        Raises:
            ValueError: the manifest has credentials and the file fits none of them.
        """
        values = self.json("credentials.json")
        for cls in manifest.credentials:
            fields = {field.name: field for field in attrs.fields(cls) if field.init}
            required = {name for name, field in fields.items() if field.default is attrs.NOTHING}
            if required <= values.keys() <= fields.keys():
                hints = get_type_hints(cls)
                return cls(**{name: _secret_or_text(hints[name], value) for name, value in values.items()})
        if manifest.credentials:
            ways = "; or ".join(f"{cls.__name__} has {_keys(cls)}" for cls in manifest.credentials)
            raise ValueError(f"credentials.json completes none of the credentials classes: {ways}")
        return None

    def fault(self, name: str) -> str | None:
        """What is wrong with a JSON file of the case, or None."""
        try:
            value = json.loads(self.files[name])
        except ValueError as error:
            return f"not JSON ({error})"
        return None if isinstance(value, dict) else "must hold an object"

    @property
    def attempt(self) -> Attempt:
        """Time, nonce and token of the attempt."""
        parts = self.json("attempt.json")
        token = parts.get("token")
        held = AccessToken(Secret(token["value"]), token["lifetime_s"]) if token else None
        return Attempt(parts.get("time_ms", 0), parts.get("nonce", 0), held)


@attrs.frozen
class Arrow:
    """One verb of one case: what the file says and what the verb answered; bytes, text or a JSON value.

    Attributes:
        verb: ``request``, ``canonical``, ``sign`` or ``parse``.
        file: the file that holds the expected value.
        expected: its content.
        actual: what the verb answered.
    """

    verb: str
    file: str
    expected: Any
    actual: Any

    @property
    def holds(self) -> bool:
        """Whether the verb answered what the file says."""
        return bool(self.expected == self.actual)


def find_vectors(package: str) -> Path:
    """The vectors of an installed plugin: within its package in a wheel, beside ``src`` in an editable checkout.

    Args:
        package: the name of the plugin's module, as in its entry point.

    Raises:
        FileNotFoundError: there are none.
    """
    top = Path(import_module(package.partition(".")[0]).__file__ or "").parent
    for folder in (top / "vectors", top.parent.parent / "vectors"):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f"{package} has no folder of vectors")


def load_cases(folder: Path) -> tuple[Case, ...]:
    """Every case below a ``vectors`` folder, by provider and name. What systems and editors leave there is passed over:
    hidden files, backups, folders of caches.
    """
    cases = sorted(path for path in folder.glob("*/*") if path.is_dir() and not _LEFT_BEHIND.match(path.name))
    return tuple(
        Case(case, {file.name: file.read_bytes() for file in sorted(case.iterdir()) if _is_of_a_case(file)})
        for case in cases
    )


def _is_of_a_case(file: Path) -> bool:
    return file.is_file() and not _LEFT_BEHIND.match(file.name)


def replay(case: Case, plugin: Plugin) -> Iterator[Arrow]:
    """The case's arrows, in the order of the verbs: each whose two ends exist. What a verb raises gets out."""
    for verb in VERBS:
        arrow = arrow_of(case, plugin, verb)
        if arrow is not None:
            yield arrow


def arrow_of(case: Case, plugin: Plugin, verb: str) -> Arrow | None:
    """The case's arrow of one of the `VERBS`; None where it has no such file. What a verb raises gets out."""
    if not _has(case, verb):
        return None
    answer = _answer(case, plugin, verb)
    if answer is None:
        return None
    file, actual = answer
    if verb == "parse":
        wanted = next(name for name in _ENDS if name in case.files)
        return Arrow(verb, wanted, *_comparable(wanted, case.json(wanted), file, actual))
    expected = case.files[file]
    return Arrow(verb, file, expected.decode() if isinstance(actual, str) else expected, actual)


def write_case(case: Case, plugin: Plugin) -> None:
    """For authors: write what the verbs answer into the case's folder. Read the difference before you keep it."""
    for verb in VERBS:
        answer = file_of(case, plugin, verb)
        if answer is None:
            continue
        if verb == "parse":
            for name in _ENDS:
                (case.folder / name).unlink(missing_ok=True)
        file, content = answer
        (case.folder / file).write_bytes(lasting(content) if file == "error.json" else content)


def lasting(error: bytes) -> bytes:
    """The content of an ``error.json`` without a message that tells a line of the plugin: the next change moves it."""
    value = json.loads(error)
    if _LINE_TOLD.search(value["message"]):
        del value["message"]
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()


def file_of(case: Case, plugin: Plugin, verb: str) -> tuple[str, bytes] | None:
    """The name and content of the file that holds the answer of one of the `VERBS`. What a verb raises gets out.

    None where the case lacks what the verb needs.
    """
    answer = _answer(case, plugin, verb)
    if answer is None:
        return None
    file, actual = answer
    if verb == "parse":
        return file, (json.dumps(actual, indent=2, ensure_ascii=False) + "\n").encode()
    return file, actual.encode() if isinstance(actual, str) else actual


def _has(case: Case, verb: str) -> bool:
    """Whether the case has the file that a verb must answer."""
    if verb == "parse":
        return "response.http" in case.files and any(name in case.files for name in _ENDS)
    return _FILES[verb] in case.files


def _answer(case: Case, plugin: Plugin, verb: str) -> tuple[str, Any] | None:
    """The file's name and what the verb answers; None where the case lacks what it needs."""
    manifest = plugin.coffers_provider()
    query = case.query(manifest)
    if verb == "parse":
        response = case.files.get("response.http")
        return None if response is None else _parsed(read_response(response), query, plugin)
    if not case.files.keys() & {"request.http", "signed.http", "credentials.json"}:
        return None
    request = plugin.coffers_request(query)
    if verb == "request":
        return _FILES[verb], render_request(request)
    canonical: Any = getattr(plugin, "canonical", None)
    if (verb == "canonical" and canonical is None) or (manifest.credentials and "credentials.json" not in case.files):
        return None
    credentials = case.credentials(manifest)
    if verb == "canonical":
        return _FILES[verb], canonical(request, credentials, case.attempt)
    return _FILES[verb], render_request(plugin.coffers_sign(request, credentials, case.attempt))


def _keys(cls: type) -> str:
    return ", ".join(field.name for field in attrs.fields(cls) if field.init)


def _parsed(response: Response, query: Query[Any], plugin: Plugin) -> tuple[str, Any]:
    try:
        answer = parse_guarded(plugin.coffers_parse, query, response, within_s=_PARSE_WITHIN_S)
    except CoffersError as error:
        return "error.json", error_to_json(error)
    if isinstance(answer, AccessToken):
        return "token.json", {"value": answer.value.reveal(), "lifetime_s": answer.lifetime_s}
    return "snapshot.json", snapshot_to_json(answer)


def _comparable(wanted: str, expected: Any, found: str, actual: Any) -> tuple[Any, Any]:
    if wanted != found:
        return {wanted: expected}, {found: actual}
    if wanted == "error.json":
        return expected, {name: actual[name] for name in expected}
    if wanted == "snapshot.json":
        return complete(expected), actual
    return expected, actual


# --- values to files and back --------------------------------------------------------------------------------------


def render_request(request: Request | SignedRequest) -> bytes:
    """The content of a ``request.http`` or ``signed.http`` file."""
    lines = [f"{request.method} {request.target} HTTP/1.1", f"Host: {{{request.host}}}"]
    lines += [f"{name}: {value}" for name, value in request.headers]
    return "\n".join([*lines, "", ""]).encode() + request.body


def read_response(content: bytes) -> Response:
    """The response of a ``response.http`` file.

    Raises:
        ValueError: not such a file.
    """
    head, blank, body = content.partition(b"\n\n")
    first, *lines = head.decode().split("\n")
    protocol, status, *_ = first.split(" ")
    if not blank or protocol != "HTTP/1.1" or not all(": " in line for line in lines):
        raise ValueError("response.http: a line HTTP/1.1 STATUS, lines NAME: VALUE, an empty line, the body; LF only")
    return Response(int(status), tuple(_pair(line) for line in lines), body)


def _pair(line: str) -> tuple[str, str]:
    name, _, value = line.partition(": ")
    return name, value


def snapshot_to_json(snapshot: Snapshot) -> dict[str, Any]:
    """The content of a ``snapshot.json`` file: its balances are those of the JSON report."""
    answer: dict[str, Any] = {
        "balances": [balance_report(balance) for balance in snapshot.balances],
        "as_of": None if snapshot.as_of is None else time_to_text(snapshot.as_of),
    }
    if snapshot.next:
        answer["next"] = [{"step": query.step, "state": dict(query.state)} for query in snapshot.next]
    return answer


def complete(snapshot: Any) -> Any:
    """The JSON of a ``snapshot.json`` with what its balances may leave out: facts that most have not."""
    facts: dict[str, Any] = {"derived": [], "expires_at": None}
    if not (isinstance(snapshot, dict) and "balances" in snapshot):
        return cast("Any", snapshot)
    whole: dict[str, Any] = {**snapshot}
    rows: list[Any] = whole["balances"]
    return whole | {"balances": [facts | row for row in rows]}


def error_to_json(error: CoffersError) -> dict[str, Any]:
    """The content of an ``error.json`` file."""
    return {"kind": error.kind, "code": error.code, "message": error.message}


def _secret_or_text(hint: Any, value: Any) -> Any:
    return Secret(value) if Secret in (hint, *get_args(hint)) else value
