"""Secrets stay where they belong, and requests at home. Roof."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from typing import Any, Final

import attrs

from coffers import Account, Client, CoffersError, ConfigError, Outcome, Response, Secret, SignedRequest, parse_guarded
from coffers.plugin import AccessToken, Attempt, Query, Request
from coffers.testing.canaries import CANARIES, Ear, alike, find, forms, overhearing, pickled
from coffers.testing.checking import CheckFailedError, check, require
from coffers.testing.echoes import echoes
from coffers.testing.hostile import BEHAVIOURS, HostileServer
from coffers.testing.plain import plain
from coffers.testing.polite import Message, Step, answering, closest, recorded_read
from coffers.testing.subject import Subject
from coffers.testing.texts import Place, places_of, with_texts
from coffers.testing.vectors import Case, read_response, render_request

# --- requests -------------------------------------------------------------------------------------------------------

#: Where a server that was taken over would like to be asked.
_ELSEWHERE: Final = "/stolen/place"
_ASTRAY: Final = (
    f"https://evil.example{_ELSEWHERE}?page=2",
    f"//evil.example{_ELSEWHERE}",
    f"https://api@evil.example{_ELSEWHERE}",
    "evil.example",
    "/../..",
    f"{_ELSEWHERE}?page=2",
)
_LINK_NAME: Final = re.compile(r"next|prev|link|url|uri|href|host|domain|cursor|page|path|location", re.IGNORECASE)
_LINK: Final = re.compile(r"https?:|/|www\.")
#: Path and query as they may stand in the first line of a message.
_TARGET: Final = re.compile(r"/(?!/)[!-~]*")
_UPWARDS: Final = re.compile(r"/(?:\.|%2e){1,2}(?:/|\?|$)|[#\\]", re.IGNORECASE)


@check("safety")
def requests_stay_at_home(subject: Subject) -> None:
    """Requests go to the hosts of the manifest's `base_urls`, by their names there, and to the paths that the provider
    documents. Never take a host or a path from an answer: a link to the next page is a cursor, so take its parameters
    out of it, keep them in the state of the next query, and let `coffers_request` put them behind a path of its own.
    `coffers_sign` completes the message it is given; it changes neither method nor host.
    """
    for case in subject.cases:
        query: Query[Any] = case.query(subject.provider.manifest)
        request = _request(subject, query, case.name)
        if request is not None:
            _require_signed_at_home(subject, case, request)
    for case in subject.successes:
        query = case.query(subject.provider.manifest)
        for text, response in _led_astray(case):
            for further in _next(subject, query, response):
                _request(subject, further, f"{case.name} with {text!r} for a text", astray=text)


def _request(subject: Subject, query: Query[Any], where: str, *, astray: str | None = None) -> Request | None:
    """What is asked, proven to stay at home; None where it is refused."""
    try:
        request = subject.provider.request(query)
        hosts = subject.provider.manifest.hosts(query.settings)
    except Exception:  # noqa: BLE001  refused, in whatever way; that a recorded request is made, the arrows see
        return None
    require(request.host in hosts, f"{where}: coffers_request names a host that the manifest does not have")
    followed = astray is not None and request.path.startswith(_ELSEWHERE)
    require(not followed, f"{where}: the next request follows the answer's link to another path; a link is a cursor")
    return request


def _require_signed_at_home(subject: Subject, case: Case, request: Request) -> None:
    try:
        signed = subject.provider.sign(request, _credentials(subject, case), case.attempt)
    except Exception:  # noqa: BLE001  the arrows see it
        return
    require(signed.host == request.host, f"{case.name}: coffers_sign changed the host")
    require(signed.method == request.method, f"{case.name}: coffers_sign changed the method")
    sane = _TARGET.fullmatch(signed.target) and not _UPWARDS.search(signed.target)
    require(sane, f"{case.name}: coffers_sign made a target that is no path with a query")


def _led_astray(case: Case) -> Iterator[tuple[str, Response]]:
    """The case's answer with links that lead elsewhere: all at once, then each in turn."""
    documented = read_response(case.files["response.http"])
    body = documented.body.decode("utf-8", "replace")
    places = [place for place in places_of(body) if place.kind in ("text", "word")]
    if not case.json("snapshot.json").get("next"):
        places = [place for place in places if _LINK.match(place.text) or _LINK_NAME.search(place.name)]
    for text in _ASTRAY:

        def changed(where: Iterable[Place], text: str = text) -> Response:
            return attrs.evolve(documented, body=with_texts(body, where, lambda _: text).encode())

        headers = tuple((name, _led(value, text)) for name, value in documented.headers)
        if headers != documented.headers:
            yield text, attrs.evolve(documented, headers=headers)
        yield from ((text, changed(where)) for where in (list(places), *([one] for one in places)))


