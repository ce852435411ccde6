"""`coffers watch`: reads every account again and again until it is stopped."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import threading
from collections.abc import Callable, Generator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Final

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
from coffers_monitor.config import TABLE, table_check
from coffers_monitor.facts import Attempt
from coffers_monitor.parts import PARTS

from .alone import TakenError, alone
from .asking import Requests, ask, folder_of
from .changes import Reloading
from .desk import Desk
from .lines import json_line, text_line
from .minding import mind, on_signals
from .plan import Plan, opened_store, read_plan
from .service import OnAttempt, Watch

__all__ = ["command"]

#: Seconds that `--resume` waits for a service to answer; it looks once a second.
_ANSWER_WITHIN_S: Final = 10.0
#: Seconds that a service waits for one of the same config that is about to end.
_BEFORE_ENDS_S: Final = 4.0
#: Seconds at first, and after the machine slept, in which nobody is told that an account was not read.
_SETTLE_S: Final = 120.0
#: Seconds that the end waits for what goes on beside the reading, after the reading has ended.
_END_S: Final = 0.3


@click.command("watch")
@config_option
@click.option("--jsonl", is_flag=True, help="One JSON object a line for each read.")
@click.option("--serve", is_flag=True, help="Serve the page as well, on this machine alone; see `coffers serve`.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8321, metavar="N", show_default=True, help="Where --serve listens."
)
@click.option("--resume", metavar="ACCOUNT", help="Have the running service read a paused account, and do no more.")
@verbose_option
def command(config: Path | None, jsonl: bool, serve: bool, port: int, resume: str | None) -> int:
    """Read every account again and again, each at its own interval, until stopped; a line for each read.

    Every read is kept, judged by the rules of the config, and told to its channels where a rule says so. The config is
    read again when it changes. An account whose key was refused twice in a row is left alone until its config changes
    or --resume asks for it. SIGTERM ends the service, SIGHUP has it read the config and every paused account at once.

    \b
    Exit codes:
      0    it was stopped; or --resume was heard
      2    usage or configuration; or it runs already
      5    no service took what --resume asks
    """
    registry = installed_providers()
    path = config_file(config)
    folder = folder_of(path, _state_folder())
    if resume is not None:
        return _resume(resume, path, registry, folder)
    file: Reloading[Plan] = Reloading(path, partial(read_plan, path, registry))
    for warning in file.current.warnings:
        _tell(f"warning: {warning}")
    if not file.current.accounts:
        raise StoppedError(f"{path} has no accounts; add one: [accounts.NAME], or see `coffers init --help`")
    stdout, line = sys.stdout, json_line if jsonl else text_line
    with _alone(path, folder), stdout_for_data(), opened_store(file.current) as store, contextlib.ExitStack() as beside:
        if serve:
            from coffers_monitor.web.stored import serve_beside  # and with it a web server

            url = beside.enter_context(serve_beside(store, lambda: file.current, port))
            _tell(f"the page is at {url}")
        desk = Desk(store, file.current, tell=_tell, settle_s=_SETTLE_S)
        beside.callback(desk.close)

        def keep(attempt: Attempt) -> timedelta | None:
            entered = desk.take(attempt)
            click.echo(line(entered.attempt), file=stdout)
            return entered.again

        try:
            asyncio.run(_serve(file, registry, Requests(folder), keep, desk, beside.close))
        finally:
            desk.tell_lost()
    return 0


def _resume(name: str, path: Path, registry: Registry, folder: Path) -> int:
    chosen_accounts(open_config(path, registry, {TABLE: table_check(PARTS)}), [name])
    if ask(folder, name, _ANSWER_WITHIN_S):
        return 0
    raise StoppedError(f"no `coffers watch` of {path} answers on this machine, so nothing was asked", code=5)


@contextlib.contextmanager
def _alone(path: Path, folder: Path) -> Generator[None]:
    """No other service of this config on this machine until the block ends."""
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(alone(folder.with_suffix(".lock"), _BEFORE_ENDS_S))
        except TakenError as other:
            raise StoppedError(
                f"`coffers watch` of {path} runs on this machine already (process {other.process}); two would read "
                "every account twice as often. Stop that one first."
            ) from None
        except OSError as error:
            reason = error.strerror or type(error).__name__
            _tell(
                f"warning: {folder.parent} cannot be used ({reason}): a second service of this config would not be seen"
            )
        yield


def _state_folder() -> Path:
    import platformdirs  # takes long to import

    return platformdirs.user_state_path("coffers", appauthor=False)


def _tell(text: str) -> None:
    click.echo(f"coffers: {one_line(text)}", err=True)


async def _serve(
    file: Reloading[Plan],
    registry: Registry,
    requests: Requests,
    keep: OnAttempt,
    desk: Desk,
    end: Callable[[], object],
) -> None:
    """Watch until a signal comes; then `end`, meanwhile, what goes on beside."""
    resolver = Resolver()
    hurry = asyncio.Event()
    others = observers_of(registry, config=file.path, but=TABLE)
    client = AsyncClient(registry=registry, resolver=resolver, observers=others)
    watch = Watch(file.current.accounts, keep, client=client, resolver=resolver, tell=_tell, refusals=desk.refusals())
    ending = threading.Thread(target=end, name="coffers-watch-end", daemon=True)

    def stop() -> None:
        watch.stop()
        if ending.ident is None:
            ending.start()

    undo = on_signals(stop, hurry.set)
    minding = asyncio.create_task(
        mind(watch, file, requests, tell=_tell, hurry=hurry, follow=desk.follow, forgive=desk.forgive)
    )
    try:
        await watch.run()
    finally:
        minding.cancel()
        resolver.stop()
        undo()
        if ending.ident is not None:
            ending.join(_END_S)
