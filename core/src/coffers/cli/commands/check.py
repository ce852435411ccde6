"""`coffers check`: balances against thresholds, as a plugin for Nagios and its kin. Roof.

Whatever happens, one line on stdout and 0 to 3: the outermost place (`coffers.cli.app.run`) makes UNKNOWN of the rest.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Final

import click

from coffers import Client
from coffers.cli.accounts import chosen_accounts, installed_providers, open_config
from coffers.cli.endings import StoppedError
from coffers.cli.extra import observers_of
from coffers.cli.options import SECONDS, config_option, verbose_option
from coffers.cli.streams import stdout_for_data
from coffers.cli.thresholds import STATES, judge, parse_thresholds

__all__ = ["command"]

#: Seconds beyond the limit for telling what was not read in time, before the command ends regardless.
_GRACE_S: Final = 0.3


@click.command("check")
@click.argument("names", nargs=-1, metavar="[ACCOUNT...]")
@click.option("--below", multiple=True, required=True, metavar="50USD", help="Critical below this; repeatable.")
@click.option("--warn", multiple=True, metavar="80USD", help="A warning below this; repeatable.")
@config_option
@click.option(
    "--timeout", type=SECONDS, default=10.0, show_default=True, metavar="SECONDS", help="For the whole command."
)
@verbose_option
def command(
    names: tuple[str, ...], below: tuple[str, ...], warn: tuple[str, ...], config: Path | None, timeout: float
) -> int:
    """Compare what can be spent with thresholds, for monitoring systems.

    A currency is needed behind a threshold unless the accounts hold just one. A balance exactly at a threshold is not
    below it. A failed read, an account that holds nothing and a currency nobody holds are UNKNOWN.

    \b
    Exit codes: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN (usage and config errors too)
    """
    started = time.monotonic()
    with _bounded(timeout):
        thresholds = parse_thresholds(below, warn)
        registry = installed_providers(timeout / 2)  # the accounts of the other plugins need time as well
        opened = open_config(config, registry)
        accounts = chosen_accounts(opened, names)
        observers = observers_of(registry, config=opened.path, timeout_s=timeout / 4)
        with Client(registry=registry, observers=observers) as client, stdout_for_data():
            left_s = max(0.0, timeout - (time.monotonic() - started))
            found = {outcome.account.name: outcome for outcome in client.read_many(accounts, within_s=left_s)}
        verdict = judge([found[account.name] for account in accounts], thresholds)
    click.echo(verdict.line)
    return STATES[verdict.state]


@contextmanager
def _bounded(limit_s: float) -> Generator[None]:
    """End the command even where a read does not keep to its deadline (a key store that waits for a person, say)."""
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(_: int, __: FrameType | None) -> None:
        raise StoppedError(f"not done within {limit_s:g} s", at_once=True)

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, limit_s + _GRACE_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
