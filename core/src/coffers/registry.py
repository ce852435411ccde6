"""Finding and loading providers: lazily, one at a time, each in a plugin manager of its own.

Floor 5, beside `transport` and `settings`; the only place that knows pluggy's manager. Calls of pluggy
are one-to-many: with several providers in one manager, one provider's secret would be handed to all of them. So every
provider gets a manager to itself, and the rest of the core gets a frozen handle of plain functions. Each is imported
in a thread of its own, so that one that hangs holds up no other, nor the end of the process.
"""

from __future__ import annotations

import inspect
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import attrs
from pluggy import HookImpl, PluginManager, PluginValidationError

from . import hookspecs
from .bounds import PASSING, bounded
from .entries import EXTENSION_GROUP, Entry, find_entries
from .errors import CoffersError, PluginError, one_line
from .hookspecs import ENTRY_POINT_GROUP
from .messages import AccessToken, Attempt, Query, Request, Response, SignedRequest
from .models import Snapshot
from .provider import CONTRACT_VERSION, PROVIDER_ID, ConfigField, Provider, config_fields

__all__ = ["LOAD_WITHIN_S", "InstalledProvider", "LoadedProvider", "Registry"]

#: Seconds that importing a plugin may take unless the registry is told otherwise; it needs a small part of one.
LOAD_WITHIN_S: Final = 10.0
#: After how many times that an import nobody waits for any more is ended. A slow disk shall not make a plugin unusable
#: for good, an endless loop shall not take the processor for good.
_ENDED_AFTER: Final = 3

_VERBS: Final[Mapping[str, tuple[str, ...]]] = {
    "coffers_provider": (),
    "coffers_request": ("query",),
    "coffers_sign": ("request", "credentials", "attempt"),
    "coffers_parse": ("response", "query"),
}


@attrs.frozen
class InstalledProvider:
    """A provider as the installed metadata tells it; nothing was imported.

    Attributes:
        id: the entry point's name.
        dist: the distribution that registers it; empty for one passed in code.
        version: that distribution's version.
        value: the object reference of the entry point.
        rivals: every distribution that claims this id, when there are several; such a provider cannot be loaded.
    """

    id: str
    dist: str
    version: str
    value: str
    rivals: tuple[str, ...] = ()


@attrs.frozen
class LoadedProvider:
    """A provider ready for use: its manifest and three plain functions.

    Attributes:
        manifest: what `coffers_provider` answered.
        fields: the config keys by name.
        request: the `coffers_request` function.
        sign: the `coffers_sign` function.
        parse: the `coffers_parse` function.
        dist: the distribution it came from; empty for one passed in code.
        version: that distribution's version.
    """

    manifest: Provider[Any, Any]
    fields: Mapping[str, ConfigField] = attrs.field(repr=False)
    request: Callable[[Query[Any]], Request] = attrs.field(repr=False)
    sign: Callable[[Request, Any, Attempt], SignedRequest] = attrs.field(repr=False)
    parse: Callable[[Response, Query[Any]], Snapshot | AccessToken] = attrs.field(repr=False)
    dist: str = ""
    version: str = ""


