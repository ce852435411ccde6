"""The installed extensions: imported one by one, each guarded, in a plugin manager that is theirs alone.

Floor 5, inside `extensions`; it knows no registry, no provider and no account. A broken extension is left out and
named, with its reason; the others and every command go on.
"""

from __future__ import annotations

import inspect
import re
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final, cast

import attrs
from pluggy import HookImpl, PluginManager, PluginValidationError

from coffers.entries import Entry
from coffers.errors import one_line

from . import hookspecs, installed
from .hookspecs import PROJECT, ExtraCommand

__all__ = ["Extensions", "InstalledExtension"]

#: Seconds that importing all extensions may take together, and what one has in any case when others used them up.
_LOAD_WITHIN_S: Final = 10.0
_LEAST_S: Final = 1.0

#: The name of an extension is a top-level table of the config; these are not free.
_CORE_TABLES: Final = frozenset({"accounts"})
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]*")

_PARAMETERS: Final[Mapping[str, tuple[str, ...]]] = {
    "coffers_register_commands": (),
    "coffers_observe": ("read",),
    "coffers_demo": ("config",),
}


@attrs.frozen
class InstalledExtension:
    """An extension as it came out.

    Attributes:
        name: the entry point's name.
        dist: the distribution that registers it; empty for one passed in code.
        version: that distribution's version.
        fault: why it is left out; empty for one that is in use.
    """

    name: str
    dist: str
    version: str
    fault: str = ""

    def __str__(self) -> str:
        whose = f" ({self.dist} {self.version})" if self.dist else ""
        return f"extension {self.name!r}{whose}"


@attrs.frozen
class _Loaded:
    """What one extension brings."""

    commands: Mapping[str, ExtraCommand]
    observe: Callable[[Any], object] | None
    demo: Callable[[Path], object] | None


class _UnfitError(Exception):
    """An extension cannot be used; the text says why, in our words."""


class Extensions:
    """The extensions, imported and checked when this is made. Nothing they do meanwhile can end a command.

    Args:
        entries: their entry points; None looks for what is installed.
        given: modules or objects by name, used beside the installed ones without an entry point.
        taken: names of commands that are not free.
        within_s: seconds that importing all of them may take.

    Attributes:
        installed: every extension, by name, the broken ones too.
        faults: a line for people about each that is broken and each command that is refused.
        commands: the commands they add, by name.
        observers: for `Client(observers=...)`, by the extension's name.
        demos: what shows an extension on a sandbox, by the extension's name; called with the path of a config.
    """

    def __init__(
        self,
        entries: Sequence[Entry] | None = None,
        *,
        given: Mapping[str, object] | None = None,
        taken: Collection[str] = (),
        within_s: float = _LOAD_WITHIN_S,
    ) -> None:
        until = time.monotonic() + within_s
        pm = PluginManager(PROJECT)
        pm.add_hookspecs(hookspecs)
        every: list[InstalledExtension] = []
        loaded: dict[InstalledExtension, _Loaded] = {}
        for extension, load in _sources(installed() if entries is None else entries, given or {}):
            found: _Loaded | str = extension.fault
            if not extension.fault:
                work = partial(_load, pm, extension.name, load)
                found = _guarded(work, max(_LEAST_S, until - time.monotonic()))
            if isinstance(found, str):
                every.append(attrs.evolve(extension, fault=found))
            else:
                every.append(extension)
                loaded[extension] = found
        self.installed: tuple[InstalledExtension, ...] = tuple(sorted(every, key=lambda extension: extension.name))
        refused, self._owners = _owners(loaded, taken)
        self.commands: Mapping[str, ExtraCommand] = {
            name: loaded[owner].commands[name] for name, owner in self._owners.items()
        }
        broken = [f"the {extension} is left out: {extension.fault}" for extension in self.installed if extension.fault]
        self.faults: tuple[str, ...] = (*broken, *refused)
        self.observers: Mapping[str, Callable[[Any], object]] = {
            extension.name: _named(found.observe, extension)
            for extension, found in loaded.items()
            if found.observe is not None
        }
        self.demos: Mapping[str, Callable[[Path], object]] = {
            extension.name: found.demo for extension, found in loaded.items() if found.demo is not None
        }

    def owner(self, command: str) -> InstalledExtension:
        """Whose a command of `commands` is."""
        return self._owners[command]