def _led(value: str, text: str) -> str:
    return re.sub(r"https?://[^\s<>\"',;]+", text, value)


def _next(subject: Subject, query: Query[Any], response: Response) -> tuple[Query[Any], ...]:
    try:
        answer = parse_guarded(subject.provider.parse, query, response)
    except CoffersError:
        return ()
    return () if isinstance(answer, AccessToken) else answer.next


# --- verbs ----------------------------------------------------------------------------------------------------------


@check("safety")
def only_sign_sees_secrets(subject: Subject) -> None:
    """`coffers_sign` alone is given the secrets. It puts them into the message it seals and nowhere else: not into a
    module's variable, a log, an exception's text or a field that is no `Secret`. A secret that cannot be used is a
    `ConfigError` which says what is wrong with it and does not quote it. And every message must depend on the secret:
    if it does not, `coffers_sign` signs with something else.
    """
    secret_cases = [case for case in subject.cases if "credentials.json" in case.files]
    for case in secret_cases:
        for canary in CANARIES:
            _require_silent_verbs(subject, case, canary)
    used: dict[frozenset[str], bool] = {}
    for case in secret_cases:
        kind = frozenset(case.json("credentials.json"))
        used[kind] = used.get(kind, False) or _uses_secret(subject, case)
    for kind, uses in used.items():
        require(uses, f"signing ignores the secret: {', '.join(sorted(kind))} can be anything, the message is the same")


def _require_silent_verbs(subject: Subject, case: Case, canary: str) -> None:
    provider, query = subject.provider, case.query(subject.provider.manifest)
    with overhearing() as ear:
        shown = _shown_by_verbs(subject, case, query, canary)
    for what, text in (*shown, ("what was logged", ear.logged), ("what was printed", ear.printed.getvalue())):
        form = find(text, canary)
        require(form is None, f"{case.name}: {what} holds the secret ({form})")
    require(find(repr(provider.manifest), canary) is None, f"{case.name}: the manifest holds the secret")


def _shown_by_verbs(subject: Subject, case: Case, query: Query[Any], canary: str) -> list[tuple[str, str]]:
    """What can be seen of a run of the verbs, and its name."""
    provider = subject.provider
    shown: list[tuple[str, str]] = []

    def show(name: str, value: object) -> None:
        shown.extend([(f"the repr of {name}", f"{value!r} {value}"), (f"a pickle of {name}", pickled(value))])

    try:
        request = provider.request(query)
        credentials = _with_secret(_credentials(subject, case), canary)
        attempt = _with_token(case.attempt, canary)
    except Exception:  # noqa: BLE001  the credentials' class refuses the canary; the core shows nothing of that
        return shown
    try:
        shown.append(("the repr of the signed request", repr(provider.sign(request, credentials, attempt))))
    except Exception as error:  # noqa: BLE001  any class, as the check is about its text
        show("the error that coffers_sign raised", error)
        if find(f"{error!r} {error}", canary) is None:
            named = f"{case.name}: coffers_sign raised {type(error).__name__} for a secret that it cannot use"
            require(isinstance(error, ConfigError), f"{named}; raise ConfigError, without the secret's text")
    for name, value in (("the credentials", credentials), ("the attempt", attempt), ("the query", query)):
        show(name, value)
    again = provider.request(query)  # a secret that was kept aside would come out here
    shown.append(("coffers_request's answer", f"{render_request(again).decode('utf-8', 'replace')} {plain(again)}"))
    show("the request", again)
    if "response.http" in case.files:
        try:
            parsed = parse_guarded(provider.parse, query, read_response(case.files["response.http"]))
            shown.append(("coffers_parse's answer", str(plain(parsed))))
        except CoffersError as error:
            show("the error that coffers_parse raised", error)
    return shown