class Registry:
    """The providers that are there. Thread-safe; metadata is read when first asked, a plugin imported when first used.

    Args:
        plugins: modules or objects with the four hooks, used beside the installed ones without an entry point.
        installed: whether to look for installed ones at all.
        load_within_s: seconds that importing one may take; None is `LOAD_WITHIN_S`.

    Raises:
        PluginError: one of `plugins` is broken, or two have the same id.
    """

    def __init__(
        self, plugins: Iterable[object] = (), *, installed: bool = True, load_within_s: float | None = None
    ) -> None:
        self._installed = installed
        self._load_within_s = LOAD_WITHIN_S if load_within_s is None else load_within_s
        self._lock = threading.Lock()
        self._found: dict[str, tuple[Entry, ...]] | None = None
        self._extensions: tuple[Entry, ...] = ()  # found in the same look
        self._loaded: dict[str, LoadedProvider | PluginError] = {}
        self._imports: dict[str, _Import] = {}
        self._given: dict[str, InstalledProvider] = {}
        for plugin in plugins:
            complaint = "a plugin passed in code takes longer than"
            loaded = bounded(_load, plugin, None, limit_s=self._load_within_s, complaint=complaint)
            provider_id = loaded.manifest.id
            if provider_id in self._given:
                raise PluginError(f"two plugins passed in code have the id {provider_id!r}", provider=provider_id)
            value = getattr(plugin, "__name__", type(plugin).__name__)
            self._given[provider_id] = InstalledProvider(provider_id, "", "", value)
            self._loaded[provider_id] = loaded

    def list(self) -> tuple[InstalledProvider, ...]:
        """Every provider, by id, from metadata alone."""
        found = {provider_id: _installed(claims) for provider_id, claims in self._entries().items()}
        return tuple(sorted((found | self._given).values(), key=lambda installed: installed.id))

    def extensions(self) -> tuple[Entry, ...]:
        """The entry points of installed extensions, for `coffers.extensions.Extensions`; nothing is imported."""
        self._entries()
        return self._extensions

    def load(self, provider_id: str, *, within_s: float | None = None) -> LoadedProvider:
        """The provider, imported and checked at the first call.

        An import that takes too long goes on in its own thread: later calls wait for what is left of its time, if
        anything is, and get the provider if it has come meanwhile.

        Args:
            provider_id: the id.
            within_s: seconds to wait, where that is less than the registry allows.

        Raises:
            PluginError: it is missing (says what to install), broken (says why), claimed by two distributions, or
                importing it takes too long.
        """
        known = self._loaded.get(provider_id)
        if known is None:
            known = self._imported(provider_id, self._load_within_s if within_s is None else within_s)
        if isinstance(known, PluginError):
            raise known.with_facts()
        return known

    def _imported(self, provider_id: str, within_s: float) -> LoadedProvider | PluginError:
        claims = self._entries().get(provider_id)
        if claims is None:
            return self._missing(provider_id)
        installed = _installed(claims)
        if installed.rivals:
            names = " and ".join(installed.rivals)
            return PluginError(
                f"{provider_id!r} is claimed by {names}; uninstall all but one of them", provider=provider_id
            )
        with self._lock:
            running = self._imports.get(provider_id)
            if running is None:
                running = self._imports[provider_id] = _Import(installed, claims[0].load, self._load_within_s)
        result = running.result(within_s)
        if result is None:
            limit_s = min(within_s, self._load_within_s)
            return _broken(installed, f"importing it takes longer than {limit_s:.3g} s")
        if isinstance(result, BaseException) and not isinstance(result, PluginError):
            with self._lock:
                self._imports.pop(provider_id, None)  # the next call tries again
            raise result
        self._loaded[provider_id] = result
        return result

    def _missing(self, provider_id: str) -> PluginError:
        from difflib import get_close_matches

        close = get_close_matches(provider_id, sorted({*self._entries(), *self._given}), 1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        if not PROVIDER_ID.fullmatch(provider_id):
            what = "a provider's id is lower-case letters, digits and '-'"
        else:
            shared = provider_id.partition("-")[0]  # a dist of several providers is named after what they share
            other = f" (or coffers-{shared})" if shared != provider_id else ""
            what = f"install it: pip install coffers-{provider_id}{other}"
        return PluginError(f"no plugin provides {provider_id!r}; {what}{hint}", provider=provider_id)

    def _entries(self) -> dict[str, tuple[Entry, ...]]:
        """Every claim to each installed provider's id."""
        with self._lock:
            if self._found is None:
                self._found = {}
                for entry in find_entries(ENTRY_POINT_GROUP, EXTENSION_GROUP) if self._installed else ():
                    if entry.group == EXTENSION_GROUP:
                        self._extensions += (entry,)
                    else:
                        self._found[entry.name] = (*self._found.get(entry.name, ()), entry)
            return self._found


class _Import:
    """The import of one installed plugin, in a daemon thread: a module may wait for ever while it is imported.

    Args:
        installed: what to import.
        load: imports it.
        within_s: seconds to wait for it.
    """

    def __init__(self, installed: InstalledProvider, load: Callable[[], object], within_s: float) -> None:
        self._until = time.monotonic() + within_s
        self._done = threading.Event()
        self._result: LoadedProvider | PluginError | KeyboardInterrupt | None = None
        name = f"coffers-import-{installed.id}"
        threading.Thread(target=self._run, args=(installed, load, within_s), name=name, daemon=True).start()

    def result(self, within_s: float) -> LoadedProvider | PluginError | KeyboardInterrupt | None:
        """What came of it, waited for so many seconds, or as many as the import has left; None if it is not done."""
        self._done.wait(max(0.0, min(within_s, self._until - time.monotonic())))
        return self._result

    def _run(self, installed: InstalledProvider, load: Callable[[], object], within_s: float) -> None:
        def plugin() -> LoadedProvider:
            return _load(load(), installed.id)

        try:
            loaded = bounded(plugin, limit_s=within_s * _ENDED_AFTER, complaint="importing it takes longer than")
            self._result = attrs.evolve(loaded, dist=installed.dist, version=installed.version)
        except PluginError as error:
            self._result = _broken(installed, error.message)
        except KeyboardInterrupt as interrupt:
            self._result = interrupt
        except BaseException as error:  # noqa: BLE001  a plugin may raise anything, SystemExit too, and must not stop the others
            reason = f"{type(error).__name__}: {one_line(_text_of(error))}".removesuffix(": ")
            self._result = _broken(installed, reason)
        self._done.set()


def _broken(installed: InstalledProvider, reason: str) -> PluginError:
    whose = f"{installed.dist} {installed.version}"
    return PluginError(f"the plugin {whose} is broken: {reason}", provider=installed.id)


def _text_of(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001  an exception of foreign make may fail at telling what it is
        return ""


def _installed(claims: Sequence[Entry]) -> InstalledProvider:
    """What the metadata tell of the provider that is claimed; of the first claim, if there are several."""
    owners = [claim.whose() for claim in claims]
    dist, version = owners[0]
    rivals = tuple(sorted(rival for rival, _ in owners)) if len(owners) > 1 else ()
    return InstalledProvider(claims[0].name, dist, version, claims[0].value, rivals)


def _load(plugin: object, provider_id: str | None) -> LoadedProvider:
    """The handle of `plugin`, after every check.

    Raises:
        PluginError: a hook is missing, doubled, wrapped or has other parameters, or the manifest is wrong.
    """
    pm = PluginManager("coffers")
    pm.add_hookspecs(hookspecs)
    try:
        pm.register(plugin, name=provider_id or "given")
        pm.check_pending()
    except (PluginValidationError, ValueError) as error:
        raise PluginError(one_line(str(error)), provider=provider_id) from None
    verbs = {name: _verb(pm, name, parameters) for name, parameters in _VERBS.items()}
    manifest = _manifest(verbs["coffers_provider"], provider_id)
    return LoadedProvider(
        manifest=manifest,
        fields=config_fields(manifest),
        request=verbs["coffers_request"],
        sign=verbs["coffers_sign"],
        parse=verbs["coffers_parse"],
    )


def _verb(pm: PluginManager, name: str, parameters: tuple[str, ...]) -> Callable[..., Any]:
    impls: list[HookImpl] = getattr(pm.hook, name).get_hookimpls()
    if len(impls) != 1:
        found = "is missing" if not impls else f"has {len(impls)} implementations"
        raise PluginError(f"the hook {name} {found}; exactly one is needed, marked with @hookimpl")
    impl = impls[0]
    if impl.hookwrapper or impl.wrapper:
        raise PluginError(f"the hook {name} is a wrapper; a provider's verbs are plain functions")
    # pluggy passes by name, leaves out what has a default and lets parameters be dropped; we call by position.
    declared = inspect.signature(impl.function).parameters
    plain = all(
        parameter.default is parameter.empty and parameter.kind is parameter.POSITIONAL_OR_KEYWORD
        for parameter in declared.values()
    )
    if tuple(declared) != parameters or not plain:
        raise PluginError(f"the hook {name} must have exactly these parameters: ({', '.join(parameters)})")
    return impl.function


def _manifest(tell: Callable[[], Any], provider_id: str | None) -> Provider[Any, Any]:
    try:
        manifest = tell()
    except PASSING:
        raise
    except BaseException as error:  # noqa: BLE001  a plugin may raise anything, SystemExit too
        text = error.message if isinstance(error, CoffersError) else one_line(_text_of(error))
        raise PluginError(f"coffers_provider raised {type(error).__name__}: {text}") from None
    if not isinstance(manifest, Provider):
        raise PluginError(f"coffers_provider must answer a Provider, not {type(manifest).__name__}")
    if manifest.contract != CONTRACT_VERSION:
        raise PluginError(
            f"it is written for hook contract {manifest.contract}, this coffers speaks {CONTRACT_VERSION}; "
            "upgrade the older of the two"
        )
    if provider_id is not None and manifest.id != provider_id:
        raise PluginError(
            f"its manifest's id is {manifest.id!r}, its entry point's name {provider_id!r}; they must be equal"
        )
    return manifest  # pyright: ignore[reportUnknownVariableType]  checked above
