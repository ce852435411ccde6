"""`coffers demo`: made-up accounts of every installed provider, read over real HTTP from a sandbox. Roof."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from coffers import Registry
from coffers.cli.accounts import chosen_accounts, open_config
from coffers.cli.options import format_options, timeout_option, verbose_option
from coffers.cli.sandboxes import open_sandbox
from coffers.cli.show import read_and_show

__all__ = ["command"]


@click.command("demo")
@format_options
@timeout_option
@verbose_option
def command(form: str, timeout: float | None) -> int:
    """Show made-up balances of every installed provider, read over real HTTP from a sandbox on this machine."""
    registry = Registry()
    with tempfile.TemporaryDirectory(prefix="coffers-demo-") as folder, open_sandbox(registry) as sandbox:
        config = Path(folder) / "config.toml"
        config.write_text(sandbox.config_toml(Path(folder) / "secrets"), "utf-8")
        return read_and_show(chosen_accounts(open_config(config, registry), (), timeout), form, registry)
