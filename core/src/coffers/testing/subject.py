"""The provider under test: its verbs, its recorded cases, its sandbox part, and accounts made up from them.

Roof. Loads the plugin as the core does; opens no socket.
"""

from __future__ import annotations

import pkgutil
import sys
from functools import cached_property
from importlib.metadata import entry_points
from types import ModuleType
from typing import Any, Final

from coffers import SANDBOX_GROUP, Account, LoadedProvider, PluginError, Registry, SandboxProvider, Secret

from .checking import CheckFailedError
from .vectors import Case, Plugin

__all__ = ["Subject", "plugin_of"]

#: A recorded read that can be shown whole.
_WHOLE: Final = frozenset({"query.json", "request.http", "signed.http", "response.http", "snapshot.json"})


def plugin_of(provider: str | object) -> Any:
    """The module or object with the four hooks: the installed one of that id, or `provider` itself.

    Raises:
        PluginError: none of that id is installed, or it is broken; says why.
    """
    if not isinstance(provider, str):
        return provider
    registry = Registry()
    registry.load(provider)
    [installed] = [installed for installed in registry.list() if installed.id == provider]
    return pkgutil.resolve_name(installed.value)


class Subject:
    """The provider under test.

    Args:
        plugin: its module, or an object with the four hooks.
        cases: its recorded cases.
        part: its sandbox part; None looks for an installed one when it is needed.

    Attributes:
        plugin: as given.
        provider: the handle the core uses.
        registry: a registry that knows this provider alone.
        cases: as given.

    Raises:
        PluginError: the plugin is broken; says why.
    """

    def __init__(self, plugin: Plugin, cases: tuple[Case, ...], part: SandboxProvider | None = None) -> None:
        self.plugin = plugin
        self.registry = Registry([plugin], installed=False)
        [installed] = self.registry.list()
        self.provider: LoadedProvider = self.registry.load(installed.id)
        self.cases = tuple(case for case in cases if case.provider_id == installed.id)
        self._part = part

    @property
    def id(self) -> str:
        """The provider's id."""
        return self.provider.manifest.id

    @cached_property
    def successes(self) -> tuple[Case, ...]:
        """The cases whose answer is read as a snapshot."""
        return tuple(case for case in self.cases if {"response.http", "snapshot.json"} <= case.files.keys())

    @cached_property
    def errors(self) -> tuple[tuple[Case, str], ...]:
        """The cases whose answer is read as an error, with its kind."""
        return tuple(
            (case, str(case.json("error.json").get("kind")))
            for case in self.cases
            if {"response.http", "error.json"} <= case.files.keys()
        )

    @cached_property
    def main_case(self) -> Case:
        """The fullest recorded success: what the live checks play.

        Raises:
            CheckFailedError: there is none.
        """
        whole = [
            case for case in self.successes if case.files.keys() >= _WHOLE and not case.json("query.json").get("state")
        ]
        told = {case.folder: case.json("snapshot.json") for case in whole}
        # Where a read begins with a list of what there is, its first answer holds no balance yet.
        useful = [case for case in whole if told[case.folder]["balances"] or told[case.folder].get("next")]
        if not useful:
            raise CheckFailedError("there is no recorded success with balances and all of its files")
        return max(useful, key=lambda case: (len(told[case.folder]["balances"]), case.name.startswith("balance")))

    @property
    def secret_keys(self) -> tuple[str, ...]:
        """The config keys that are secret, of the main case's way to sign in."""
        given = self.main_case.json("credentials.json")
        return tuple(name for name, field in self.provider.fields.items() if field.secret and name in given)

    def account(
        self, base_url: str, *, name: str = "shop", canary: str | None = None, timeout_s: float | None = None
    ) -> Account:
        """An account with the main case's settings and made-up credentials.

        Args:
            base_url: where its server is.
            name: the account's name.
            canary: what every secret is; None leaves the recorded ones.
            timeout_s: seconds its read may take.
        """
        settings = self.main_case.json("query.json").get("settings", {})
        credentials = self.main_case.json("credentials.json")
        secrets = {key: Secret(canary or credentials[key]) for key in self.secret_keys}
        return Account(name, self.id, {**settings, **credentials, **secrets}, base_url=base_url, timeout_s=timeout_s)

    @cached_property
    def part(self) -> SandboxProvider | None:
        """Its sandbox part, or None where it has none.

        Raises:
            PluginError: it cannot be imported, or is none.
        """
        if self._part is not None:
            return self._part
        for entry in entry_points(group=SANDBOX_GROUP, name=self.id):
            try:
                part = entry.load()
            except Exception as error:  # noqa: BLE001  a plugin may raise anything
                raise PluginError(f"its sandbox part cannot be imported ({type(error).__name__})") from None
            if not isinstance(part, SandboxProvider) or part.id != self.id:
                raise PluginError("its sandbox part is no SandboxProvider of this id")
            return part
        return None

    @cached_property
    def modules(self) -> tuple[ModuleType, ...]:
        """The modules its verbs are made of: theirs, and what these use of the same package."""
        hooks = [getattr(self.plugin, f"coffers_{verb}") for verb in ("provider", "request", "sign", "parse")]
        found: dict[str, ModuleType] = {}
        waiting = [hook.__module__ for hook in hooks]
        while waiting:
            name = waiting.pop()
            if name in found or name not in sys.modules:
                continue
            found[name] = sys.modules[name]
            package = name.partition(".")[0]
            used = {getattr(value, "__module__", None) for value in vars(found[name]).values()}
            waiting += [module for module in used if isinstance(module, str) and module.partition(".")[0] == package]
        return tuple(found[name] for name in sorted(found))
