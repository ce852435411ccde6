"""An account's own keys, checked against a manifest, and the provider's classes built from them.

Floor 5, inside `settings`. The same rules serve the config file and accounts made in code. No message holds a value,
nor the text of a provider's own validators: those quote the value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Final

import attrs

from coffers.errors import ConfigError, one_line
from coffers.provider import ConfigField, Provider, config_fields, origin_of
from coffers.secret import Secret

from .references import REFERENCE_FORMS, is_reference, reference_fault, text_fault

__all__ = ["Part", "Problem", "Shape", "shown_key", "unknown_key_fault"]

_LONGEST_KEY: Final = 64

_WANTED: Final[Mapping[type, str]] = {str: "a text in quotes", int: "a whole number", bool: "true or false"}


@attrs.frozen
class Problem:
    """One fault: the key it is about (None: the account as a whole), what is wrong and what to do."""

    key: str | None
    text: str

    def error(self) -> ConfigError:
        """This problem as an error."""
        return ConfigError(self.text if self.key is None else f"{shown_key(self.key)}: {self.text}", field=self.key)


def shown_key(key: str) -> str:
    """`key` as it is shown to people: short, on one line, in quotes where TOML needs them."""
    short = one_line(key)[:_LONGEST_KEY]
    return short if re.fullmatch(r"[A-Za-z0-9_-]+", short) else f'"{short}"'


def unknown_key_fault(key: str, known: Iterable[str], owner: str) -> str:
    """What to say about a key nobody knows."""
    names = sorted(known)
    return f"is not a key of {owner}; {_did_you_mean(key, names)}known keys: {', '.join(names)}"


def _did_you_mean(word: str, known: Iterable[str]) -> str:
    import difflib

    by_letters = {name.lower(): name for name in known}
    close = difflib.get_close_matches(word.lower()[:_LONGEST_KEY], by_letters, n=1)
    return f"did you mean `{by_letters[close[0]]}`? " if close else ""


# --- one value -----------------------------------------------------------------------------------------------------


def _value_fault(field: ConfigField, value: object) -> str | None:
    """What is wrong with one value, before any reference is followed."""
    if field.secret:
        if isinstance(value, Secret):
            return None
        if not (isinstance(value, str) and is_reference(value)):
            return f"is a secret and must not stand here; write a reference to it: {REFERENCE_FORMS}"
        return reference_fault(value)
    if isinstance(value, Secret):
        return "is not secret: what it holds is shown; give a plain text or a reference"
    fits = isinstance(value, field.type) and isinstance(value, bool) == (field.type is bool)  # True is an int, too
    if not fits:
        return f"must be {_WANTED[field.type]}"
    return _text_value_fault(field, value) if isinstance(value, str) else None


def _text_value_fault(field: ConfigField, value: str) -> str | None:
    if field.choices:
        if value in field.choices:
            return None
        return f"must be one of {', '.join(field.choices)}; {_did_you_mean(value, field.choices)}".rstrip("; ")
    if not value:
        return "is empty; give a value or remove the key"
    return reference_fault(value) if is_reference(value) else text_fault(value)


def _url_fault(value: object) -> str | None:
    """What is wrong with an account's own address; nothing is known of one that a reference stands for."""
    try:
        if isinstance(value, str) and not is_reference(value):
            origin_of(value)
    except ValueError as error:
        return str(error)
    return None


def _is_literal(field: ConfigField, value: object) -> bool:
    """Whether the value is what it says, with nothing to look up."""
    return not (isinstance(value, str) and not field.choices and is_reference(value))


# --- the classes of a manifest -------------------------------------------------------------------------------------


@attrs.frozen
class Part:
    """One attrs class of a manifest and the config keys that feed it.

    Attributes:
        cls: the provider's class.
        keys: its keys.
        required: those it cannot do without.
        arguments: its keys again, each with the name of the argument that takes it.
    """

    cls: type[Any]
    keys: tuple[str, ...]
    required: tuple[str, ...]
    arguments: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, made: type[Any]) -> Part:
        """The part that makes instances of `made`."""
        own = [attribute for attribute in attrs.fields(made) if attribute.init]
        required = tuple(attribute.name for attribute in own if attribute.default is attrs.NOTHING)
        arguments = tuple((attribute.name, attribute.alias) for attribute in own)
        return cls(made, tuple(attribute.name for attribute in own), required, arguments)

    def build(self, values: Mapping[str, Any]) -> Any:
        """An instance made from those of `values` that are its own.

        Raises:
            ConfigError: the provider refuses a value; `field` says which, where it can be told.
        """
        made = self.made(values)
        if isinstance(made, Problem):
            raise made.error()
        return made

    def made(self, values: Mapping[str, Any]) -> Any | Problem:
        """As `build`; or what is wrong with the values, each by itself or all together."""
        arguments = {argument: values[key] for key, argument in self.arguments if key in values}
        together: Problem | None = None
        try:
            return self.cls(**arguments)
        except ConfigError as error:  # the plugin's own word to the user, shown unless it saw a secret
            if not any(isinstance(value, Secret) for value in arguments.values()):
                together = Problem(error.field if error.field in self.keys else None, one_line(error.message))
        except Exception:  # noqa: BLE001, S110  # a provider's validators are foreign code, and their text quotes the value
            pass
        return next(iter(self.refusals(values)), together or Problem(None, _REFUSED_TOGETHER))

    def refusals(self, values: Mapping[str, Any]) -> list[Problem]:
        """A problem for each of its keys whose value the class refuses by itself."""
        return [
            Problem(attribute.name, reason)
            for attribute in attrs.fields(self.cls)
            if attribute.init
            and attribute.name in values
            and (reason := _refusal(attribute, values[attribute.name])) is not None
        ]


