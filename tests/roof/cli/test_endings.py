"""The exit code of `balances`, from what became of the accounts."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from coffers import Account, AuthError, CoffersError, ConfigError, Outcome, PluginError, Snapshot
from coffers.cli.endings import balances_code


def outcome(error: CoffersError | None) -> Outcome:
    snapshot = None if error else Snapshot()
    return Outcome(Account("shop", "toy"), datetime.now(UTC), 0.1, snapshot=snapshot, error=error)


@pytest.mark.parametrize(
    ("errors", "code"),
    [
        ([None, None], 0),
        ([None, AuthError("no")], 5),
        ([None, ConfigError("unset")], 5),
        ([AuthError("no"), AuthError("no")], 69),
        ([AuthError("no"), ConfigError("unset")], 69),
        ([ConfigError("unset"), PluginError("missing")], 2),
        ([PluginError("a wrong value from parse", attempts=1)], 69),
    ],
)
def test_the_exit_code(errors: list[CoffersError | None], code: int) -> None:
    assert balances_code(map(outcome, errors)) == code
