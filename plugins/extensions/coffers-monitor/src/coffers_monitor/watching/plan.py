"""What a config file comes to: who is watched, and how often."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Mapping
from pathlib import Path

import attrs

from coffers import Account, CoffersError, ConfigError, Registry
from coffers.cli.door import open_config
from coffers_monitor.config import TABLE, Settings, read_settings, table_check
from coffers_monitor.parts import PARTS, Parts
from coffers_monitor.store import Store, StoreError

from .pace import Pace, Watched

__all__ = ["Plan", "opened_store", "read_plan"]


@attrs.frozen
class Plan:
    """What a config file comes to.

    Attributes:
        settings: its table ``[monitor]``.
        accounts: in the file's order, by name.
        parts: what the rooms made of theirs.
        folder: where the file is; relative references are relative to it.
        warnings: lines for people.
    """

    settings: Settings
    accounts: Mapping[str, Watched]
    parts: Parts = attrs.field(factory=Parts)
    folder: Path | None = None
    warnings: tuple[str, ...] = ()


def read_plan(path: Path, registry: Registry) -> Plan:
    """Read and check the file; may block while plugins are imported.

    Raises:
        InvalidConfigError: it has faults; all of them are in it.
    """
    found = open_config(path, registry, {TABLE: table_check(PARTS)})
    names = [account.name for account in found.accounts]
    settings, _ = read_settings(found.tables.get(TABLE, {}), accounts=names, parts=PARTS)
    watched = {account.name: Watched(account, _pace(account, settings, registry)) for account in found.accounts}
    return Plan(settings, watched, Parts.of(settings), found.path.absolute().parent, found.warnings)


@contextlib.contextmanager
def opened_store(plan: Plan) -> Generator[Store]:
    """The database that the config names, or the usual file; closed when the block ends.

    Raises:
        ConfigError: it cannot be used.
    """
    try:
        store = Store.open(plan.parts.address(plan.folder))
    except StoreError as error:
        raise ConfigError(str(error)) from None
    with store:
        yield store


def _pace(account: Account, settings: Settings, registry: Registry) -> Pace:
    least_s = 0.0
    with contextlib.suppress(CoffersError):  # a plugin that cannot be used is told of by each read
        least_s = registry.load(account.provider).manifest.min_interval_s
    return Pace(settings.interval(account.name).total_seconds(), least_s)
