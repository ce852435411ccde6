"""What a config file comes to: who is watched, and how often."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path

import attrs

from coffers import Account, CoffersError, Registry
from coffers.cli.door import open_config
from coffers_monitor.config import TABLE, Part, Settings, read_settings, table_check

from .pace import Pace
from .service import Watched

__all__ = ["Plan", "read_plan"]


@attrs.frozen
class Plan:
    """What a config file comes to.

    Attributes:
        settings: its table ``[monitor]``.
        accounts: in the file's order, by name.
        warnings: lines for people.
    """

    settings: Settings
    accounts: Mapping[str, Watched]
    warnings: tuple[str, ...] = ()


def read_plan(path: Path, registry: Registry, parts: Mapping[str, Part]) -> Plan:
    """Read and check the file; may block while plugins are imported.

    Raises:
        InvalidConfigError: it has faults; all of them are in it.
    """
    found = open_config(path, registry, {TABLE: table_check(parts)})
    names = [account.name for account in found.accounts]
    settings, _ = read_settings(found.tables.get(TABLE, {}), accounts=names, parts=parts)
    watched = {account.name: Watched(account, _pace(account, settings, registry)) for account in found.accounts}
    return Plan(settings, watched, found.warnings)


def _pace(account: Account, settings: Settings, registry: Registry) -> Pace:
    least_s = 0.0
    with contextlib.suppress(CoffersError):  # a plugin that cannot be used is told of by each read
        least_s = registry.load(account.provider).manifest.min_interval_s
    return Pace(settings.interval(account.name).total_seconds(), least_s)
