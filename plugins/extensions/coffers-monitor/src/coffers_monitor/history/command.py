"""`coffers history`: what was read, from the monitor's database alone; no provider is asked, and nothing is changed."""

from __future__ import annotations

import difflib
import sys
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Final

import click

from coffers import ConfigError
from coffers.cli.door import config_file, config_option
from coffers_monitor.facts import Attempt
from coffers_monitor.parts import read_parts
from coffers_monitor.store import Address, Store, StoreError, address_fault, default_address, resolved

from .times import time_from_text

__all__ = ["command"]

#: What is shown where nothing else is asked for, and the most reads that a table has room for.
_DEFAULT_SINCE: Final = timedelta(days=1)
_TABLE_READS: Final = 1000
_LEAST_READS: Final = 10

#: Characters that are written at a time.
_PART: Final = 64 * 1024


@click.command("history")
@click.argument("names", nargs=-1, metavar="[ACCOUNT...]")
@click.option("--since", metavar="TIME", help="The earliest: 6h, 7d, 2026-11-21, 2026-11-21T03:00Z; else a day ago.")
@click.option("--until", metavar="TIME", help="The latest, likewise; a day means its end. Else now.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.option("--jsonl", "as_jsonl", is_flag=True, help="One JSON object a line.")
@click.option("--csv", "as_csv", is_flag=True, help="One row a balance; a row for failed and empty reads too.")
@click.option("--parquet", type=click.Path(path_type=Path), metavar="FILE", help="A Parquet file; needs pyarrow.")
@click.option(
    "--database", metavar="URL", help="sqlite:///FILE, postgresql://..., or where it is kept: env:NAME, file:PATH."
)
@config_option
def command(
    names: tuple[str, ...],
    since: str | None,
    until: str | None,
    as_json: bool,
    as_jsonl: bool,
    as_csv: bool,
    parquet: Path | None,
    database: str | None,
    config: Path | None,
) -> int:
    """Show what was read, failures too, of every account or of the named ones.

    Accounts in the order of the alphabet, or as they are named; the reads of each in the order of time. After some
    months a few reads of each hour are kept, later of each day.
    """
    now = datetime.now(UTC)
    begin = now - _DEFAULT_SINCE if since is None else _time("--since", since, now, end=False)
    end = now if until is None else _time("--until", until, now, end=True)
    if begin > end:
        raise click.UsageError(f"--since is later than {'now' if until is None else '--until'}.")
    forms = {"json": as_json, "jsonl": as_jsonl, "csv": as_csv, "parquet": parquet is not None}
    given = [form for form, wanted in forms.items() if wanted]
    if len(given) > 1:
        raise click.UsageError(" and ".join(f"--{form}" for form in given) + " cannot be given together.")
    try:
        with Store.open(_address(database, config), create=False) as store:
            accounts = _accounts(store, names)
            if parquet is not None:
                _write(parquet, _attempts(store, accounts, begin, end))
            elif not given:
                _show(store, accounts, begin, end)
            else:
                _print(_parts(given[0], _attempts(store, accounts, begin, end), begin, end, now))
    except StoreError as error:
        raise ConfigError(str(error)) from None
    return 0


def _time(option: str, text: str, now: datetime, *, end: bool) -> datetime:
    try:
        return time_from_text(text, now, end=end)
    except ValueError as error:
        raise click.UsageError(f"{option}: {error}.") from None


# --- which database, which accounts --------------------------------------------------------------------------------


def _address(database: str | None, config: Path | None) -> Address:
    """What is given, else what the config says, else the usual file."""
    if database is not None:
        if fault := address_fault(database):
            raise ConfigError(f"--database: {fault}")
        return resolved(database)
    file = config_file(config)
    try:
        whole = tomllib.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        if config is not None:
            raise ConfigError(f"{file} does not exist") from None
        return default_address()
    except (OSError, ValueError) as error:
        raise ConfigError(f"{file} cannot be read: {type(error).__name__}; see `coffers doctor`") from None
    return read_parts(whole, file).address(file.parent)


def _accounts(store: Store, names: Sequence[str]) -> list[str]:
    known = store.accounts()
    for name in names:
        if name not in known:
            close = difflib.get_close_matches(name, known, 1)
            hint = f"did you mean {close[0]!r}? " if close else ""
            raise ConfigError(f"no account {name!r} was ever read; {hint}accounts: {', '.join(known) or 'none'}")
    return list(dict.fromkeys(names)) or known


# --- what is shown -------------------------------------------------------------------------------------------------


def _attempts(store: Store, accounts: Iterable[str], since: datetime, until: datetime) -> Iterator[Attempt]:
    for account in accounts:
        yield from store.attempts(account, since, until)


def _show(store: Store, accounts: Sequence[str], since: datetime, until: datetime) -> None:
    from .table import print_table  # and with it rich, which a program that reads JSON should not wait for

    room = max(_LEAST_READS, _TABLE_READS // max(1, len(accounts)))
    shown: list[Attempt] = []
    cut = False
    for account in accounts:
        newest = list(islice(store.attempts(account, since, until, newest_first=True), room + 1))
        cut = cut or len(newest) > room
        shown += newest[:room][::-1]
    if not shown:
        click.echo("nothing was read in that time; --since goes farther back", err=True)
        return
    print_table(shown, sys.stdout)
    if cut:
        click.echo(f"only the last {room} reads of an account are shown; --csv has all of them", err=True)


def _parts(form: str, attempts: Iterator[Attempt], since: datetime, until: datetime, now: datetime) -> Iterator[str]:
    from .formats import csv_parts, json_lines, json_parts

    # What another encoding cannot say would be replaced by something that is no JSON.
    ascii_only = (getattr(sys.stdout, "encoding", None) or "").lower().replace("-", "") != "utf8"
    if form == "csv":
        return csv_parts(attempts)
    if form == "json":
        return json_parts(attempts, since, until, now, ascii_only=ascii_only)
    return json_lines(attempts, ascii_only=ascii_only)


def _print(parts: Iterator[str]) -> None:
    """Many small parts as a few large ones."""
    held: list[str] = []
    length = 0
    for part in parts:
        held.append(part)
        length += len(part)
        if length >= _PART:
            click.echo("".join(held), nl=False)
            held, length = [], 0
    click.echo("".join(held), nl=False)


def _write(file: Path, attempts: Iterator[Attempt]) -> None:
    try:
        from .parquet import write_parquet
    except ModuleNotFoundError:
        raise ConfigError('Parquet needs one more package: pip install "coffers-monitor[parquet]"') from None
    try:
        count = write_parquet(attempts, file)
    except OSError as error:
        raise ConfigError(f"{file} cannot be written: {error.strerror or type(error).__name__}") from None
    click.echo(f"{count} rows in {file}", err=True)
