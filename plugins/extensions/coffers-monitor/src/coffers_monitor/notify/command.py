"""`coffers notify`: a test to every channel of the config or to some of them; or a list of what was told."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from coffers import one_line, time_to_text
from coffers.cli.door import StoppedError, config_file, config_option, installed_providers, verbose_option
from coffers_monitor.rules import StateError

from .channels import Channel
from .delivery import Pace, send_test, sender_of
from .messages import headline
from .outbox import Letter

if TYPE_CHECKING:
    from coffers_monitor.store import KeptNotice
    from coffers_monitor.watching.plan import Plan

__all__ = ["command"]

#: Exit codes, as those of `coffers balances`.
_ALL, _USAGE, _SOME, _NONE = 0, 2, 5, 69

#: How far back it is listed.
_LISTED: Final = timedelta(days=7)


@click.command("notify")
@click.argument("channels", nargs=-1, metavar="[CHANNEL]...")
@click.option("--test", is_flag=True, help="Send a test.")
@click.option("--list", "listed", is_flag=True, help="Show what was told in the last week, and what became of it.")
@config_option
@verbose_option
def command(channels: tuple[str, ...], test: bool, listed: bool, config: Path | None) -> int:
    """Send a test to every channel of the config, or to each CHANNEL; or list what was told.

    \b
    Exit codes:
      0    every channel took it; or it was listed
      2    usage or configuration; also: nothing could be sent at all
      5    some channels failed
      69   none took it
    """
    if test == listed:
        raise click.UsageError("Say --test or --list; alerts themselves are sent by `coffers watch`.")
    plan, chosen = _chosen(config, channels)
    now, within = datetime.now(UTC), Pace().within
    if listed:
        return _list(plan, [channel.name for channel in chosen] if channels else None, now)

    def tried(channel: Channel) -> tuple[str | None, bool]:
        sender = sender_of(channel, plan.folder)
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
        return _ALL
    if not any(attempted for _, attempted in results):
        return _USAGE
    return _NONE if all(error is not None for error, _ in results) else _SOME


def _chosen(config: Path | None, names: Sequence[str]) -> tuple[Plan, list[Channel]]:
    """What the config says, and the named channels of it, or all.

    Raises:
        StoppedError: one is not there, or there is none at all.
        InvalidConfigError: the config has problems.
    """
    from coffers_monitor.watching.plan import read_plan  # knows every room, this one among them

    path = config_file(config)
    plan = read_plan(path, installed_providers())
    channels = plan.parts.channels
    if not channels:
        raise StoppedError(f'{path} has no channel; add one: [[monitor.notify]] with apprise = "env:CHAT_URL"')
    known = [channel.name for channel in channels]
    if unknown := [name for name in names if name not in known]:
        raise StoppedError(*(f"no channel {name!r} in {path}; channels: {', '.join(known)}" for name in unknown))
    return plan, [channel for channel in channels if not names or channel.name in names]


def _list(plan: Plan, names: Collection[str] | None, now: datetime) -> int:
    """A line for each letter of the last week, the oldest first."""
    from coffers_monitor.watching.plan import opened_store

    with opened_store(plan) as store:
        kept = store.notices(now - _LISTED)
    for one in reversed(kept):
        try:
            letter = Letter.from_text(one.text)
        except StateError as error:
            click.echo(one_line(f"{time_to_text(one.at.replace(microsecond=0))} {error}"))
            continue
        if names is None or letter.channel in names:
            when = time_to_text(one.at.replace(microsecond=0))
            click.echo(one_line(f"{when} {letter.channel}: {_became(one)}: {headline(letter.notice)}"))
    return _ALL


def _became(one: KeptNotice) -> str:
    """What became of a letter, in a few words."""
    if one.sent_at is not None:
        return "delivered"
    if one.next_try is None:
        return f"given up ({one.last_error})"
    if one.last_error is None:
        return "waiting"
    return f"tried {one.attempts} times, again {time_to_text(one.next_try.replace(microsecond=0))} ({one.last_error})"
