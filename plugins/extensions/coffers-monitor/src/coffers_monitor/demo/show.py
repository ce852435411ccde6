"""`coffers demo --monitor`: everything together, until interrupted."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import tomllib
from collections.abc import Callable
from datetime import timedelta
from decimal import Context, Decimal
from functools import partial
from pathlib import Path
from typing import Any, Final

import click

from coffers import CoffersError, Registry, Resolver, Secret, origin_of
from coffers.aio import AsyncClient
from coffers.cli.door import installed_providers
from coffers_monitor.facts import Attempt
from coffers_monitor.notify import Pace as DeliveryPace
from coffers_monitor.watching.desk import Desk
from coffers_monitor.watching.minding import on_signals
from coffers_monitor.watching.pace import Pace, Watched
from coffers_monitor.watching.plan import Plan, opened_store, read_plan
from coffers_monitor.watching.service import Watch
from coffers_monitor.watching.threads import beside
from coffers_monitor.web.app import make_app
from coffers_monitor.web.board import STATES, Board, board
from coffers_monitor.web.serving import Place as Where
from coffers_monitor.web.serving import served
from coffers_monitor.web.stored import StoredView
from coffers_monitor.web.words import STATE_WORDS, lasts, place_name

from .quick import QUICKER, QuickClock
from .receiver import receiver
from .spending import Sandbox, Spending

__all__ = ["show"]

#: Seconds of ours between two reads of an account, two lines about how things stand, and two forecasts for the page.
_READ_EVERY_S: Final = 1.0
_LINE_EVERY_S: Final = 5.0
_CURVES_EVERY_S: Final = 2.0

_MONITOR: Final = """
[monitor]
every = "1h"
database = "sqlite:///monitor.sqlite3"

[[monitor.rules]]
unread_for = "6h"

[[monitor.notify]]
webhook = "{hook}"
secret = "file:hook.key"
"""
#: For the account that runs dry first; the others stay quiet, so that its story can be read.
_LIMITS: Final = """
[[monitor.rules]]
account = "{account}"
currency = "{currency}"
below = {{ warn = "{warn:f}", critical = "{critical:f}" }}
runway_below = {{ warn = "2d", critical = "12h" }}
"""
_TWO_DIGITS: Final = Context(prec=2)
#: In the demo's time: a message every six seconds of ours at most.
_PACE: Final = DeliveryPace(gather=timedelta(minutes=10), rest=timedelta(hours=6))


def show(config: Path) -> int:
    """Run the demo until it is interrupted.

    Args:
        config: a config of the sandbox, in a folder of its own.
    """
    accounts: dict[str, Any] = tomllib.loads(config.read_text("utf-8"))["accounts"]
    sandbox = Sandbox(origin_of(next(iter(accounts.values()))["base_url"]))
    spending = Spending(sandbox)
    clock = QuickClock()
    registry = installed_providers()
    key = config.with_name("hook.key")
    key.write_text(secrets.token_urlsafe(32))
    key.chmod(0o600)
    with contextlib.ExitStack() as stack:
        stack.callback(sandbox.close)
        hook = stack.enter_context(receiver(Secret(key.read_text()), _tell_message))
        _add_monitor(config, hook, spending)
        plan = read_plan(config, registry)
        store = stack.enter_context(opened_store(plan))
        view = StoredView(store, lambda: plan, clock=clock, fresh_s=0.3)
        app = partial(make_app, view, clock=clock, curves_every_s=_CURVES_EVERY_S)
        page = stack.enter_context(served(app, Where(port=0)))
        count = len(plan.accounts)
        click.echo(f"{count} made-up account{'' if count == 1 else 's'}, whose money is spent.")
        click.echo(f"A second is an hour here. The page is at {page}\nStop all of it with Ctrl-C.\n")
        desk = Desk(store, plan, tell=_tell, clock=clock, pace=_PACE, chores_every_s=_READ_EVERY_S)
        stack.callback(desk.close)

        def keep(attempt: Attempt) -> timedelta | None:
            desk.take(clock.read(attempt))
            return None  # the next read is not far

        def look() -> Board:
            return board(view, clock())

        asyncio.run(_run(plan, registry, keep, spending, clock, look))
    return 0


def _add_monitor(config: Path, hook: str, spending: Spending) -> None:
    text = _MONITOR.format(hook=hook)
    if spending.first is not None:
        account, currency, opening = spending.first
        warn, critical = (_TWO_DIGITS.multiply(opening, part) for part in (Decimal("0.6"), Decimal("0.2")))
        text += _LIMITS.format(account=account, currency=currency, warn=warn, critical=critical)
    with config.open("a", encoding="utf-8") as file:
        file.write(text)


async def _run(
    plan: Plan,
    registry: Registry,
    keep: Callable[[Attempt], timedelta | None],
    spending: Spending,
    clock: QuickClock,
    look: Callable[[], Board],
) -> None:
    resolver = Resolver()
    client = AsyncClient(registry=registry, resolver=resolver)
    quick = {name: Watched(one.account, Pace(_READ_EVERY_S)) for name, one in plan.accounts.items()}
    watch = Watch(quick, keep, client=client, resolver=resolver, tell=_tell, per_host=64)
    undo = on_signals(watch.stop, watch.stop)
    besides = [asyncio.create_task(_spend(spending, clock)), asyncio.create_task(_tell_how_it_stands(clock, look))]
    try:
        await watch.run()
    finally:
        for task in besides:
            task.cancel()
        resolver.stop()
        undo()


async def _spend(spending: Spending, clock: QuickClock) -> None:
    while True:
        with contextlib.suppress(CoffersError):  # the sandbox is busy; what was not spent is spent next time
            await beside(lambda: spending.go_on(clock.passed))
        await asyncio.sleep(3600 / QUICKER)


async def _tell_how_it_stands(clock: QuickClock, look: Callable[[], Board]) -> None:
    while True:
        await asyncio.sleep(_LINE_EVERY_S)
        click.echo(_line(await beside(look), clock))


def _line(now: Board, clock: QuickClock) -> str:
    days, hours = divmod(int(clock.passed / timedelta(hours=1)), 24)
    states = ", ".join(f"{now.counts[state]} {STATE_WORDS[state].lower()}" for state in STATES if now.counts.get(state))
    line = f"day {days}, {hours:2} h: {states}"
    for row in now.gone_lately[:1]:
        line += f"; {row.figures.place.account} {place_name(row.figures.place)} {lasts(row, now.at)}"
    first = now.first_out
    if first is None:
        return line if now.gone_lately else f"{line}; not enough data yet for a forecast"
    place = first.figures.place
    return f"{line}; first to run out: {place.account} {place_name(place)}, {lasts(first, now.at)}"


def _tell_message(title: str, text: str) -> None:
    lines = [f"A message was delivered: {title}", *text.splitlines()]
    click.echo("\n" + "\n".join(f"  | {line}" for line in lines) + "\n")


def _tell(text: str) -> None:
    click.echo(f"coffers: {text}", err=True)
