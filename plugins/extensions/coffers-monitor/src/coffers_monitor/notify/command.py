"""`coffers notify --test`: a message that says it is a test, to every channel of the config or to some of them."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import click

from coffers import one_line
from coffers.cli.door import StoppedError, config_option, installed_providers, open_config, verbose_option
from coffers.cli.endings import ALL_READ, NONE_READ, SOME_FAILED, USAGE

from .channels import Channel, read_channels
from .delivery import Pace, send_test, sender_of

__all__ = ["command"]


@click.command("notify")
@click.argument("channels", nargs=-1, metavar="[CHANNEL]...")
@click.option("--test", is_flag=True, help="Send a test. There is nothing else to send by hand.")
@config_option
@verbose_option
def command(channels: tuple[str, ...], test: bool, config: Path | None) -> int:
    """Send a test to every channel of the config, or to each CHANNEL, and tell what became of it.

    \b
    Exit codes:
      0    every channel took it
      2    usage or configuration; also: nothing could be sent at all
      5    some channels failed
      69   none took it
    """
    if not test:
        raise click.UsageError("Say --test; alerts themselves are sent by `coffers watch`.")
    chosen, folder = _chosen(config, channels)
    now, within = datetime.now(UTC), Pace().within

    def tried(channel: Channel) -> tuple[str | None, bool]:
        sender = sender_of(channel, folder)
        try:
            return send_test(sender, channel.name, message_id=uuid.uuid4().hex, now=now, within=within)
        finally:
            sender.close()

    with ThreadPoolExecutor(len(chosen), thread_name_prefix="coffers-notify") as threads:
        results = list(threads.map(tried, chosen))
    for channel, (error, _) in zip(chosen, results, strict=True):
        click.echo(one_line(f"{channel.name}: " + ("delivered" if error is None else f"failed: {error}")))
    return _code(results)


def _code(results: Sequence[tuple[str | None, bool]]) -> int:
    if all(error is None for error, _ in results):
        return ALL_READ
    if not any(attempted for _, attempted in results):
        return USAGE
    return NONE_READ if all(error is not None for error, _ in results) else SOME_FAILED


def _chosen(config: Path | None, names: Sequence[str]) -> tuple[list[Channel], Path]:
    """The named channels of the config, or all; and the config's folder.

    Raises:
        StoppedError: one is not there, or there is none at all.
        InvalidConfigError: the config has problems.
    """
    found = open_config(config, installed_providers(), {"monitor": _check})
    monitor = found.tables.get("monitor", {})
    channels, _ = read_channels(monitor.get("notify", []))
    if not channels:
        raise StoppedError(f'{found.path} has no channel; add one: [[monitor.notify]] with apprise = "env:CHAT_URL"')
    known = [channel.name for channel in channels]
    if unknown := [name for name in names if name not in known]:
        raise StoppedError(*(f"no channel {name!r} in {found.path}; channels: {', '.join(known)}" for name in unknown))
    return [channel for channel in channels if not names or channel.name in names], found.path.absolute().parent


def _check(value: Any, accounts: Collection[str]) -> Iterable[tuple[tuple[str | int, ...], str]]:
    """What is wrong with the channels; the rest of the table is not needed here."""
    del accounts
    if not isinstance(value, dict):
        yield (), "must be a table; write [monitor] above its keys"
        return
    _, faults = read_channels(cast("dict[str, Any]", value).get("notify", []))
    for fault in faults:
        yield ("notify", *fault.path), fault.text
