"""`coffers watch`: reads every account again and again until it is stopped."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Collection, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

import click

from coffers import Registry, Resolver, one_line
from coffers.aio import AsyncClient
from coffers.cli.door import (
    StoppedError,
    chosen_accounts,
    config_file,
    config_option,
    installed_providers,
    observers_of,
    open_config,
    stdout_for_data,
    verbose_option,
)
from coffers_monitor.config import TABLE, FaultLike, Part, table_check
from coffers_monitor.facts import Attempt

from .asking import Requests, ask, folder_of
from .changes import Reloading
from .lines import json_line, text_line
from .minding import mind, on_signals
from .plan import Plan, read_plan
from .service import Watch

__all__ = ["command"]

#: Seconds that `--resume` waits for a service to answer; it looks once a second.
_ANSWER_WITHIN_S: Final = 10.0


def _as_it_is(value: Any, *, accounts: Collection[str]) -> tuple[Any, tuple[FaultLike, ...]]:
    """A part that this command has no use for, left to the commands that have."""
    return value, ()


#: What judges the parts of ``[monitor]`` that belong to other rooms.
PARTS: Final[Mapping[str, Part]] = dict.fromkeys(("database", "rules", "notify"), _as_it_is)


@click.command("watch")
@config_option
@click.option("--jsonl", is_flag=True, help="One JSON object a line for each read.")
@click.option("--resume", metavar="ACCOUNT", help="Have the running service read a paused account, and do no more.")
@verbose_option
def command(config: Path | None, jsonl: bool, resume: str | None) -> int:
    """Read every account again and again, each at its own interval, until stopped; a line for each read.

    The config is read again when it changes. An account whose key was refused twice in a row is left alone until its
    config changes or --resume asks for it. SIGTERM ends the service, SIGHUP has it read the config and every paused
    account at once.

    \b
    Exit codes: 0 it was stopped, 2 usage or configuration, 5 no service took what --resume asks
    """
    registry = installed_providers()
    path = config_file(config)
    folder = folder_of(path, _state_folder())
    if resume is not None:
        return _resume(resume, path, registry, folder)
    file: Reloading[Plan] = Reloading(path, partial(read_plan, path, registry, PARTS))
    for warning in file.current.warnings:
        _tell(f"warning: {warning}")
    if not file.current.accounts:
        raise StoppedError(f"{path} has no accounts; add one: [accounts.NAME], or see `coffers init --help`")
    stdout, line = sys.stdout, json_line if jsonl else text_line
    with stdout_for_data():
        asyncio.run(_serve(file, registry, Requests(folder), lambda attempt: click.echo(line(attempt), file=stdout)))
    return 0


def _resume(name: str, path: Path, registry: Registry, folder: Path) -> int:
    chosen_accounts(open_config(path, registry, {TABLE: table_check(PARTS)}), [name])
    if ask(folder, name, _ANSWER_WITHIN_S):
        return 0
    raise StoppedError(f"no `coffers watch` of {path} answers on this machine, so nothing was asked", code=5)


def _state_folder() -> Path:
    import platformdirs  # takes long to import

    return platformdirs.user_state_path("coffers", appauthor=False)


def _tell(text: str) -> None:
    click.echo(f"coffers: {one_line(text)}", err=True)


async def _serve(
    file: Reloading[Plan], registry: Registry, requests: Requests, show: Callable[[Attempt], None]
) -> None:
    resolver = Resolver()
    hurry = asyncio.Event()
    client = AsyncClient(registry=registry, resolver=resolver, observers=observers_of(registry))
    watch = Watch(file.current.accounts, show, client=client, resolver=resolver, tell=_tell)
    undo = on_signals(watch.stop, hurry.set)
    minding = asyncio.create_task(mind(watch, file, requests, tell=_tell, hurry=hurry))
    try:
        await watch.run()
    finally:
        minding.cancel()
        resolver.stop()
        undo()
