"""Recording: one real read of an account becomes scrubbed vectors, in which none of its data is left.

Roof. Opens no socket itself: an ordinary `Client` reads, and each answer is noted on its way into `coffers_parse`. Of
what was read only the answers and the settings are used, and only scrubbed (`scrubbing`). Credentials, time, nonce and
token are made up; every other file is what the plugin's own verbs, which are pure, make of these.

Two checks come before anything is written: the plugin must understand the scrubbed answers as it understood the real
ones, and no secret, no identifier and no replaced word may be found in any file, in plain or encoded.
"""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import attrs

from coffers import (
    Account,
    Balance,
    Client,
    CoffersError,
    ConfigField,
    LoadedProvider,
    Registry,
    Resolver,
    Secret,
    Snapshot,
    parse_guarded,
)
from coffers.plugin import AccessToken, Query, Response, hookimpl

from .known import Known, known_of
from .likeness import differences
from .remains import Remains
from .scrubbing import TIME_MS, Disguise
from .subject import plugin_of
from .vectors import VERBS, Case, Plugin, file_of, find_vectors, lasting, load_cases

__all__ = ["NotRecordedError", "Recording", "record", "write"]

#: Replacements are drawn anew where they happen to break a rule of the plugin, or to spell what they replace.
_DRAWS: Final = 20


class NotRecordedError(Exception):
    """An answer came, and nothing was written; holds no part of it.

    Args:
        lines: why, and what to do.
    """

    def __init__(self, *lines: str) -> None:
        super().__init__(*lines)
        self.lines = lines


@attrs.frozen
class Recording:
    """A scrubbed read; nothing of it is written yet.

    Attributes:
        cases: one for each step of the read, in the order of the answers.
        outcome: what the last answer is: ``"snapshot"``, or the kind of error it means.
        notes: lines about what could not be made.
    """

    cases: tuple[Case, ...]
    outcome: str
    notes: tuple[str, ...]


@attrs.frozen
class _Step:
    """A query, its last answer, and what the plugin made of it."""

    query: Query[Any]
    response: Response = attrs.field(repr=False)
    outcome: Snapshot | AccessToken | CoffersError = attrs.field(repr=False)


def record(account: Account, folder: Path, name: str, *, registry: Registry, resolver: Resolver) -> Recording:
    """Read `account` once, and scrub what came.

    Args:
        account: a real one.
        folder: the ``vectors`` folder that the cases shall lie in, below their provider's id.
        name: the first case's name; those of further steps end in ``-2`` and so on.
        registry: where its provider is.
        resolver: what resolves its references.

    Raises:
        CoffersError: there was no answer to record: nothing was sent, or the connection failed.
        NotRecordedError: there was, and it cannot be scrubbed so that both checks hold.
    """
    plugin = plugin_of(account.provider)
    loaded = registry.load(account.provider)
    resolved = resolver.resolve(account, loaded.manifest)
    steps = _read(account, plugin, resolver)
    package = next(found.value for found in registry.list() if found.id == account.provider).partition(":")[0]
    vectors = _earlier(package, account.provider)
    named = _known(package, vectors, steps, ())
    private = _private(resolved.settings, resolved.credentials, loaded.fields, steps, named)
    known = _known(package, vectors, steps, private)
    reasons: list[str] = []
    for draw in range(_DRAWS):
        disguise = Disguise(known, verdicts=draw < _DRAWS / 2)
        rebuilding = _Rebuilding(plugin, loaded, disguise, known, private, vectors, folder / account.provider, name)
        reasons = rebuilding.run(steps, resolved.settings, resolved.credentials)
        if not reasons:
            last = steps[-1].outcome
            outcome = last.kind if isinstance(last, CoffersError) else "snapshot"
            return Recording(tuple(rebuilding.cases), outcome, tuple(rebuilding.notes))
    raise NotRecordedError(*reasons)


def write(recording: Recording) -> None:
    """Write the cases, all of them or none; nothing may be where their folders shall be.

    Raises:
        FileExistsError: something is; `filename` says where.
        OSError: the disk says no.
    """
    begun: list[Path] = []
    try:
        for case in recording.cases:
            _make_parents(case.folder)
            case.folder.mkdir()
            begun.append(case.folder)
            for name, content in case.files.items():
                (case.folder / name).write_bytes(content)
    except BaseException:  # an interrupt, too, leaves no part of a read
        for folder in begun:
            shutil.rmtree(folder, ignore_errors=True)
        raise


def _make_parents(folder: Path) -> None:
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:  # a file, or a link to nowhere: it is not the case that is there already
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), error.filename) from None


# --- the read -------------------------------------------------------------------------------------------------------


