"""Reads accounts and shows them: the one path of `balances` and `demo`.

Roof. Balances go to stdout; progress, and what to do about accounts that could not be read, to stderr.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

import click

from coffers import Account, Client, CoffersError, Outcome, Registry, one_line
from coffers.cli.endings import balances_code
from coffers.cli.formats import print_csv, print_json, print_json_line
from coffers.cli.streams import stdout_for_data
from coffers.cli.terminal import is_terminal, live, print_plain, progress

if TYPE_CHECKING:
    from coffers import FinishedRead
    from coffers.cli.table import BalancesTable

__all__ = ["read_and_show"]

#: What a person can do about an error, by kind.
_ADVICE: Final[Mapping[str, str]] = {
    "config": "mend the account in the config; `coffers doctor` shows more",
    "auth": "check the account's credentials, or make new ones at the provider",
    "permission": "see which key and which address it needs: `coffers providers {provider}`",
    "rate_limited": "ask less often, or later",
    "unavailable": "try again later",
    "timeout": "try again, or allow more time: --timeout SECONDS",
    "network": "check the connection, the name and the certificate of the host",
    "bad_response": "the provider may have changed its answers; look for a newer plugin, or report it",
    "rejected": "the provider's words say why; see `coffers providers {provider}`",
    "clock": "set this machine's clock; if it is right, use a key that no other program uses",
    "plugin": "see `coffers providers --check`",
    "unsupported": "use another kind of account or key; see `coffers providers {provider}`",
}


def read_and_show(
    accounts: Sequence[Account],
    form: str,
    registry: Registry,
    observers: Sequence[Callable[[FinishedRead], object]] = (),
) -> int:
    """Read `accounts` side by side and show what is left in them.

    Args:
        accounts: at least one.
        form: ``"table"``, ``"json"``, ``"jsonl"`` or ``"csv"``.
        registry: where their providers are.
        observers: told of each read.

    Returns:
        the exit code.
    """
    outcomes: dict[str, Outcome] = {}
    stdout = sys.stdout
    reader = Client(registry=registry, observers=observers)
    with reader as client, _watched(accounts, outcomes, form), stdout_for_data():
        for outcome in client.read_many(accounts):
            outcomes[outcome.account.name] = outcome
            if form == "jsonl":
                print_json_line(outcome, stdout)
    ordered = [outcomes[account.name] for account in accounts]
    if form == "json":
        print_json(ordered)
    elif form == "csv":
        print_csv(ordered)
    elif form == "table" and not is_terminal(sys.stdout):
        print_plain(_table(accounts, outcomes))
    _tell_failures(ordered)
    return balances_code(ordered)


def _watched(
    accounts: Sequence[Account], outcomes: Mapping[str, Outcome], form: str
) -> contextlib.AbstractContextManager[None]:
    """What a person sees meanwhile: a table that fills, or a line that counts; nothing where no person looks."""
    if not is_terminal(sys.stdout):
        return progress(lambda: len(outcomes), len(accounts))
    if form == "table":
        return live(sys.stdout, lambda: _table_so_far(accounts, outcomes), stays=True)
    if form == "jsonl":
        return contextlib.nullcontext()  # the lines themselves are the progress
    return progress(lambda: len(outcomes), len(accounts))


def _table_so_far(accounts: Sequence[Account], outcomes: Mapping[str, Outcome]) -> BalancesTable:
    done = len(outcomes)
    return _table(accounts, outcomes, "" if done == len(accounts) else f"{done} of {len(accounts)} accounts read")


def _table(accounts: Sequence[Account], outcomes: Mapping[str, Outcome], caption: str = "") -> BalancesTable:
    from coffers.cli.rows import rows_of
    from coffers.cli.table import BalancesTable  # and with it rich, which a program that reads JSON should not wait for

    return BalancesTable(rows_of(accounts, outcomes), caption)


def _tell_failures(outcomes: Sequence[Outcome]) -> None:
    failures = [(outcome.account, outcome.error) for outcome in outcomes if outcome.error is not None]
    if failures:
        click.echo(f"{len(failures)} of {len(outcomes)} accounts could not be read:", err=True)
    for account, error in failures:
        click.echo("  " + one_line(_failure(account, error)), err=True)


def _failure(account: Account, error: CoffersError) -> str:
    code = f" (code {error.code})" if error.code else ""
    wait = f"; it asks to wait {error.retry_after_s:.0f} s" if error.retry_after_s is not None else ""
    advice = _ADVICE[error.kind].format(provider=account.provider)
    return f"{account.name}: {error.kind}: {error.message}{code}{wait} -> {advice}"
