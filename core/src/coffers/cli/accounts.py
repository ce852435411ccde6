"""Which config, and which of its accounts.

Roof. Never reads a balance.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import attrs
import click

from coffers import Account, Config, ConfigError, Provider, Registry, config_path, load_config
from coffers.cli.endings import StoppedError
from coffers.cli.streams import stdout_for_data

if TYPE_CHECKING:
    from coffers import TableCheck

__all__ = ["chosen_accounts", "config_file", "installed_providers", "open_config"]

#: Seconds that importing a plugin may take, and what one has in any case when others have used up the time.
_IMPORT_WITHIN_S: Final = 10.0
_LEAST_IMPORT_S: Final = 1.0


def config_file(explicit: Path | None) -> Path:
    """Where the config is: `explicit`, else ``$COFFERS_CONFIG``, else the platform's place for it."""
    try:
        return config_path(explicit, None)
    except ConfigError:  # only where none is named is the platform asked, which takes long to import
        import platformdirs

        return platformdirs.user_config_path("coffers", appauthor=False) / "config.toml"


def installed_providers(timeout_s: float | None = None) -> Registry:
    """The registry of a command, which waits for a plugin no longer than for a read.

    Args:
        timeout_s: what one read may take; None leaves it to the config.
    """
    return Registry(load_within_s=_IMPORT_WITHIN_S if timeout_s is None else min(timeout_s, _IMPORT_WITHIN_S))


def open_config(
    explicit: Path | None, registry: Registry, tables: Mapping[str, TableCheck] = MappingProxyType({})
) -> Config:
    """The checked config; its warnings are told on stderr by `chosen_accounts`, not here.

    The imports of all its plugins together are waited for about as long as one may take; whoever reads an account
    of one that is late waits for it again. Tables of installed extensions are known by their names.

    Args:
        explicit: the file that ``--config`` names, or None.
        registry: where the providers are.
        tables: what checks the table of an extension, by its name, see `load_config`; others are not looked into.

    Raises:
        InvalidConfigError: it has problems.
    """
    until = time.monotonic() + _IMPORT_WITHIN_S

    def manifest_of(provider: str) -> Provider[Any, Any]:
        return registry.load(provider, within_s=max(_LEAST_IMPORT_S, until - time.monotonic())).manifest

    with stdout_for_data():
        known = {entry.name: tables.get(entry.name) for entry in registry.extensions()}
        return load_config(config_file(explicit), manifest_of, tables=known | dict(tables))


def chosen_accounts(config: Config, names: Sequence[str], timeout_s: float | None = None) -> tuple[Account, ...]:
    """The named accounts of `config`, or all of them, in the order of the file.

    Args:
        config: a checked config; its warnings are told on stderr.
        names: accounts given on the command line; none means all.
        timeout_s: what one read may take, in place of what the config says.

    Raises:
        StoppedError: a name is not there, or there is no account at all.
    """
    known = [account.name for account in config.accounts]
    unknown = [name for name in dict.fromkeys(names) if name not in known]
    if unknown:
        raise StoppedError(*(_unknown(name, known, config.path) for name in unknown))
    if not known:
        raise StoppedError(f"{config.path} has no accounts; add one: [accounts.NAME], or see `coffers init --help`")
    for warning in config.warnings:
        click.echo(f"warning: {warning}", err=True)
    chosen = tuple(account for account in config.accounts if not names or account.name in names)
    if timeout_s is None:
        return chosen
    return tuple(attrs.evolve(account, timeout_s=timeout_s) for account in chosen)


def _unknown(name: str, known: list[str], path: Path) -> str:
    import difflib

    close = difflib.get_close_matches(name, known, 1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    return f"no account {name!r} in {path}; {hint}accounts: {', '.join(known) or 'none'}"