def _read(account: Account, plugin: Plugin, resolver: Resolver) -> list[_Step]:
    """The steps of one read, in the order of their last answers."""
    answers: dict[Query[Any], Response] = {}

    def coffers_parse(response: Response, query: Query[Any]) -> Snapshot | AccessToken:
        answers.pop(query, None)  # an answer to an earlier attempt
        answers[query] = response
        return plugin.coffers_parse(response, query)

    noting = SimpleNamespace(
        coffers_provider=plugin.coffers_provider,
        coffers_request=plugin.coffers_request,
        coffers_sign=plugin.coffers_sign,
        coffers_parse=hookimpl(coffers_parse),
    )
    failure: CoffersError | None = None
    with Client(registry=Registry([noting], installed=False), resolver=resolver) as client:
        try:
            client.read(account)
        except CoffersError as error:
            failure = error
    steps = [_Step(query, response, _outcome(plugin, query, response)) for query, response in answers.items()]
    last = steps[-1].outcome if steps else None
    if failure is not None and not (isinstance(last, CoffersError) and last.kind == failure.kind):
        raise failure  # it failed otherwise than by an answer that could be recorded
    return steps


def _outcome(plugin: Plugin, query: Query[Any], response: Response) -> Snapshot | AccessToken | CoffersError:
    try:
        return parse_guarded(plugin.coffers_parse, query, response)
    except CoffersError as error:
        return error


# --- what is private, what is public --------------------------------------------------------------------------------


def _private(
    settings: Any, credentials: Any, fields: Mapping[str, ConfigField], steps: list[_Step], named: Known
) -> tuple[str, ...]:
    """Texts that must go in every form: secrets, tokens, identifiers."""
    found: list[str] = []
    for holder in (settings, credentials):
        for name in _field_names(holder):
            value = getattr(holder, name)
            if isinstance(value, Secret):
                found.append(value.reveal())
            elif not _is_public(value, fields[name]) and (holder is credentials or not _names_only(str(value), named)):
                found.append(str(value))
    found += [step.outcome.value.reveal() for step in steps if isinstance(step.outcome, AccessToken)]
    return tuple(found)


def _names_only(text: str, named: Known) -> bool:
    """Whether a setting is made of names of fields, short numbers, and codes of what was just read."""
    return (
        all(word in named.fields or len(word) < 4 for word in re.findall(r"\w+", text.lower())) or text in named.codes
    )


def _field_names(holder: Any) -> tuple[str, ...]:
    cls: Any = holder.__class__
    return () if holder is None else tuple(field.name for field in attrs.fields(cls) if field.init)


def _is_public(value: Any, field: ConfigField) -> bool:
    """Whether a plain value says nothing of the account: one of a few choices, a switch, a small number, a default."""
    short = isinstance(value, int) and abs(value) < 100  # three digits may well be the number of an account
    return value is None or bool(field.choices) or short or value == field.default


def _known(package: str, vectors: tuple[Case, ...], steps: list[_Step], private: tuple[str, ...]) -> Known:
    top = package.partition(".")[0]
    last = steps[-1].outcome
    return known_of(
        [module for name, module in sys.modules.items() if name == top or name.startswith(f"{top}.")],
        vectors,
        codes=[code for balance in _balances(steps) for code in _codes(balance)],
        code=last.code if isinstance(last, CoffersError) else None,
        private=private,
    )


def _earlier(package: str, provider_id: str) -> tuple[Case, ...]:
    """The vectors that the plugin has already."""
    try:
        return tuple(case for case in load_cases(find_vectors(package)) if case.provider_id == provider_id)
    except FileNotFoundError:
        return ()


def _balances(steps: list[_Step]) -> Iterator[Balance]:
    for step in steps:
        if isinstance(step.outcome, Snapshot):
            yield from step.outcome.balances


def _codes(balance: Balance) -> Iterator[str]:
    yield balance.currency
    yield from filter(None, (balance.network, balance.valuation.currency if balance.valuation else None))


# --- from scrubbed answers to cases ---------------------------------------------------------------------------------


