"""`coffers demo`: made-up accounts of every installed provider, read over real HTTP from a sandbox. Roof.

An extension may show itself on the same accounts; then it decides what is shown.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from coffers import Registry
from coffers.cli.accounts import chosen_accounts, open_config
from coffers.cli.endings import ALL_READ
from coffers.cli.extra import demos_of
from coffers.cli.options import format_options, timeout_option, verbose_option
from coffers.cli.sandboxes import open_sandbox
from coffers.cli.show import read_and_show

__all__ = ["command"]


class _Demo(click.Command):
    """Has an option for each extension that shows itself, unless an option has that name already."""

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        own = super().get_params(ctx)
        taken = {option for parameter in own for option in parameter.opts}
        names = [name for name in demos_of(ctx) if f"--{name}" not in taken]
        helped = "Show what the extension {} does, instead."
        return [
            *(click.Option([f"--{name}", "shown"], flag_value=name, help=helped.format(name)) for name in names),
            *own,
        ]


@click.command("demo", cls=_Demo)
@format_options
@timeout_option
@verbose_option
def command(form: str, timeout: float | None, shown: str | None = None) -> int:
    """Show made-up balances of every installed provider, read over real HTTP from a sandbox on this machine."""
    if shown is not None and (form != "table" or timeout is not None):
        raise click.UsageError(f"--{shown} takes no other option.")
    registry = Registry()
    with tempfile.TemporaryDirectory(prefix="coffers-demo-") as folder, open_sandbox(registry) as sandbox:
        config = Path(folder) / "config.toml"
        config.write_text(sandbox.config_toml(Path(folder) / "secrets"), "utf-8")
        if shown is not None:
            code = demos_of(click.get_current_context())[shown](config)
            return code if isinstance(code, int) else ALL_READ
        return read_and_show(chosen_accounts(open_config(config, registry), (), timeout), form, registry)
