"""`coffers sandbox`: serves the sandbox until interrupted. Roof."""

from __future__ import annotations

import contextlib
import shlex
import sys
import threading
from pathlib import Path

import click

from coffers import Registry
from coffers.cli.options import verbose_option
from coffers.cli.private_files import write_private
from coffers.cli.sandboxes import open_sandbox

__all__ = ["command"]


@click.command("sandbox")
@click.option("--port", type=click.IntRange(0, 65535), default=0, metavar="N", help="The port; 0 takes a free one.")
@click.option(
    "--config-dir",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Also write the config there, as config.toml, with the made-up secrets in files beside it.",
)
@verbose_option
def command(port: int, config_dir: Path | None) -> int:
    """Serve the sandbox on 127.0.0.1 until interrupted, and print a config for it.

    The config refers to its made-up secrets; without --config-dir they are environment variables, and stderr says
    which.
    """
    from coffers.sandbox import FAULTS

    with open_sandbox(Registry(), port=port) as sandbox:
        text = sandbox.config_toml(None if config_dir is None else config_dir / "secrets")
        click.echo(text, nl=False)
        sys.stdout.flush()
        count = f"{len(sandbox.accounts)} account{'' if len(sandbox.accounts) == 1 else 's'}"
        tell = [f"The sandbox serves {count} at {sandbox.url}; stop it with Ctrl-C."]
        if config_dir is None:
            tell.append("Put the config above in a file, and in the shell that reads it:")
            tell += [f"  export {name}={shlex.quote(value)}" for name, value in sandbox.environment().items()]
            tell.append("  coffers balances --config FILE")
        else:
            path = config_dir / "config.toml"
            write_private(path, text, force=True)
            tell.append(f"Read it from another shell: coffers balances --config {shlex.quote(str(path))}")
        tell.append("It can be told to misbehave, for example:")
        tell.append(
            f"  curl -X PATCH {sandbox.url}/-/accounts/{next(iter(sandbox.accounts))}"
            """ -d '{"fault": {"kind": "rate_limited", "times": 2}}'"""
        )
        tell.append("Faults:")
        width = max(map(len, FAULTS))
        tell += [f"  {name:<{width}}  {fault.description}" for name, fault in FAULTS.items()]
        for line in tell:
            click.echo(line, err=True)
        with contextlib.suppress(KeyboardInterrupt):  # the usual way to end it
            threading.Event().wait()
    return 0
