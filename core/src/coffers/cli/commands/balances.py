"""`coffers balances`: the main job. Roof."""

from __future__ import annotations

from pathlib import Path

import click

from coffers.cli.accounts import chosen_accounts, installed_providers, open_config
from coffers.cli.extra import observers_of
from coffers.cli.options import config_option, format_options, timeout_option, verbose_option
from coffers.cli.show import read_and_show

__all__ = ["command"]


@click.command("balances")
@click.argument("names", nargs=-1, metavar="[ACCOUNT...]")
@config_option
@format_options
@timeout_option
@verbose_option
def command(names: tuple[str, ...], config: Path | None, form: str, timeout: float | None) -> int:
    """Show what is left in every account, or in the named ones.

    \b
    Exit codes:
      0    all accounts were read
      2    usage or configuration; nothing was asked
      5    some accounts could not be read
      69   none could be read
      74   the output could not be written
      130  interrupted
      1    a fault in coffers itself
    """
    registry = installed_providers(timeout)
    found = open_config(config, registry)
    accounts = chosen_accounts(found, names, timeout)
    return read_and_show(accounts, form, registry, observers_of(registry, config=found.path, timeout_s=timeout))
