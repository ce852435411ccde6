"""The sandbox, for the commands that need one; tells what to install where it cannot be had.

Roof.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from coffers import Registry
from coffers.cli.endings import StoppedError
from coffers.cli.streams import stdout_for_data

if TYPE_CHECKING:
    from coffers.sandbox import Sandbox

__all__ = ["NO_PROVIDERS", "open_sandbox"]

NO_PROVIDERS = "no provider is installed; install one, for example: pip install coffers-NAME"


@contextmanager
def open_sandbox(registry: Registry, *, port: int = 0) -> Generator[Sandbox]:
    """A running sandbox with an account for every installed provider that has a part for it.

    Raises:
        StoppedError: its extra or every provider is missing.
        ConfigError: the port cannot be had.
    """
    from coffers.sandbox import Sandbox

    if not registry.list():
        raise StoppedError(NO_PROVIDERS)
    with stdout_for_data():
        sandbox = Sandbox(port=port, registry=registry)
    for provider, error in sandbox.broken.items():
        click.echo(f"warning: {provider} has no working sandbox: {error.message}", err=True)
    if not sandbox.accounts:
        raise StoppedError("no installed provider has a sandbox part")
    try:
        sandbox.start()
    except ImportError:
        raise StoppedError('the sandbox needs more packages: pip install "coffers[sandbox]"') from None
    with sandbox:
        yield sandbox
