"""Reads that other commands make, kept in the history: those of `coffers balances` and `coffers check` stand beside
the watch's.

They are kept and no more. Rules are judged and channels told by `coffers watch` alone: a look at a table is no alert.
A config without the table ``[monitor]`` keeps nothing: no database is opened for it, nor imported what would open one.
"""

from __future__ import annotations

import contextlib
import logging
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Final

import attrs

from coffers import CoffersError
from coffers_monitor.config import TABLE

if TYPE_CHECKING:
    from coffers import FinishedRead
    from coffers_monitor.store import Store

__all__ = ["record"]

_log: Final = logging.getLogger("coffers")

#: The database of each config whose reads were told; None where they are not kept, or no longer. No lock: the core
#: tells one observer of one read after the other, in one thread.
_stores: Final[dict[Path, Store | None]] = {}


def record(read: FinishedRead, config: Path) -> None:
    """Keep a read, where `config` says that reads are kept.

    Where it cannot be, that is logged once, and no later read of this process tries again: none shall wait for it.

    Args:
        read: a finished one, failed or not.
        config: the file that names its account.
    """
    if config not in _stores:
        _stores[config] = _opened(config)
    store = _stores[config]
    if store is not None and not _kept(store, read):
        _stores[config] = None


def _opened(config: Path) -> Store | None:
    whole = tomllib.loads(config.read_text("utf-8"))
    if TABLE not in whole:
        return None
    from coffers_monitor.parts import read_parts
    from coffers_monitor.store import Store, StoreError

    try:
        return Store.open(read_parts(whole, config).address(config.absolute().parent))
    except (CoffersError, StoreError) as error:
        _log.warning("what is read now is not kept in the history: %s", error)
        return None


def _kept(store: Store, read: FinishedRead) -> bool:
    from coffers_monitor.attempts import attempt_of
    from coffers_monitor.rules import State, StateError, is_doubtful
    from coffers_monitor.store import StoreError

    attempt = attempt_of(read)
    try:
        with store.begin() as transaction:
            transaction.hold(attempt.account, attempt.provider)
            before: State | None = None
            with contextlib.suppress(StateError):  # the watch tells of it
                text = transaction.state(attempt.account)
                before = None if text is None else State.from_text(text)
            transaction.add(attrs.evolve(attempt, unconfirmed=is_doubtful(before, attempt)))
    except StoreError as error:
        _log.warning("what is read from here on is not kept in the history: %s", error)
        return False
    return True