_REFUSED: Final = "the provider's plugin refuses this value; see its documentation for what it takes"
_REFUSED_TOGETHER: Final = "the provider's plugin refuses the settings as they stand together"


def _refusal(attribute: Any, value: Any) -> str | None:
    """Why the converter or validator of one attrs attribute refuses a value, tried in a class of nothing else.

    A `ConfigError` is the plugin's own word to the user and is shown, unless it saw a secret. No other text is.
    """
    if attribute.converter is None and attribute.validator is None:
        return None
    field = attrs.field(converter=attribute.converter, validator=attribute.validator, alias="value")
    alone: Callable[..., Any] = attrs.make_class("Alone", {attribute.name: field})
    try:
        alone(value=value)
    except ConfigError as error:
        return _REFUSED if isinstance(value, Secret) else one_line(error.message)
    except Exception:  # noqa: BLE001  # foreign code; that it refuses is all we want to know
        return _REFUSED
    return None


# --- all keys of an account ----------------------------------------------------------------------------------------


@attrs.frozen(eq=False)
class Shape:
    """What a manifest asks of an account's keys.

    Attributes:
        provider: the provider's id.
        fields: every key.
        settings: the part for `request` and `parse`.
        credentials: the alternatives for `sign`; exactly one must be complete.
        url_field: the key among the settings that holds the address to ask, or None.
    """

    provider: str
    fields: Mapping[str, ConfigField]
    settings: Part
    credentials: tuple[Part, ...]
    url_field: str | None = None

    @classmethod
    def of(cls, manifest: Provider[Any, Any]) -> Shape:
        """The shape that `manifest` declares."""
        parts = tuple(Part.of(made) for made in manifest.credentials)
        return cls(manifest.id, config_fields(manifest), Part.of(manifest.settings), parts, manifest.url_field)

    def problems(self, given: Mapping[str, object], core_keys: Iterable[str] = ()) -> list[Problem]:
        """Every fault that can be seen without following a reference.

        Args:
            given: an account's own keys.
            core_keys: keys that are known besides, to be named in a suggestion.
        """
        problems: list[Problem] = []
        for key, value in given.items():
            field = self.fields.get(key)
            if field is None:
                fault = unknown_key_fault(key, (*core_keys, *self.fields), self.provider)
                problems.append(Problem(key, fault))
            elif text := _value_fault(field, value) or (_url_fault(value) if key == self.url_field else None):
                problems.append(Problem(key, text))
        missing = [key for key in self.settings.required if key not in given]
        problems += [Problem(key, f"is missing; {self.provider} needs it") for key in missing]
        chosen = self.choose(given)
        if isinstance(chosen, Problem):
            problems.append(chosen)
        return problems

    def refusals(self, given: Mapping[str, object], faulty: Collection[str | None]) -> list[Problem]:
        """What the provider's own classes refuse among the values that stand in the account itself.

        Args:
            given: an account's own keys.
            faulty: those of them with `problems`; the settings as a whole are judged only without such.
        """
        literals = {
            key: value for key, value in given.items() if key not in faulty and _is_literal(self.fields[key], value)
        }
        parts = (self.settings, *self.credentials)
        refused = {problem.key: problem for part in parts for problem in part.refusals(literals)}
        known = (given.keys() & set(self.settings.keys)) | set(self.settings.required)
        if not refused and literals.keys() >= known:
            made = self.settings.made(literals)
            if isinstance(made, Problem):
                return [made]
        return list(refused.values())

    def choose(self, given: Collection[str]) -> Part | Problem | None:
        """The one alternative that the given keys complete; None where the provider asks for no credentials."""
        if not self.credentials:
            return None
        if len(self.credentials) == 1 and all(key in given for key in self.credentials[0].required):
            return self.credentials[0]
        every = {key for part in self.credentials for key in part.keys}
        keys = set(given) & every
        own = keys - set(self.settings.keys)  # what only credentials are made of
        complete = [part for part in self.credentials if keys.issuperset(part.required)]
        fitting = [part for part in complete if own.issubset(part.keys)]
        if len(fitting) == 1:
            return fitting[0]
        if complete:
            named = _listed(sorted(own))
            return Problem(None, f"{named} cannot be given together; give {self._ways()}")
        return self._incomplete(keys)

    def _incomplete(self, keys: set[str]) -> Problem:
        nearest = min(self.credentials, key=lambda part: (not keys & set(part.keys), len(set(part.required) - keys)))
        missing = [key for key in nearest.required if key not in keys]
        begun = [key for key in nearest.keys if key in keys]
        if begun:
            return Problem(begun[0], f"is not enough without {_listed(missing)}; give {self._ways()}")
        if len(missing) == len(self.credentials) == 1:
            return Problem(missing[0], f"is missing; {self.provider} needs it")
        return Problem(None, f"credentials are missing; give {self._ways()}")

    def _ways(self) -> str:
        return ", or ".join(_listed(part.required) for part in self.credentials if part.required)


def _listed(keys: Iterable[str]) -> str:
    return " and ".join(f"`{key}`" for key in keys)