def _credentials(subject: Subject, case: Case) -> Any:
    return case.credentials(subject.provider.manifest)


def _secret_fields(credentials: Any) -> dict[str, Secret]:
    fields = () if credentials is None else attrs.fields(credentials.__class__)
    values = {field.alias: getattr(credentials, field.name) for field in fields if field.init}
    return {name: value for name, value in values.items() if isinstance(value, Secret)}


def _with_secret(credentials: Any, value: str) -> Any:
    secrets = _secret_fields(credentials)
    return attrs.evolve(credentials, **{name: Secret(value) for name in secrets}) if secrets else credentials


def _with_token(attempt: Attempt, value: str) -> Attempt:
    if attempt.token is None:
        return attempt
    return attrs.evolve(attempt, token=AccessToken(Secret(value), attempt.token.lifetime_s))


def _uses_secret(subject: Subject, case: Case) -> bool:
    """Whether another secret of the same look makes another message, or none."""
    credentials, attempt = _credentials(subject, case), case.attempt
    secrets, token = _secret_fields(credentials), attempt.token
    try:
        request = subject.provider.request(case.query(subject.provider.manifest))
        before = subject.provider.sign(request, credentials, attempt)
    except Exception:  # noqa: BLE001  the arrows see it
        return True
    try:
        changed = {name: Secret(alike(secret.reveal())) for name, secret in secrets.items()}
        other = attrs.evolve(credentials, **changed) if changed else credentials
        later = _with_token(attempt, alike(token.value.reveal())) if token else attempt
        after: SignedRequest | None = subject.provider.sign(request, other, later)
    except Exception:  # noqa: BLE001  it was looked at, at least
        after = None
    return after != before or not (secrets or token)


# --- vectors --------------------------------------------------------------------------------------------------------

#: Files of a case that may hold what opens an account, made up as it is.
_WITH_SECRETS: Final = frozenset({"credentials.json", "canonical.txt", "signed.http"})
_WITH_TOKENS: Final = _WITH_SECRETS | {"attempt.json", "token.json"}
#: Where a token comes from.
_ANSWER: Final = frozenset({"response.http"})
#: What is shorter may stand in any answer by chance.
_LONG_ENOUGH: Final = 6


@check("safety")
def vectors_hold_no_real_secret(subject: Subject) -> None:
    """Made-up secrets stand in `credentials.json`, `signed.http` and `canonical.txt`; a made-up token also in
    `attempt.json`, `token.json` and the answer that hands it out. Whatever else holds one was recorded without being
    scrubbed: replace it, and if it was a real one, revoke it.
    """
    secrets: set[str] = set()
    tokens: set[str] = set()
    for case in subject.cases:
        if "credentials.json" in case.files:
            credentials = _credentials(subject, case)
            secrets.update(secret.reveal() for secret in _secret_fields(credentials).values())
        held = case.attempt.token
        tokens.update([held.value.reveal()] if held else [])
        tokens.update(value for value in [case.json("token.json").get("value")] if isinstance(value, str))
    for case in subject.cases:
        for name, content in sorted(case.files.items()):
            text = content.decode("utf-8", "replace")
            allowed = _WITH_TOKENS | _ANSWER if "token.json" in case.files else _WITH_TOKENS
            for what, values, files in (("secret", secrets, _WITH_SECRETS), ("token", tokens, allowed)):
                for value in values if name not in files else ():
                    form = find(text, value) if len(value) >= _LONG_ENOUGH else None
                    require(form is None, f"{case.name}/{name} holds a {what} of the vectors ({form})")


# --- live -----------------------------------------------------------------------------------------------------------


@check("safety")
def secrets_are_never_shown(subject: Subject) -> None:
    """A server may send back what it was sent, in any place of its answer. The core removes an account's secrets from
    messages, codes and details, and refuses them as names; so give texts of an answer to nothing but a coffers error
    and a `Balance`, and log and print nothing. If this fails although you do, it is a fault of coffers: report it.
    """
    recorded = recorded_read(subject)
    cases = [case for case in subject.cases if {"query.json", "response.http"} <= case.files.keys()]
    sent = [canary for canary in CANARIES if _require_silent_reads(subject, recorded, cases, canary)]
    if not sent and subject.secret_keys:  # a secret that must have a certain look: the recorded one has it
        require(
            _require_silent_reads(subject, recorded, cases, None),
            "no read gets as far as the server, not even with the recorded credentials",
        )
    _require_silent_failures(subject, sent[-1] if sent else None)