def _sources(
    entries: Sequence[Entry], given: Mapping[str, object]
) -> Iterator[tuple[InstalledExtension, Callable[[], object]]]:
    """Every extension, and what imports it; with its fault where it is claimed twice."""
    claims: dict[str, list[Entry]] = {}
    for entry in entries:
        claims.setdefault(entry.name, []).append(entry)
    for name, rivals in claims.items():
        owners = [rival.whose() for rival in rivals]
        fault = ""
        if len(rivals) > 1:
            names = " and ".join(sorted(dist for dist, _ in owners))
            fault = f"the name is claimed by {names}; uninstall all but one of them"
        yield InstalledExtension(name, *owners[0], fault), rivals[0].load
    for name, plugin in given.items():
        yield InstalledExtension(name, "", ""), partial(_itself, plugin)


def _itself(plugin: object) -> object:
    return plugin


def _guarded(work: Callable[[], _Loaded], within_s: float) -> _Loaded | str:
    """What foreign code brings, done in a daemon thread; or why it brings nothing."""
    answers: list[_Loaded | str] = []

    def run() -> None:
        try:
            answers.append(work())
        except _UnfitError as error:
            answers.append(str(error))
        except BaseException as error:  # noqa: BLE001  an extension may raise anything, SystemExit too
            answers.append(one_line(f"{type(error).__name__}: {_text_of(error)}").removesuffix(":"))

    thread = threading.Thread(target=run, name="coffers-extension", daemon=True)
    thread.start()
    thread.join(within_s)
    return answers[0] if answers else f"importing it takes longer than {within_s:.3g} s"


def _text_of(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001  an exception of foreign make may fail at telling what it is
        return ""


def _load(pm: PluginManager, name: str, load: Callable[[], object]) -> _Loaded:
    if not _NAME.fullmatch(name):
        raise _UnfitError("its name must be lower-case letters, digits and '-'")
    if name in _CORE_TABLES:
        raise _UnfitError("its name is that of a table of the core's own config")
    plugin = load()
    try:
        pm.register(plugin, name=name)
        pm.check_pending()
    except (PluginValidationError, ValueError) as error:
        if pm.has_plugin(name):
            pm.unregister(name=name)
        raise _UnfitError(one_line(str(error))) from None
    tell, observe, demo = (_hook(pm, hook, name) for hook in _PARAMETERS)
    if tell is None and observe is None and demo is None:
        raise _UnfitError("it has none of the hooks; mark them with coffers.extensions.hookimpl")
    return _Loaded({} if tell is None else _checked(tell()), observe, demo)


def _hook(pm: PluginManager, hook: str, name: str) -> Callable[..., Any] | None:
    """The function with which the extension `name` implements a hook."""
    impls: Iterable[HookImpl] = getattr(pm.hook, hook).get_hookimpls()
    impl = next((impl for impl in impls if impl.plugin_name == name), None)
    if impl is None:
        return None
    declared = inspect.signature(impl.function).parameters
    if impl.hookwrapper or impl.wrapper or tuple(declared) != _PARAMETERS[hook]:
        parameters = ", ".join(_PARAMETERS[hook])
        raise _UnfitError(f"the hook {hook} must be a plain function with exactly these parameters: ({parameters})")
    return impl.function


def _checked(commands: object) -> Mapping[str, ExtraCommand]:
    if not isinstance(commands, Mapping):
        raise _UnfitError("coffers_register_commands must answer names and commands, as {'weigh': ExtraCommand(...)}")
    answered = cast("Mapping[object, object]", commands)
    for name, command in answered.items():
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise _UnfitError("the name of a command must be lower-case letters, digits and '-'")
        if not isinstance(command, ExtraCommand):
            raise _UnfitError(f"the command {name!r} must be an ExtraCommand")
    return dict(cast("Mapping[str, ExtraCommand]", answered))


def _owners(
    loaded: Mapping[InstalledExtension, _Loaded], taken: Collection[str]
) -> tuple[list[str], dict[str, InstalledExtension]]:
    """What is refused, a line each; and whose each command is that is left."""
    claims: dict[str, list[InstalledExtension]] = {}
    for extension, found in loaded.items():
        for name in found.commands:
            claims.setdefault(name, []).append(extension)
    refused: list[str] = []
    owners: dict[str, InstalledExtension] = {}
    for name, claimants in sorted(claims.items()):
        who = " and the ".join(sorted(map(str, claimants)))
        if name in taken:
            refused.append(f"the command {name!r} of the {who} is left out: it is one of coffers' own")
        elif len(claimants) > 1:
            refused.append(f"the command {name!r} is left out: the {who} both add it; uninstall one of them")
        else:
            owners[name] = claimants[0]
    return refused, owners


def _named(observe: Callable[[Any], object], extension: InstalledExtension) -> Callable[[Any], object]:
    """The observer under the name that a complaint about it shall tell."""

    def observer(read: Any) -> object:
        return observe(read)

    observer.__qualname__ = f"of the {extension}"
    return observer
