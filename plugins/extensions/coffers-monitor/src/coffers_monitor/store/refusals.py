"""How often the key of an account was refused: counted from its reads, so that it outlives whoever watches.

A refusal counts until the account is read, until its config changes, or until somebody says that it counts no more.
Providers lock out who goes on.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, case, func, select, update

from .rows import put
from .tables import ACCOUNT, ATTEMPT, CONFIG

__all__ = ["counted", "forgive", "marks", "note"]

_REFUSED: Final = "auth"


def marks(connection: Connection) -> dict[str, str]:
    """What stands for the config of each account, by its name."""
    return {row[0]: row[1] for row in connection.execute(select(CONFIG.account, CONFIG.mark))}


def note(connection: Connection, news: Mapping[str, str], now: datetime) -> None:
    """The configs of these accounts are new."""
    put(connection, CONFIG.table, [{"account": name, "mark": mark, "since": now} for name, mark in news.items()])


def forgive(connection: Connection, account: str, now: datetime) -> None:
    """See `Store.forgive`."""
    connection.execute(update(CONFIG.table).where(CONFIG.account == account).values(since=now))


def counted(connection: Connection) -> dict[str, int]:
    """See `Store.refusals`."""
    since = case((ACCOUNT.ok_at > CONFIG.since, ACCOUNT.ok_at), else_=CONFIG.since)
    query = (
        select(ACCOUNT.name, func.count())
        .select_from(CONFIG.table)
        .join(ACCOUNT.table, ACCOUNT.name == CONFIG.account)
        .join(ATTEMPT.table, ATTEMPT.account_id == ACCOUNT.ident)
        .where(ATTEMPT.error == _REFUSED, ATTEMPT.at > since)
        .group_by(ACCOUNT.name)
    )
    return {row[0]: row[1] for row in connection.execute(query)}