class _Rebuilding:
    """One draw of replacements: the read once more, from scrubbed answers alone."""

    def __init__(
        self,
        plugin: Plugin,
        loaded: LoadedProvider,
        disguise: Disguise,
        known: Known,
        private: tuple[str, ...],
        earlier: tuple[Case, ...],
        folder: Path,
        name: str,
    ) -> None:
        self.cases: list[Case] = []
        self.notes: list[str] = []
        self._plugin, self._known, self._private, self._earlier = plugin, known, private, earlier
        self._folder, self._name = folder, name
        self._manifest, self._fields = loaded.manifest, loaded.fields
        self._disguise = disguise

    def run(self, steps: list[_Step], settings: Any, credentials: Any) -> list[str]:
        """Make the cases; why they will not do, if so."""
        given = self._settings(settings)
        try:
            made = self._manifest.settings(**given)
        except Exception as error:  # noqa: BLE001  a provider's validators are foreign code; their text quotes the value
            return [f"made-up settings are refused by the plugin ({type(error).__name__}); write query.json by hand"]
        token: AccessToken | None = None
        # Queries of further steps are made by the plugin, from scrubbed answers; here each finds its real one.
        queries = {
            Query(settings, step): Query(made, step, addresses=steps[0].query.addresses)
            for step in ("balances", self._manifest.token_step or "")
        }
        for step in steps:
            query = queries.get(step.query)
            if query is None:
                return ["coffers_parse leads to another step each time it is asked; it must be pure"]
            response = self._disguise.response(step.response)
            outcome = _outcome(self._plugin, query, response)
            if reasons := differences(step.outcome, outcome, self._known.codes):
                return reasons
            if isinstance(step.outcome, Snapshot) and isinstance(outcome, Snapshot):
                queries.update(zip(step.outcome.next, outcome.next, strict=True))
            if isinstance(outcome, AccessToken):
                token = outcome
            self._case(query, given, response, token, credentials)
        remains = Remains(self._private, self._disguise.originals, self._known.words)
        return [reason for case in self.cases for reason in remains.found(case)]

    def _settings(self, settings: Any) -> dict[str, Any]:
        """The settings, scrubbed; what says nothing of the account stays."""
        values = {name: getattr(settings, name) for name in _field_names(settings)}
        return {
            name: value if _is_public(value, self._fields[name]) else self._made(value, self._disguise.setting)
            for name, value in values.items()
            if value != self._fields[name].default
        }

    def _made(self, value: str | int | Secret, disguised: Callable[[str], str]) -> str | int:
        """A value of the same shape."""
        text = disguised(value.reveal() if isinstance(value, Secret) else str(value))
        return int(text) if isinstance(value, int) else text

    def _case(
        self, query: Query[Any], settings: dict[str, Any], response: Response, token: AccessToken | None, held: Any
    ) -> None:
        number = len(self.cases) + 1
        asked: dict[str, Any] = {"settings": settings}
        if query.step != "balances":
            asked["step"] = query.step
        if query.state:
            asked["state"] = dict(query.state)
        attempt: dict[str, Any] = {"time_ms": TIME_MS, "nonce": TIME_MS}
        if self._manifest.token_step not in (None, query.step):
            value, lifetime_s = (token.value.reveal(), token.lifetime_s) if token else ("made-up-token", 3600)
            attempt["token"] = {"value": value, "lifetime_s": lifetime_s}
        folder = self._folder / (self._name if number == 1 else f"{self._name}-{number}")
        files = {"query.json": _json(asked), "request.http": b"", "response.http": _render(response)}
        case = Case(folder, files | {"attempt.json": _json(attempt)})
        for credentials in self._credentials(held):
            more = {"credentials.json": _json(credentials)} if credentials else {}
            whole = attrs.evolve(case, files={**case.files, **more})
            try:
                self.cases.append(self._completed(whole))
            except Exception:  # noqa: BLE001, S112  a made-up key may not be one that the plugin can sign with: try the next
                continue
            return
        self.notes.append(
            f"{folder.name}: no made-up credentials fit; write credentials.json, then `coffers try --write`"
        )
        self.cases.append(self._completed(case))

    def _completed(self, case: Case) -> Case:
        """The case with what each verb answers."""
        answers = dict(filter(None, (file_of(case, self._plugin, verb) for verb in VERBS)))
        answers |= {name: lasting(content) for name, content in answers.items() if name == "error.json"}
        return attrs.evolve(case, files={**case.files, **answers})

    def _credentials(self, held: Any) -> Iterator[dict[str, Any]]:
        """Made-up credentials of the class of those held, the likeliest to fit first; empty where there are none."""
        values = {name: getattr(held, name) for name in _field_names(held)}
        public = {name: value for name, value in values.items() if _is_public(value, self._fields[name])}
        names = [name for name in values if name not in public]
        public = {name: value for name, value in public.items() if value is not None}
        for word in ("made-up", "invented"):
            made = {name: f"{word}-{name.replace('_', '-')}" for name in names}
            if not self._is_private(made):
                yield public | made
        for earlier in (case.json("credentials.json") for case in self._earlier):
            if earlier.keys() == {*public, *names} and not self._is_private(earlier):
                yield earlier
        yield public | {name: self._made(values[name], self._disguise.text) for name in names}

    def _is_private(self, credentials: Mapping[str, Any]) -> bool:
        """Whether made-up credentials hold a text of the account by chance, as those of a sandbox's account may."""
        return any(text in str(value) for text in self._private for value in credentials.values())


def _json(value: Any) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()


def _render(response: Response) -> bytes:
    try:
        phrase = HTTPStatus(response.status).phrase
    except ValueError:
        phrase = "?"
    lines = [f"HTTP/1.1 {response.status} {phrase}", *(f"{name}: {value}" for name, value in response.headers)]
    return "\n".join([*lines, "", ""]).encode() + response.body
