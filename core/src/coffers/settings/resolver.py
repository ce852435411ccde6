"""An account becomes what its provider's verbs need: settings, credentials, and the secrets to scrub.

Floor 5, inside `settings`. Nothing is looked up before it is needed, and only for the alternative that is used.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import attrs

from coffers.account import Account, FieldValue
from coffers.errors import CoffersError, ConfigError
from coffers.provider import ConfigField, Provider
from coffers.secret import Secret

from .fields import Part, Problem, Shape
from .references import References, is_reference, text_fault

__all__ = ["Resolved", "Resolver"]


@attrs.frozen
class Resolved:
    """What an account's keys came to.

    Attributes:
        settings: an instance of the manifest's settings class.
        credentials: an instance of the one credentials class the keys complete; None where the provider asks for none.
        secrets: every secret in the two, for scrubbing.
        warnings: lines for people about what is unsafe but not in the user's hands.
    """

    settings: Any
    credentials: Any
    secrets: tuple[Secret, ...] = ()
    warnings: tuple[str, ...] = ()


def _plan(
    shape: Shape, fields: tuple[tuple[str, FieldValue], ...], kinds: tuple[type, ...]
) -> tuple[list[Part], list[tuple[ConfigField, FieldValue]]]:
    """The classes to make for an account with these keys, and what feeds them: all that is known before looking up.

    Args:
        shape: of the account's provider.
        fields: the account's keys.
        kinds: the types of their values; what is kept for 1 is not the answer for true, though the two are equal.

    Raises:
        ConfigError: a key is wrong.
    """
    del kinds  # only tells apart what is kept
    given = dict(fields)
    for problem in shape.problems(given):
        raise problem.error()
    chosen = shape.choose(given)
    parts = [shape.settings, *([chosen] if isinstance(chosen, Part) else [])]
    wanted = {key for part in parts for key in part.keys}
    return parts, [(shape.fields[key], value) for key, value in given.items() if key in wanted]


class Resolver:
    """Turns accounts into settings and credentials. Safe to share between threads.

    Variables, files and keyrings are looked up at every call; a command runs once in a resolver's life, or after
    `forget`.

    Args:
        environ: the environment that ``env:`` reads; None is the process's own, as it is at the time of the call.
    """

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        self._references = References(environ)
        self._shapes: dict[tuple[str, type[Any], tuple[type[Any], ...]], Shape] = {}
        self._plan = lru_cache(maxsize=1024)(_plan)

    def stop(self) -> None:
        """Kill the commands under way; whoever waits for one gets `ConfigError`."""
        self._references.stop()

    def forget(self) -> None:
        """Have each ``cmd:`` reference run its program again when it is followed next, as its answer may be new."""
        self._references.forget()

    def resolve(self, account: Account, manifest: Provider[Any, Any], deadline: float | None = None) -> Resolved:
        """Check the account's keys, follow its references, build the provider's classes.

        Args:
            account: from a config file or made in code.
            manifest: of the account's provider.
            deadline: when to give up on a command, in seconds of `time.monotonic`; None allows each 15 s.

        Raises:
            ConfigError: a key is wrong, or a reference leads nowhere; `field` names the key. It holds no secret, and
                neither do the frames of its traceback.
        """
        try:
            return self._resolve(account, self._shape(manifest), deadline)
        except ConfigError as error:
            refusal: CoffersError = error.with_facts(provider=account.provider, account=account.name)
        raise refusal

    def _shape(self, manifest: Provider[Any, Any]) -> Shape:
        key = (manifest.id, manifest.settings, tuple(manifest.credentials))
        if key not in self._shapes:
            self._shapes[key] = Shape.of(manifest)
        return self._shapes[key]

    def _resolve(self, account: Account, shape: Shape, deadline: float | None) -> Resolved:
        kinds = tuple([type(value) for _, value in account.fields])
        parts, wanted = self._plan(shape, account.fields, kinds)
        warnings: list[str] = []
        values = {field.name: self._value(field, value, account, deadline, warnings) for field, value in wanted}
        settings, *credentials = [part.build(values) for part in parts]
        secrets = tuple(value for value in values.values() if isinstance(value, Secret))
        return Resolved(settings, credentials[0] if credentials else None, secrets, tuple(warnings))

    def _value(
        self, field: ConfigField, value: FieldValue, account: Account, deadline: float | None, warnings: list[str]
    ) -> FieldValue:
        """The value a provider's class gets: a `Secret` for a secret field, a plain value for any other."""
        try:
            if isinstance(value, Secret):
                if fault := text_fault(value.reveal()):
                    raise ConfigError(f"its value {fault}")
                return value
            if not isinstance(value, str) or field.choices or not is_reference(value):
                return value
            found = self._references.value(
                value, account.folder, deadline, lambda text: warnings.append(f"{field.name}: {text}")
            )
        except ConfigError as error:
            problem = Problem(field.name, error.message)
        else:
            return found if field.secret else found.reveal()
        raise problem.error()
