"""What becomes of a secret while signing: all of it counts, none of it is kept, none of it is encoded twice. Roof."""

from __future__ import annotations

import gc
import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from types import ModuleType
from typing import Any, Final
from urllib.parse import quote

import attrs

from coffers import Secret, SignedRequest
from coffers.plugin import AccessToken, Attempt, Query
from coffers.testing.canaries import PLAIN, alike
from coffers.testing.checking import check, require
from coffers.testing.plain import plain
from coffers.testing.subject import Subject
from coffers.testing.vectors import Case

#: A value with characters that are written differently in an address.
_AWKWARD: Final = "k/2 c+d=%"
_CACHED: Final[type] = type(lru_cache(lambda: None))
#: What is shorter may stand in any variable by chance.
_LONG_ENOUGH: Final = 6
#: Names of what opens an account, whoever chose them.
_SECRET_NAME: Final = re.compile(r"(?:.*_)?(?:secret|password|passwd|passphrase|secret_key|private_key)", re.IGNORECASE)


@check("safety")
def secrets_are_declared(subject: Subject) -> None:
    """A field that opens an account is of the type `Secret`: only then its value is never shown, never written in a
    config, and taken out of everything that a provider sends back. A class of credentials without any is none: what is
    no secret is a setting.
    """
    manifest = subject.provider.manifest
    for name, field in subject.provider.fields.items():
        public = field.type is str and not field.secret and not field.choices
        require(not (public and _SECRET_NAME.fullmatch(name)), f"the field {name} is no Secret")
    for cls in manifest.credentials:
        secret = any(subject.provider.fields[field.name].secret for field in attrs.fields(cls) if field.init)
        require(secret, f"{cls.__name__} has no field of the type Secret")


@check("safety")
def secrets_are_not_kept(subject: Subject) -> None:
    """One program reads many accounts: what `coffers_sign` keeps of one, in a variable of a module, a default argument
    or a cache, is what it signs another with. Keep nothing; a token comes with each `attempt`.
    """
    for case in subject.cases:
        if "credentials.json" not in case.files and case.attempt.token is None:
            continue
        _sign(subject, case, lambda secret: PLAIN)
        secrets = [secret for secret in (PLAIN, *_recorded(case, subject)) if len(secret) >= _LONG_ENOUGH]
        for module in subject.modules:
            for name, value in vars(module).items():
                held = "" if name.startswith("__") else " ".join(_held(value, module.__name__))
                require(
                    not any(secret in held for secret in secrets),
                    f"{case.name}: after coffers_sign {module.__name__}.{name} holds the secret",
                )


def _recorded(case: Case, subject: Subject) -> Iterator[str]:
    """The case's own secrets and token: what is kept for good may be the first one of all."""
    credentials = case.credentials(subject.provider.manifest) if "credentials.json" in case.files else None
    values = () if credentials is None else attrs.asdict(credentials, recurse=False).values()
    yield from (value.reveal() for value in values if isinstance(value, Secret))
    if case.attempt.token:
        yield case.attempt.token.value.reveal()


def _held(value: Any, module: str) -> Iterator[str]:
    """What a variable of a module holds: its data, or a function's defaults, attributes and cache."""
    if isinstance(value, ModuleType) or (callable(value) and getattr(value, "__module__", "") != module):
        return
    if not callable(value):
        yield str(plain(value))
        return
    cache: list[Any] = gc.get_referents(value) if isinstance(value, _CACHED) else []
    parts: list[Any] = [getattr(value, name, None) for name in ("__defaults__", "__kwdefaults__", "__dict__")]
    parts += [list(held.items()) for held in cache if type(held) is dict]  # pyright: ignore[reportUnknownArgumentType]  any cache
    yield str(plain(parts))


@check("safety")
def all_of_a_secret_counts(subject: Subject) -> None:
    """A secret that is cut before it is used is a weaker one, and wrong: sign with all of it, from its first to its
    last character.
    """
    for case in subject.cases:
        before = _sign(subject, case, lambda secret: secret) if "credentials.json" in case.files else None
        if before is None or _sign(subject, case, alike) in (before, None):
            continue  # this message does not need it, as another check knows
        for what, changed in _CHANGED.items():
            after = _sign(subject, case, changed)
            require(after != before, f"{case.name}: with other {what} letters of the secret the message is the same")


def _first(secret: str) -> str:
    return _changed(secret[:4]) + secret[4:]


def _last(secret: str) -> str:
    return secret[:-4] + _changed(secret[-4:])


def _changed(letters: str) -> str:
    """Several, as the last one of a text in base64 may not count."""
    changed = "".join(alike(letter) if letter.isascii() and letter.isalnum() else letter for letter in letters)
    return changed if changed != letters else "x" * len(letters)


_CHANGED: Final[Mapping[str, Callable[[str], str]]] = {"first": _first, "last": _last}


@check("safety")
def nothing_is_encoded_twice(subject: Subject) -> None:
    """Give parameters as they are: the core writes `%2F` for a slash in an address or a form. A value that was quoted
    before comes out as `%252F`, which the provider takes for another one. `quote` belongs in a path alone.
    """
    for case in subject.cases:
        query: Query[Any] = case.query(subject.provider.manifest)
        awkward = attrs.evolve(query, state=tuple((name, _AWKWARD) for name, _ in query.state))
        for asked, value in ((awkward, _AWKWARD), (query, PLAIN)):
            signed = _sign(subject, case, lambda secret: PLAIN, asked)
            if signed is None:
                continue
            text = f"{signed.target} {signed.body.decode('utf-8', 'replace')}".casefold()
            twice = {quote(quote(value, safe=safe), safe="").casefold() for safe in ("", "/")}
            require(not any(form in text for form in twice), f"{case.name}: a value in the message is encoded twice")


def _sign(
    subject: Subject, case: Case, change: Callable[[str], str], query: Query[Any] | None = None
) -> SignedRequest | None:
    """The signed message with other secrets; None where it is refused."""
    manifest = subject.provider.manifest
    try:
        request = subject.provider.request(query or case.query(manifest))
        credentials = case.credentials(manifest) if "credentials.json" in case.files else None
        return subject.provider.sign(request, _with(credentials, change), _attempt(case.attempt, change))
    except Exception:  # noqa: BLE001  the arrows see what should not have been
        return None


def _with(credentials: Any, change: Callable[[str], str]) -> Any:
    if credentials is None:
        return None
    fields = [field for field in attrs.fields(credentials.__class__) if field.init]
    values = {field.alias: getattr(credentials, field.name) for field in fields}
    secrets = {name: Secret(change(value.reveal())) for name, value in values.items() if isinstance(value, Secret)}
    return attrs.evolve(credentials, **secrets)


def _attempt(attempt: Attempt, change: Callable[[str], str]) -> Attempt:
    token = attempt.token
    if token is None:
        return attempt
    return attrs.evolve(attempt, token=AccessToken(Secret(change(token.value.reveal())), token.lifetime_s))