def _require_silent_reads(subject: Subject, recorded: tuple[Step, ...], cases: list[Case], canary: str | None) -> bool:
    """Read every echo; False where a canary is refused before anything is sent."""
    secrets = _secrets_of(subject.account("http://127.0.0.1:9", canary=canary))
    text = canary or secrets[0]
    script = list(echoes(cases, text, " ".join(sorted(set(forms(text).values()) - {forms(text)["in hex"]}))))
    step_names = {step.query.step for step in recorded}

    def respond(message: Message) -> Response:
        index = re.match(r"/e([0-9]+)/", message.path)
        assert index is not None  # every account below has such a prefix
        echo, step = script[int(index[1])], closest(recorded, message)
        if echo.step in step_names and echo.step != step.query.step:
            return read_response(step.case.files["response.http"])
        return echo.response or Response(200, (), message.raw.partition(b" /e")[2])

    with (
        HostileServer(answering(respond)) as server,
        Client(registry=subject.registry, sleep=lambda seconds: None) as client,
        overhearing() as ear,
    ):
        accounts = [
            subject.account(f"{server.base_url}/e{index}", name=f"e{index}", canary=canary)
            for index in range(len(script))
        ]
        [first] = client.read_many(accounts[:1])
        if first.error is not None and first.error.kind == "config" and not server.requests:
            _require_silent(first, "that could not be sent", secrets)
            return False
        outcomes = {outcome.account: outcome for outcome in client.read_many(accounts, workers=4)}
        for account, echo in zip(accounts, script, strict=True):
            _require_silent(outcomes[account], f"that the server echoed in {echo.where}", secrets)
    _require_unheard(ear, secrets)
    return bool(server.requests)


def _require_silent_failures(subject: Subject, canary: str | None) -> None:
    """Read every hostile server."""
    with (
        ExitStack() as stack,
        Client(registry=subject.registry, sleep=lambda seconds: None) as client,
        overhearing() as ear,
    ):
        servers = {name: stack.enter_context(HostileServer(name)) for name in BEHAVIOURS}
        accounts = [
            subject.account(server.base_url, name=name, canary=canary, timeout_s=0.4)
            for name, server in servers.items()
        ]
        secrets = _secrets_of(accounts[0])
        outcomes = {outcome.account: outcome for outcome in client.read_many(accounts, workers=16)}
    for account in accounts:
        _require_silent(outcomes[account], f"that a server got that {account.name}", secrets)
    _require_unheard(ear, secrets)


def _secrets_of(account: Account) -> list[str]:
    return sorted({value.reveal() for _, value in account.fields if isinstance(value, Secret)})


def _require_unheard(ear: Ear, secrets: list[str]) -> None:
    for secret in secrets:
        for what, heard in (("log", ear.logged), ("standard output", ear.printed.getvalue())):
            form = find(heard, secret)
            require(form is None, f"the {what} holds a secret that was sent ({form})")


def _require_silent(outcome: Outcome, where: str, secrets: list[str]) -> None:
    shown = {
        "the outcome": f"{outcome!r} {outcome}",
        "a pickle of the outcome": pickled(outcome),
        "the error": f"{outcome.error} {outcome.error!r}",
        "the traceback": _traceback(outcome),
    }
    for what, text in shown.items():
        for secret in secrets:
            form = find(text, secret)
            if form is not None:
                raise CheckFailedError(f"{what} holds the secret ({form}) {where}")


def _traceback(outcome: Outcome) -> str:
    """The error's traceback with the local variables of every frame but this module's; empty where there is none."""
    shown: list[str] = []
    try:
        outcome.unwrap()
    except CoffersError as error:
        told = traceback.TracebackException.from_exception(error, capture_locals=True)
        shown += [str(frame.locals) for frame in told.stack if frame.filename != __file__]
        shown += [*told.format_exception_only(), repr(error.__cause__), repr(error.__context__)]
    return "\n".join(shown)
